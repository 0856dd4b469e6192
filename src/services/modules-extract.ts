/** Unpacks kernel modules into the roots that get them. */
import { createReadStream } from "node:fs";
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
      context.log.debug("No modules to install");
      return undefined;
    }
    for (const into of roots) {
      context.log.info(`Unpacking modules ${file} to ${into}`);
      const source = unpackStream(createReadStream(file), optionalText(input, "compression"), context, "The modules");
      const { members, bytes } = await untar(source, into, {
        signal: context.signal,
        what: "The modules",
        owners: true,
      });
      context.log.debug(`${members} files and folders, ${bytes} bytes`);
    }
    return undefined;
  },
};
