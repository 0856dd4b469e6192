import { ESCAPE } from "./terminal-text.js";

/** Pieces are joined up to this many characters, so that a line that comes byte by byte costs no memory of its own. */
const PIECE = 2048;

/** The last characters of an endless text, addressed by their offset from its beginning. */
export class OutputHistory {
  readonly #limit: number;
  #pieces: { at: number; text: string }[] = [];
  #first = 0;
  #end = 0;
  #lineStart = 0;

  /** @param limit characters that are kept at least, once they came */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Offset after the last character. */
  get end(): number {
    return this.#end;
  }

  /** Offset at which the line begins that is being written. */
  get lineStart(): number {
    return this.#lineStart;
  }

  /** Offset of the first character that is still known. */
  get start(): number {
    return this.#pieces[this.#first]?.at ?? this.#end;
  }

  push(text: string): void {
    const last = this.#pieces.at(-1);
    if (last && last.text.length + text.length <= PIECE) last.text += text;
    else this.#pieces.push({ at: this.#end, text });
    const lineEnd = text.lastIndexOf("\n");
    if (lineEnd >= 0) this.#lineStart = this.#end + lineEnd + 1;
    this.#end += text.length;
    for (let piece = this.#pieces[this.#first + 1]; piece && piece.at <= this.#end - this.#limit; ) {
      this.#first += 1;
      piece = this.#pieces[this.#first + 1];
    }
    if (this.#first > 64) this.#pieces = this.#pieces.slice(this.#first);
    if (this.#first > 64) this.#first = 0;
  }

  /** The text from one offset to another, as far as it is still known. */
  slice(from: number, to = this.#end): string {
    if (from >= to) return "";
    let text = "";
    for (let index = this.#pieces.length - 1; index >= this.#first; index -= 1) {
      const piece = this.#pieces[index]!;
      if (piece.at < to) text = piece.text.slice(Math.max(0, from - piece.at), to - piece.at) + text;
      if (piece.at <= from) break;
    }
    return text;
  }

  /** The line around an offset (up to the line end, as far as it came), without escape sequences. */
  lineAt(offset: number): string {
    const before = this.slice(offset - LONGEST_LINE, offset);
    const start = before.lastIndexOf("\n", before.length - 1) + 1;
    const after = this.slice(offset, offset + LONGEST_LINE);
    const stop = after.indexOf("\n");
    return (before.slice(start) + (stop < 0 ? after : after.slice(0, stop)))
      .replace(SEQUENCES, "")
      .replaceAll(ESC, "")
      .replace(/^\r+|(?<!\r)\r+$/g, "");
  }
}

const LONGEST_LINE = 2048;
const ESC = "\x1b";
const SEQUENCES = new RegExp(ESCAPE, "g");
