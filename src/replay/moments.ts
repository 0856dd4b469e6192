import type { RecordedEvent } from "./recording.js";

/** Bytes that are said at once, at most. */
const MOST = 64 * 1024;

type Output = Extract<RecordedEvent, { kind: "output" }>;

/** Joins what the board said within one millisecond, the least that virtual time knows: a line comes in many small reads. */
export async function* inMoments(events: AsyncIterable<RecordedEvent>): AsyncGenerator<RecordedEvent> {
  let first: Output | undefined;
  let pieces: Uint8Array[] = [];
  let size = 0;
  const joined = (output: Output): Output =>
    pieces.length === 1 ? output : { ...output, bytes: Buffer.concat(pieces) };
  for await (const event of events) {
    if (first && event.kind === "output" && Math.ceil(event.t) === Math.ceil(first.t) && size < MOST) {
      pieces.push(event.bytes);
      size += event.bytes.length;
      continue;
    }
    if (first) yield joined(first);
    first = event.kind === "output" ? event : undefined;
    pieces = first ? [first.bytes] : [];
    size = first?.bytes.length ?? 0;
    if (!first) yield event;
  }
  if (first) yield joined(first);
}
