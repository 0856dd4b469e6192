import { makeError } from "../base/errors.js";
import { writeInside } from "./files/write-inside.js";
import { text } from "./overlay/inputs.js";
import { insidePath } from "./overlay/safe-files.js";
import type { Service } from "./types.js";

/** Writes a text to the disk of a device. Inputs: directory (where it is mounted), name, text. */
export const writeFile: Service = {
  name: "write-file",

  async run(input, { log, action }) {
    const name = insidePath(text(input, "name"), "The file's name");
    try {
      await writeInside(text(input, "directory"), name, text(input, "text"));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).errno === undefined) throw cause;
      throw makeError(action.commandError, `'${name}' cannot be written: ${(cause as Error).message}`, { cause });
    }
    log.debug(`wrote ${name}`);
    return undefined;
  },
};
