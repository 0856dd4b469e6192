import { LAVABug } from "../base/errors.js";
import { isMap, type JsonMap } from "../base/json.js";
import { dispatcherIp } from "./dispatcher-ip.js";
import { dig, map, text, texts } from "./overlay/inputs.js";
import type { Service } from "./types.js";

const file = (value: unknown): string | undefined => {
  const found = dig(value as JsonMap, "file");
  return typeof found === "string" ? found : undefined;
};

/** A text as one word, whatever stands in it, where words are split by shell rules. */
const oneWord = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/**
 * What an emulator is started with, first for an installer and then for the system that it leaves on the disk.
 * Inputs: command, options (of the device), medium (data.downloads.iso), preseed (data.downloads.preseed), kernel?, initrd?
 * (absolute paths), append (texts of the installer's kernel command line), disk (absolute path), disk_interface.
 * Data: installer {command, options, extra, images, boot_options, boot_images}.
 */
export const installerPrepare: Service = {
  name: "installer-prepare",

  async run(input, context) {
    const disk = text(input, "disk");
    const medium = map(input, "medium");
    const preseed = dig(input.preseed, "name");
    if (typeof preseed !== "string" || !file(medium)) throw new LAVABug("The installer's files were not downloaded");
    const hard = {
      file: disk,
      image_arg: `-drive format=raw,file={disk},media=disk,if=${text(input, "disk_interface")}`,
    };
    const kernel = typeof input.kernel === "string" ? input.kernel : undefined;
    const initrd = typeof input.initrd === "string" ? input.initrd : undefined;
    const server = dispatcherIp(context.dispatcher, "tftp");
    const line = [...texts(input, "append"), `preseed/url=tftp://${server}/${preseed}`].filter(Boolean).join(" ");
    const usual = `-drive file={iso},index=2,media=cdrom,readonly=on`;
    const images: JsonMap = {
      disk: hard,
      iso: { file: file(medium) as string, image_arg: typeof medium.image_arg === "string" ? medium.image_arg : usual },
      ...(kernel && { kernel: { file: kernel, image_arg: `-kernel {kernel} -append ${oneWord(line)}` } }),
      ...(initrd && { initrd: { file: initrd, image_arg: "-initrd {initrd}" } }),
    };
    if (!kernel)
      context.log.warning("The job names no `iso.kernel`: the medium boots by itself, without the preseed file");
    const options = texts(input, "options");
    const installer = {
      command: text(input, "command"),
      options,
      extra: kernel ? [] : ["-boot d"],
      images,
      boot_options: [...options, "-boot c"],
      boot_images: { disk: hard },
    };
    for (const [label, image] of Object.entries(images))
      if (isMap(image)) context.log.debug(`- ${label}: ${image.file}`);
    return { data: { installer } };
  },
};
