/** Files on the disk of a device: a link on it leads nowhere outside. */
import { createReadStream } from "node:fs";
import { type FileHandle, lstat, mkdir, open, realpath, rm } from "node:fs/promises";
import { basename, dirname, join, normalize, sep } from "node:path";
import { JobError } from "../../base/errors.js";

/** The folder that `path` is below `root`, made where it is missing. @throws JobError when a link leads it out */
export async function folderInside(root: string, path: string): Promise<string> {
  const top = await realpath(root);
  let at = top;
  for (const name of normalize(path).split(sep)) {
    const next = join(at, name);
    // A step at a time: nothing is made behind a link that leads out.
    at = await realpath(next).catch(async () => {
      await mkdir(next);
      return next;
    });
    if (at !== top && !at.startsWith(`${top}${sep}`))
      throw new JobError(`'${path}' of the disk is a link that leads outside of it`);
  }
  return at;
}

/** A new file at `path` below `root`, in place of what was there; a link is replaced, not followed. */
async function create(root: string, path: string): Promise<FileHandle> {
  const file = join(await folderInside(root, dirname(path)), basename(path));
  const old = await lstat(file).catch(() => undefined);
  if (old?.isDirectory()) throw new JobError(`'${path}' of the disk is a folder`);
  if (old) await rm(file);
  return open(file, "wx", 0o644);
}

/** Writes a text to `path` below `root`, to the disk itself. */
export async function writeInside(root: string, path: string, text: string): Promise<void> {
  const handle = await create(root, path);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Copies a file to `path` below `root`, to the disk itself. @returns its size in bytes */
export async function copyInside(source: string, root: string, path: string, signal: AbortSignal): Promise<number> {
  const handle = await create(root, path);
  let size = 0;
  try {
    for await (const chunk of createReadStream(source, { highWaterMark: 1 << 20, signal })) {
      await handle.write(chunk as Buffer);
      size += (chunk as Buffer).length;
    }
    await handle.sync();
    return size;
  } finally {
    await handle.close();
  }
}
