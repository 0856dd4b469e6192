/** New files where somebody else may have left something: whatever has the name is replaced (but a device), a link never followed. */
import {
  chmodSync,
  constants,
  createWriteStream,
  lstatSync,
  openSync,
  rmSync,
  type WriteStream,
  writeFileSync,
} from "node:fs";

const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Whether the name is a device's own, not a link to it: only root makes such a one, and nobody wants it removed. */
export function isDevice(file: string): boolean {
  const found = lstatSync(file, { throwIfNoEntry: false });
  return found?.isCharacterDevice() === true || found?.isBlockDevice() === true;
}

/** Runs `create`, which fails where something has the name; then that is taken away, and it runs again. */
function replacing<T>(file: string, create: () => T): T {
  try {
    return create();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST" || isDevice(file)) throw error;
    rmSync(file, { recursive: true });
    return create();
  }
}

/** Opens a new file for appending; gives its descriptor. */
export const openFresh = (file: string, mode = 0o644): number =>
  replacing(file, () => openSync(file, NEW | constants.O_APPEND, mode));

/** A stream into a new file. */
export const freshStream = (
  file: string,
  { mode, ...options }: { highWaterMark?: number; mode?: number } = {},
): WriteStream => createWriteStream(file, { ...options, fd: openFresh(file, mode) });

/** Whether a new file gets these permissions without being told again. */
const givenAtOnce = (mode: number): boolean => (mode & process.umask()) === 0 && mode <= 0o777;

/**
 * Writes a new file with exactly these permissions. Synchronous, as everywhere here for small files: each asynchronous
 * step costs more than the whole write.
 */
export function writeFresh(file: string, content: string | Uint8Array, mode = 0o644): void {
  replacing(file, () => writeFileSync(file, content, { flag: "wx", mode }));
  if (!givenAtOnce(mode)) chmodSync(file, mode);
}
