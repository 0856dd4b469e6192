/** Unpacks kernel modules (or what `what` names) into the roots that get them. */
import { createReadStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { optionalText, texts } from "./overlay/inputs.js";
import { unpackStream } from "./overlay/unpack.js";
import { untar } from "./overlay/untar.js";
import type { Service } from "./types.js";

export const modulesExtract: Service = {
  name: "modules-extract",
  async run(input, context) {
    const file = optionalText(input, "file");
    const roots = texts(input, "into");
    if (!file || roots.length === 0) {
      context.log.debug("Nothing to unpack");
      return undefined;
    }
    const what = optionalText(input, "what") ?? "The modules";
    for (const into of roots) {
      context.log.info(`Unpacking ${file} to ${into}`);
      await mkdir(into, { recursive: true });
      const source = unpackStream(createReadStream(file), optionalText(input, "compression"), context, what);
      const { members, bytes } = await untar(source, into, {
        signal: context.signal,
        what,
        owners: true,
      });
      context.log.debug(`${members} files and folders, ${bytes} bytes`);
    }
    return undefined;
  },
};
