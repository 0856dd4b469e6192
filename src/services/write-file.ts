import { open } from "node:fs/promises";
import { makeError } from "../base/errors.js";
import { writeInside } from "./files/write-inside.js";
import { text } from "./overlay/inputs.js";
import { insidePath } from "./overlay/safe-files.js";
import type { Service } from "./types.js";

/** What was copied into a folder of a disk before is on it; a file system that cannot say so has written it anyway. */
async function written(directory: string): Promise<void> {
  const folder = await open(directory);
  await folder.sync().catch(() => {});
  await folder.close();
}

/**
 * Writes a text to the disk of a device, after all that was copied there before: the device may act on it at once.
 * Inputs: directory (where it is mounted), name, text.
 */
export const writeFile: Service = {
  name: "write-file",

  async run(input, { log, action }) {
    const name = insidePath(text(input, "name"), "The file's name");
    try {
      await written(text(input, "directory"));
      await writeInside(text(input, "directory"), name, text(input, "text"));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).errno === undefined) throw cause;
      throw makeError(action.commandError, `'${name}' cannot be written: ${(cause as Error).message}`, { cause });
    }
    log.debug(`wrote ${name}`);
    return undefined;
  },
};
