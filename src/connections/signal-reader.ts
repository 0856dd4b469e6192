import { ESCAPE, ESCAPE_BEGUN, KERNEL_LINE, KERNEL_STAMP } from "./terminal-text.js";
import type { Signal } from "./types.js";

/** Longest text from the beginning of a signal to its end, the kernel's lines in it included. */
const LONGEST = 16 * 1024;
/** A signal that another text broke off is read on for this many lines, in search of its end. */
const LINES_AFTER_BREAK = 2;

const OPENINGS = ["<LAVA_SIGNAL_", "<LAVA_TEST_RUNNER "];
const WHOLE = /<LAVA_(?:SIGNAL_(\S+) ([^>]+)|TEST_RUNNER (EXIT|INSTALL_FAIL))>/;
const WHOLE_ALL = new RegExp(WHOLE.source, "g");

const KERNEL = new RegExp(`(?:\\r*\\n)?${KERNEL_LINE.replace("|$", "")}`, "y");
const KERNEL_BEGUN = new RegExp(
  `(?:\\r+|\\r*\\n)?(?:${KERNEL_STAMP}[^\\n]*|<\\d{0,3}>?|(?:<\\d{1,3}>)?\\[ {0,6}(?:\\d{1,7}(?:\\.(?:\\d{0,6}\\]?(?:\\[ {0,6}(?:[TC]\\d{0,7})?)?)?)?)?)?$`,
  "y",
);
const ESCAPE_HERE = new RegExp(ESCAPE, "y");
/** What may still become a line of the kernel, an escape sequence, or a wrapped line. */
const BEGUN = [KERNEL_BEGUN, new RegExp(ESCAPE_BEGUN, "y"), / ?\r*$/y];
const LINE_END = /\r*\n/y;
/** Where something begins that is none of the signal's text. */
const STOPS = new Set(["\r", "\n", "[", "<", "\x1b", " "]);
const WRAP = / ?\r(?![\r\n])/y;

/** A signal and the offset after its last character. */
export interface FoundSignal {
  signal: Signal;
  end: number;
}

/** What the reader has to know of the text before a signal. */
export interface SignalContext {
  /** The line before an offset, without escapes. */
  lineBefore(offset: number): string;
  /** Whether the signal at this offset is the terminal's echo of what we typed. */
  isEcho(offset: number): boolean;
  /** Width at which the board's terminal wraps. */
  columns: number;
}

type Reading =
  | { kind: "none" }
  /** Undecided: read again, from its beginning, when more came. */
  | { kind: "more" }
  | { kind: "signal"; signal: Signal; end: number };

/**
 * Finds the test signals in the output (spec test-shell.md §4) and puts them together again when the kernel wrote into
 * them or the terminal wrapped them. What cannot be put together is told as incomplete.
 */
export class SignalReader {
  readonly #context: SignalContext;
  /** The signal being read. */
  #rest = "";
  /** Offset up to which signals inside the kernel's lines have been told. */
  #told = 0;

  constructor(context: SignalContext) {
    this.#context = context;
  }

  /** @param offset absolute offset of the chunk's first character */
  read(chunk: string, offset: number, last = false): FoundSignal[] {
    if (this.#rest === "" && !chunk.includes("<")) return [];
    const text = this.#rest + chunk;
    const base = offset - this.#rest.length;
    const found: FoundSignal[] = [];
    this.#rest = "";
    let from = 0;
    for (let start = text.indexOf("<"); start >= 0; start = text.indexOf("<", from)) {
      const reading = this.#readAt(text, start, base, last, found);
      if (reading.kind === "more") {
        this.#rest = text.slice(start);
        break;
      }
      if (reading.kind === "signal") {
        if (!this.#isShown(base + start)) found.push({ signal: reading.signal, end: base + reading.end });
        from = reading.end;
      } else from = start + 1;
    }
    return found;
  }

  /** A signal's text in what the shell traces or the terminal echoes is not a signal. */
  #isShown(offset: number): boolean {
    return /^\++ /.test(this.#context.lineBefore(offset)) || this.#context.isEcho(offset);
  }

  #readAt(text: string, start: number, base: number, last: boolean, found: FoundSignal[]): Reading {
    let clean = "";
    let mended = false;
    let column: number | undefined;
    let at = start;
    for (;;) {
      const char = text[at];
      if (at - start > LONGEST) return broken(text, start, at, clean);
      if (char === undefined) return last ? broken(text, start, at, clean) : { kind: "more" };
      if (at > start && STOPS.has(char)) {
        const kernel = lengthAt(KERNEL, text, at);
        if (kernel > 0) {
          this.#readKernel(text.slice(at, at + kernel), base + at, found);
          at += kernel;
          mended = true;
          continue;
        }
        if (!last && BEGUN.some((begun) => lengthAt(begun, text, at) > 0)) return { kind: "more" };
        const skipped = lengthAt(ESCAPE_HERE, text, at);
        if (skipped > 0) {
          at += skipped;
          continue;
        }
        column ??= this.#context.lineBefore(base + start).length;
        const full = (column + clean.length) % this.#context.columns === 0 && column + clean.length > 0;
        const wrap = full ? lengthAt(LINE_END, text, at) || lengthAt(WRAP, text, at) : lengthAt(WRAP, text, at);
        if (wrap > 0) {
          at += wrap;
          mended = true;
          continue;
        }
        const lineEnd = lengthAt(LINE_END, text, at);
        if (lineEnd > 0) return readBroken(text, start, at + lineEnd, clean, last);
      }
      if (char === "<" && at > start && "<LAVA_".startsWith(text.slice(at, at + 6))) {
        if (text.length < at + 6 && !last) return { kind: "more" };
        return broken(text, start, at, clean);
      }
      clean += char;
      at += 1;
      if (char === ">") {
        const whole = WHOLE.exec(clean);
        if (!whole) return { kind: "none" };
        return { kind: "signal", signal: wholeSignal(whole, text.slice(start, at), mended), end: at };
      }
      if (!mayBegin(clean)) return { kind: "none" };
    }
  }

  /** The kernel's own lines carry signals too (`lava-signal: kmsg`); each is told once. */
  #readKernel(line: string, offset: number, found: FoundSignal[]): void {
    for (const whole of line.matchAll(WHOLE_ALL)) {
      const end = offset + whole.index + whole[0].length;
      if (end <= this.#told) continue;
      this.#told = end;
      found.push({ signal: wholeSignal(whole, whole[0], false), end });
    }
  }
}

/** Length of a sticky expression's match at a place, 0 when there is none. */
function lengthAt(expression: RegExp, text: string, at: number): number {
  expression.lastIndex = at;
  return expression.test(text) ? expression.lastIndex - at : 0;
}

const mayBegin = (clean: string): boolean =>
  OPENINGS.some((opening) => (clean.length < opening.length ? opening.startsWith(clean) : clean.startsWith(opening)));

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== "");

function wholeSignal(whole: RegExpExecArray | RegExpMatchArray, raw: string, mended: boolean): Signal {
  const runner = whole[3];
  const name = runner === undefined ? (whole[1] ?? "") : `RUNNER_${runner}`;
  return { name, params: words(whole[2] ?? ""), raw, mended, complete: true };
}

/** Reads on after a break: the rest may come a little later, and belongs to the raw text that is shown. */
function readBroken(text: string, start: number, from: number, clean: string, last: boolean): Reading {
  let at = from;
  for (let lines = 0; lines < LINES_AFTER_BREAK; lines += 1) {
    const stop = text.slice(at).search(/[>\n]|<LAVA_/);
    if (stop < 0) {
      if (!last && text.length - start < LONGEST) return { kind: "more" };
      return broken(text, start, text.length, clean);
    }
    if (text[at + stop] === ">") return broken(text, start, at + stop + 1, clean);
    if (text[at + stop] === "<") return broken(text, start, at + stop, clean);
    at += stop + 1;
  }
  return broken(text, start, from, clean);
}

/**
 * A signal that cannot be read in full. The word that was being written when it broke off is not told: it could be the
 * name of another case.
 */
function broken(text: string, start: number, end: number, clean: string): Reading {
  const begun = /^<LAVA_SIGNAL_(\S+) (?:(.*)\s)?/s.exec(clean);
  if (!begun) return { kind: "none" };
  const signal: Signal = {
    name: begun[1] ?? "",
    params: words(begun[2] ?? ""),
    raw: text.slice(start, end),
    mended: false,
    complete: false,
  };
  return { kind: "signal", signal, end };
}
