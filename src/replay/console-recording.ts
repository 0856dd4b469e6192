/** Recordings without times: the bytes of a serial line as a terminal program, a console server or QEMU wrote them. */
import { KnownNamesReader } from "./known-names.js";
import { readHead, readPieces } from "./read-lines.js";
import { type RecordedEvent, type Recording, RecordingError } from "./recording.js";

/** Lines come this far apart, ms: there are no times to go by. */
const LINE_MS = 1;
const LONGEST_PIECE = 4096;
const HEAD = 64 * 1024;
/** Share of the first bytes that no console prints, above which the file is something else. */
const BINARY = 0.1;

/** Telnet's commands: of negotiations three bytes, of others two; 255 itself is never part of UTF-8. */
function withoutTelnet(bytes: Buffer): Buffer {
  if (!bytes.includes(255)) return bytes;
  const kept: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== 255) kept.push(bytes[at] as number);
    else at += (bytes[at + 1] ?? 0) >= 251 && (bytes[at + 1] ?? 0) <= 254 ? 2 : 1;
  }
  return Buffer.from(kept);
}

/** Whether these bytes come from no console: NUL and other characters that no terminal is sent, or broken UTF-8. */
export function looksBinary(head: Uint8Array): boolean {
  if (head.length === 0) return false;
  let odd = 0;
  for (const byte of head)
    if (byte < 7 || (byte > 13 && byte < 32 && byte !== 27 && byte !== 14 && byte !== 15 && byte !== 24)) odd += 1;
  const broken = Buffer.from(head).toString("utf8").split("\ufffd").length - 1;
  return (odd + broken) / head.length > BINARY;
}

/** Lines with their ends, long ones in pieces. */
async function* readConsole(path: string): AsyncGenerator<{ bytes: Buffer; number: number }> {
  let rest: Buffer = Buffer.alloc(0);
  let number = 1;
  for await (const piece of readPieces(path)) {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    let from = 0;
    for (;;) {
      const end = rest.indexOf(10, from);
      if (end >= 0 && end - from < LONGEST_PIECE) {
        yield { bytes: withoutTelnet(rest.subarray(from, end + 1)), number: number++ };
        from = end + 1;
      } else if (rest.length - from >= LONGEST_PIECE) {
        yield { bytes: withoutTelnet(rest.subarray(from, from + LONGEST_PIECE)), number };
        from += LONGEST_PIECE;
      } else break;
    }
    rest = rest.subarray(from);
  }
  if (rest.length > 0) yield { bytes: withoutTelnet(rest), number };
}

/** Opens a console log. Throws RecordingError when it is something else. */
export async function openConsoleLog(name: string, path: string): Promise<Recording> {
  const head = withoutTelnet(await readHead(path, HEAD));
  if (head.length === 0) throw new RecordingError(`${path} is empty.`, "There is nothing to replay.");
  if (looksBinary(head))
    throw new RecordingError(
      `${path} is no console log: it is binary.`,
      "Give console.cast of a run, logs.yaml of a LAVA job, or the text of a serial console.",
    );
  const names = new KnownNamesReader();
  let lines = 0;
  for await (const { bytes } of readConsole(path)) {
    lines += 1;
    if (bytes.includes("/")) names.typed(bytes.toString("latin1"));
  }
  const known = names.result();
  return {
    name,
    format: "console",
    facts: {
      start: 0,
      end: lines * LINE_MS,
      timed: false,
      complete: false,
      ...(names.jobId !== undefined && { jobId: names.jobId }),
      answers: [],
      validation: [],
      inputs: 0,
      starts: new Map(),
      consoles: new Set(),
      known,
    },
    events: () => consoleEvents(path),
  };
}

async function* consoleEvents(path: string): AsyncGenerator<RecordedEvent[]> {
  let t = 0;
  for await (const { bytes, number } of readConsole(path)) {
    t += LINE_MS;
    if (bytes.length > 0) yield [{ kind: "output", t, bytes, place: `${path}:${number}` }];
  }
}
