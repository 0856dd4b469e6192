/** Lines and pieces of a file that may be of any size, gzip or not: bounded memory whatever it holds. */
import { createReadStream, readSync } from "node:fs";
import { createGunzip } from "node:zlib";
import { openRegular } from "../base/regular-file.js";
import { RecordingError } from "./recording.js";

/** Longest line of a recording, bytes; LAVA itself cuts lines at a tenth of it. */
const LONGEST_LINE = 2 ** 20;
/** Bytes that are read at a time: each read waits for its turn. */
const PIECE = 256 * 1024;
const GZIP = [0x1f, 0x8b];

function isGzip(file: number): boolean {
  const head = Buffer.alloc(2);
  return readSync(file, head, 0, 2, 0) === 2 && head[0] === GZIP[0] && head[1] === GZIP[1];
}

function opened(path: string): number {
  try {
    return openRegular(path);
  } catch (error) {
    throw new RecordingError(`${path} cannot be read: ${(error as Error).message}.`, "Check the path and the file.");
  }
}

/** The bytes of a file, unpacked when they are gzip. Throws RecordingError. */
export async function* readPieces(path: string): AsyncGenerator<Buffer> {
  const fd = opened(path);
  const gzip = isGzip(fd);
  const source = createReadStream(path, { fd, start: 0, highWaterMark: PIECE });
  try {
    if (!gzip) {
      yield* source;
      return;
    }
    const gunzip = createGunzip({ chunkSize: PIECE });
    source.on("error", (error) => gunzip.destroy(error));
    yield* source.pipe(gunzip);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "Z_BUF_ERROR")
      throw new RecordingError(`${path} is cut off: its gzip data ends in the middle.`, "Fetch or copy it again.");
    throw new RecordingError(`${path} cannot be read: ${message}.`, "Check the path and the file.");
  } finally {
    source.destroy();
  }
}

export interface Line {
  text: string;
  /** From 1. */
  number: number;
  /** False: the file ends in the middle of this line. */
  whole: boolean;
}

/** The lines of a file, as many at a time as come. Throws RecordingError, for a line longer than any recording has too. */
export async function* readLines(path: string): AsyncGenerator<Line[]> {
  let rest: Buffer[] = [];
  let size = 0;
  let number = 0;
  for await (const piece of readPieces(path)) {
    const end = piece.lastIndexOf(10);
    if (end >= 0) {
      const text = Buffer.concat([...rest, piece.subarray(0, end)]).toString("utf8");
      yield text.split("\n").map((line) => ({
        text: line.endsWith("\r") ? line.slice(0, -1) : line,
        number: ++number,
        whole: true,
      }));
      rest = [];
      size = 0;
    }
    if (end + 1 < piece.length) {
      rest.push(piece.subarray(end + 1));
      size += piece.length - end - 1;
      if (size > LONGEST_LINE)
        throw new RecordingError(
          `${path}:${number + 1}: a line of more than ${LONGEST_LINE} bytes is no line of a recording.`,
          "Is it a binary file, or a plain console log under another name?",
        );
    }
  }
  if (size > 0) yield [{ text: Buffer.concat(rest).toString("utf8"), number: ++number, whole: false }];
}

/** The first bytes of a file, unpacked. */
export async function readHead(path: string, bytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of readPieces(path)) {
    pieces.push(piece);
    size += piece.length;
    if (size >= bytes) break;
  }
  return Buffer.concat(pieces).subarray(0, bytes);
}
