import type { FileHandle } from "node:fs/promises";
import { openRegularHandle } from "../base/regular-file.js";

/** Of a file larger than this only the end is read: a page must hold it. */
const LARGEST = 64 << 20;
const PIECE = 256 << 10;
/** A longer line is no line of ours. */
const LONGEST_LINE = 8 << 20;

/** Reads a file that may still grow, line by line; a last line without its end waits for the rest. */
export class FileTail {
  readonly #path: string;
  readonly #largest: number;
  #file: FileHandle | undefined;
  #offset: number;
  #rest: Buffer = Buffer.alloc(0);
  #cut = false;
  /** Bytes left out at the beginning. */
  skipped = 0;

  /** `offset`: bytes that the reader already has; always at a line's beginning. */
  constructor(path: string, offset = 0, largest = LARGEST) {
    this.#path = path;
    this.#offset = offset;
    this.#largest = largest;
  }

  /** Bytes of whole lines that were given so far: where a reader may go on. */
  get offset(): number {
    return this.#offset - this.#rest.length;
  }

  /** The next lines; empty when there are none yet, also while there is no file. */
  async read(): Promise<string[]> {
    this.#file ??= await openRegularHandle(this.#path).catch(() => undefined);
    if (!this.#file) return [];
    if (this.#offset === 0) await this.#skip(this.#file);
    const piece = Buffer.alloc(PIECE);
    const { bytesRead } = await this.#file.read(piece, 0, piece.length, this.#offset);
    if (bytesRead === 0) return [];
    this.#offset += bytesRead;
    let text = this.#rest.length
      ? Buffer.concat([this.#rest, piece.subarray(0, bytesRead)])
      : piece.subarray(0, bytesRead);
    if (this.#cut) {
      const end = text.indexOf(10);
      if (end < 0) return [];
      text = text.subarray(end + 1);
      this.#cut = false;
    }
    const end = text.lastIndexOf(10);
    this.#rest = Buffer.from(text.subarray(end + 1));
    if (this.#rest.length > LONGEST_LINE) {
      this.#rest = Buffer.alloc(0);
      this.#cut = true;
    }
    return end < 0 ? [] : text.subarray(0, end).toString("utf8").split("\n");
  }

  /** The first line of a recording is its header: it is always read. */
  async #skip(file: FileHandle): Promise<void> {
    const { size } = await file.stat();
    if (size <= this.#largest) return;
    const head = Buffer.alloc(PIECE);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    const end = head.subarray(0, bytesRead).indexOf(10) + 1;
    this.#rest = Buffer.from(head.subarray(0, end));
    this.#offset = size - this.#largest;
    this.skipped = this.#offset - end;
    const start = Buffer.alloc(PIECE);
    const read = await file.read(start, 0, start.length, this.#offset);
    const next = start.subarray(0, read.bytesRead).indexOf(10) + 1;
    this.#offset += next;
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}
