import type { OutputHistory } from "./output-history.js";
import { ESCAPE, KERNEL_LINE, lift } from "./terminal-text.js";

const OPENING = "<LAVA_";
/** Characters before a signal's text that are compared with what was typed before it. */
const COMPARED = 12;
/** Output in which the echo of a line has to come, beyond its own length. */
const REACH = 4096;
const NOISE = new RegExp(`${ESCAPE}|${KERNEL_LINE}|[\\r\\n]`, "g");

/** Lines that we typed and that hold the text of a signal: their echo must not be taken for one. */
export class SentLines {
  readonly #history: OutputHistory;
  #lines: { before: string[]; until: number }[] = [];

  constructor(history: OutputHistory) {
    this.#history = history;
  }

  add(text: string): void {
    const before: string[] = [];
    for (let at = text.indexOf(OPENING); at >= 0; at = text.indexOf(OPENING, at + 1))
      before.push(squeeze(text.slice(0, at)));
    const { end } = this.#history;
    this.#lines = this.#lines.filter(({ until }) => until > end);
    if (before.length > 0) this.#lines.push({ before, until: end + 2 * text.length + REACH });
  }

  /** Whether the signal's text at this offset follows what was typed before it. */
  isEcho(offset: number): boolean {
    if (this.#lines.length === 0) return false;
    const output = squeeze(lift(this.#history.slice(offset - 256, offset), NOISE).text);
    return this.#lines.some(
      ({ before, until }) => offset <= until && before.some((text) => text !== "" && output.endsWith(text)),
    );
  }
}

/** The last characters, without blanks: a wrapped line has them in other places. */
const squeeze = (text: string): string => text.replace(/\s+/g, "").slice(-COMPARED);
