import { JobError } from "../base/errors.js";
import { isMap, type JsonMap } from "../base/json.js";
import { map, optionalText, texts } from "./overlay/inputs.js";
import type { Service } from "./types.js";

/**
 * Where the files lie on secondary media (spec runtime.md §7): when the block's `commands` names a medium of the device.
 * Inputs: method, commands, parameters (the block), media (the device's `parameters.media`), required? (keys that the block
 * must have). Data: media {root, boot_part, kernel, ramdisk, dtb, kernel_type}; nothing when no medium is used.
 */
export const mediaPlaceholders: Service = {
  name: "media-placeholders",
  pure: () => true,

  async run(input, context) {
    const { commands } = input;
    const media = map(input, "media");
    if (typeof commands !== "string" || !isMap(media[commands])) return undefined;
    const block = map(input, "parameters");
    const required = input.required === undefined ? ["kernel", "root_uuid", "boot_part"] : texts(input, "required");
    const missing = required.filter((key) => block[key] === undefined || block[key] === null);
    if (missing.length > 0)
      throw new JobError(
        `Booting from ${commands} needs ${missing.map((key) => `'${key}'`).join(", ")} in the boot block`,
        {
          advice: "Say which files on the medium to boot, and which partition and file system they are in.",
        },
      );
    const given: JsonMap = {
      root: block.root_uuid ?? null,
      boot_part: block.boot_part ?? null,
      kernel: block.kernel ?? null,
      ramdisk: block.ramdisk ?? null,
      dtb: block.dtb ?? null,
      kernel_type: block.kernel_type ?? null,
    };
    context.log.debug(`${optionalText(input, "method") ?? "boot"} from ${commands}: ${JSON.stringify(given)}`);
    return { data: { media: given } };
  },
};
