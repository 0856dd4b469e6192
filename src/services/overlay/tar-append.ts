/** Adds members to the end of a tar archive, while it passes. */
import { JobError } from "../../base/errors.js";

const BLOCK = 512;

/** Size of a member by its header: octal, or binary when it is 8 GiB or more. */
function sizeOf(header: Buffer): number {
  const field = header.subarray(124, 136);
  if ((field[0] as number) & 0x80) return Number(field.readBigUInt64BE(4));
  const size = Number.parseInt(
    field
      .toString("latin1")
      .replace(/[\0 ]+$/, "")
      .trim() || "0",
    8,
  );
  if (!Number.isFinite(size)) throw new JobError("The tar archive is damaged");
  return size;
}

/**
 * The archive without its end (two empty blocks and what follows), so that members can be put after it.
 * @throws JobError when it is no tar archive.
 */
export async function* withoutTarEnd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Buffer = Buffer.alloc(0);
  /** Bytes of the current member that are still to pass. */
  let left = 0;
  let ended = false;
  for await (const chunk of source) {
    if (ended) continue; // Read to the end: whoever sends it must not fail.
    held = held.length > 0 ? Buffer.concat([held, chunk]) : Buffer.from(chunk);
    let at = 0;
    while (at < held.length) {
      if (left > 0) {
        const step = Math.min(left, held.length - at);
        left -= step;
        at += step;
        continue;
      }
      if (held.length - at < BLOCK) break;
      const header = held.subarray(at, at + BLOCK);
      if (header.every((byte) => byte === 0)) {
        ended = true;
        break;
      }
      const sum = Number.parseInt(header.subarray(148, 156).toString("latin1"), 8);
      const counted = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
      if (sum !== counted) throw new JobError("The file is not a tar archive");
      left = Math.ceil(sizeOf(header) / BLOCK) * BLOCK;
      at += BLOCK;
    }
    if (at > 0) yield held.subarray(0, at);
    held = held.subarray(at);
  }
  if (!ended && (left > 0 || held.length > 0)) throw new JobError("The tar archive ends in the middle");
}
