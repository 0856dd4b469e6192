import { lstat, readdir, rm, stat } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { JobError, makeError } from "../base/errors.js";
import { copyInside, folderInside } from "./files/write-inside.js";
import { optionalText, text } from "./overlay/inputs.js";
import { insidePath } from "./overlay/safe-files.js";
import type { Service, ServiceContext } from "./types.js";

/** The regular files and the folders below a folder, relative to it; links and the like are left out. */
async function contentsOf(folder: string, { log }: ServiceContext): Promise<{ files: string[]; folders: string[] }> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const paths = (wanted: typeof entries) =>
    wanted.map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort();
  for (const entry of entries)
    if (!entry.isFile() && !entry.isDirectory())
      log.warning(`not copied: '${entry.name}' is neither a file nor a folder`);
  return {
    files: paths(entries.filter((entry) => entry.isFile())),
    folders: paths(entries.filter((entry) => entry.isDirectory())),
  };
}

/** The name of a file on the disk: one that names a folder there keeps its own name in it. */
async function nameOn(disk: string, given: string | undefined, own: string): Promise<string> {
  const name = insidePath(given || own, "The file's name");
  const found = await lstat(join(disk, name)).catch(() => undefined);
  return found?.isDirectory() ? join(name, own) : name;
}

/**
 * Copies a file, or what a folder holds with its empty folders, to the disk of a device that is mounted.
 * Inputs: from (absolute), into (folder on the disk), name? (path of the file there; a folder's: into it), folder? (below `into`), replace? (what is
 * there goes away first).
 */
export const copyFiles: Service = {
  name: "copy-files",

  async run(input, context) {
    const { log, signal, action } = context;
    const [from, into] = [text(input, "from"), text(input, "into")];
    const below = insidePath(optionalText(input, "folder") ?? ".", "The folder");
    const place = (path: string) => join(below, path);
    const source = await stat(from).catch((cause) => {
      throw new JobError(`There is nothing to copy: '${from}' is missing`, { cause });
    });
    const { files, folders } = source.isDirectory() ? await contentsOf(from, context) : { files: [""], folders: [] };
    if (files.length === 0) log.warning(`'${basename(from)}' holds no file`);
    try {
      if (input.replace === true)
        for (const name of await readdir(into)) await rm(join(into, name), { recursive: true, force: true });
      for (const folder of folders) await folderInside(into, place(folder));
      for (const file of files) {
        const name = file === "" ? await nameOn(join(into, below), optionalText(input, "name"), basename(from)) : file;
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
