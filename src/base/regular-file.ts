/** Files that somebody else may have put there: only a regular one is read, as a pipe or a device may never end. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** Opening a pipe waits for its writer, unless it is opened like this. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK;

/** What has the name is a folder, a pipe, a socket or a device. */
export class NotRegular extends Error {
  readonly code = "ENOTREGULAR";
  constructor(path: string) {
    super(`${path} is not a regular file`);
    this.name = "NotRegular";
  }
}

/** Opens a regular file for reading; gives its descriptor. Throws NotRegular, and what the system says. */
export function openRegular(path: string): number {
  const file = openSync(path, READ);
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw new NotRegular(path);
}

/** The same as a file handle. */
export async function openRegularHandle(path: string): Promise<FileHandle> {
  const file = await open(path, READ);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new NotRegular(path);
}

/** The text of a regular file of at most so many bytes; undefined of a larger one. */
export function readRegular(path: string, largest: number): string | undefined {
  const file = openRegular(path);
  try {
    return fstatSync(file).size > largest ? undefined : readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}
