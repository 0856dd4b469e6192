import { readdir, rm, stat } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { JobError, makeError } from "../base/errors.js";
import { copyInside } from "./files/write-inside.js";
import { optionalText, text } from "./overlay/inputs.js";
import { insidePath } from "./overlay/safe-files.js";
import type { Service, ServiceContext } from "./types.js";

/** The regular files below a folder, relative to it; links and the like are left out. */
async function filesBelow(folder: string, { log }: ServiceContext): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => {
      if (!entry.isFile() && !entry.isDirectory())
        log.warning(`not copied: '${entry.name}' is neither a file nor a folder`);
      return entry.isFile();
    })
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/**
 * Copies a file, or what a folder holds, to the disk of a device that is mounted.
 * Inputs: from (absolute), into (folder on the disk), name? (of the file there), folder? (below `into`), replace? (what is
 * there goes away first).
 */
export const copyFiles: Service = {
  name: "copy-files",

  async run(input, context) {
    const { log, signal, action } = context;
    const [from, into] = [text(input, "from"), text(input, "into")];
    const below = optionalText(input, "folder");
    const place = (path: string) => (below === undefined ? path : join(insidePath(below, "The folder"), path));
    const source = await stat(from).catch((cause) => {
      throw new JobError(`There is nothing to copy: '${from}' is missing`, { cause });
    });
    const files = source.isDirectory() ? await filesBelow(from, context) : [""];
    if (files.length === 0) throw new JobError(`'${basename(from)}' holds no file`);
    try {
      if (input.replace === true)
        for (const name of await readdir(into)) await rm(join(into, name), { recursive: true, force: true });
      for (const file of files) {
        const name = file === "" ? insidePath(optionalText(input, "name") ?? basename(from), "The file's name") : file;
        const size = await copyInside(join(from, file), into, place(name), signal);
        log.debug(`copied ${place(name)} (${size} bytes)`);
      }
    } catch (cause) {
      signal.throwIfAborted();
      if ((cause as NodeJS.ErrnoException).errno === undefined) throw cause;
      throw makeError(action.commandError, `The device's disk cannot be written: ${(cause as Error).message}`, {
        cause,
        advice: "Look whether the disk is full, write-protected, or has gone.",
      });
    }
    return { extra: { files: files.length } };
  },
};
