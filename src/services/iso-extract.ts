import { open, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { freshStream } from "../base/fresh-file.js";
import { findInIso } from "./files/iso9660.js";
import { map, text } from "./overlay/inputs.js";
import type { Service } from "./types.js";

/**
 * Copies files out of an ISO 9660 image. Inputs: image, files (name: path in the image, or null for none).
 * Data: installer.files.<name> (absolute paths).
 */
export const isoExtract: Service = {
  name: "iso-extract",

  async run(input, context) {
    const { log, paths, signal, action } = context;
    const files: { [name: string]: string } = {};
    const image = await open(text(input, "image"));
    try {
      for (const [name, path] of Object.entries(map(input, "files"))) {
        if (typeof path !== "string" || path === "") continue;
        const { start, size } = await findInIso(image, path);
        const file = join(paths.work, `${action.level}-${name}-${basename(path)}`);
        context.onCleanup(() => rm(file, { force: true }));
        log.debug(`copying ${path} (${size} bytes)`);
        if (size === 0) await (await open(file, "w")).close();
        else
          await pipeline(
            image.createReadStream({ start, end: start + size - 1, autoClose: false }),
            freshStream(file),
            { signal },
          );
        files[name] = file;
      }
    } finally {
      await image.close();
    }
    return { data: { installer: { files } }, extra: { success: Object.values(map(input, "files")) } };
  },
};
