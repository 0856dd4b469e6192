/** The bounds of what an action writes. */
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { JobError } from "../../base/errors.js";
import { isMap, type JsonMap } from "../../base/json.js";
import type { DiskMeter } from "../disk-meter.js";

/** What one download may take on the worker's disk: bytes, decompressed and unpacked, and files of an archive. */
const LIMITS = { bytes: 64 * 2 ** 30, files: 1_000_000 };

/** The worker's own limits of one download (`download_limits` of the dispatcher's settings), or the usual ones. */
export function limitsOf({ dispatcher }: Pick<Room, "dispatcher">): typeof LIMITS {
  const given = dispatcher.download_limits;
  const number = (key: "bytes" | "files") => {
    const value = isMap(given) ? given[key] : undefined;
    return typeof value === "number" && value > 0 ? value : LIMITS[key];
  };
  return { bytes: number("bytes"), files: number("files") };
}

/** What is known of the room for a file: the limits of one, the job's meter, and who gives it back. */
export interface Room {
  dispatcher: JsonMap;
  meter: Pick<DiskMeter, "take" | "give">;
  onCleanup(undo: () => Promise<unknown>): void;
}

/** The same without the meter: for what is only read, or counted in another way. */
export const uncounted = (room: Room): Room => ({ ...room, meter: { take: () => {}, give: () => {} } });

/** Takes room of the job's meter until the action is undone. @throws JobError */
export function takeRoom({ meter, onCleanup }: Room, bytes: number, what: string): void {
  meter.take(bytes, what);
  onCleanup(async () => meter.give(bytes, what));
}

/** The size that one file would have, before a byte of it is written. @throws JobError above the limits */
export function takeFile(room: Room, bytes: number, what: string): void {
  if (bytes > limitsOf(room).bytes) throw tooLarge(what, limitsOf(room).bytes);
  takeRoom(room, bytes, what);
}

/**
 * What passes, up to the bytes that one download may have, decompressed too, and as long as the job's meter has room: a small
 * file can decompress to one that fills the disk, and a server may never end.
 */
export async function* limited(bytes: AsyncIterable<Uint8Array>, room: Room, what: string): AsyncGenerator<Uint8Array> {
  const { meter } = room;
  const most = limitsOf(room).bytes;
  let passed = 0;
  room.onCleanup(async () => meter.give(passed, what));
  for await (const chunk of bytes) {
    if (passed + chunk.length > most) throw tooLarge(what, most);
    meter.take(chunk.length, what);
    passed += chunk.length;
    yield chunk;
  }
}

/** Bytes of a file, or of the files below a folder; what goes away meanwhile counts nothing. */
export async function sizeOnDisk(path: string): Promise<number> {
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isDirectory()) return found?.size ?? 0;
  let bytes = 0;
  for (const name of await readdir(path).catch(() => [])) bytes += await sizeOnDisk(join(path, name));
  return bytes;
}

export const tooLarge = (what: string, most: number) =>
  new JobError(`${what} is more than ${most} bytes`, {
    advice: "Look at what it decompresses to; the worker's `download_limits` say what it takes at most.",
  });
