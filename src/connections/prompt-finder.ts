import type { CompiledPattern } from "./compiled-pattern.js";
import type { OutputHistory } from "./output-history.js";
import type { Hit } from "./pattern-scanner.js";
import { ESCAPE, KERNEL_LINE, type LiftedText, lift } from "./terminal-text.js";

/** Characters at the end of the output in which a prompt is looked for. */
const LOOK_BACK = 1024;
/** A log of kernel messages can be long after the prompt that it followed. */
const LOOK_BACK_LIFTED = 16 * 1024;
/** Lines that proved to be prompts which are remembered. */
const REMEMBERED = 32;

const NOISE = new RegExp(`${ESCAPE}|${KERNEL_LINE}`, "g");
const NOISE_WITH_LINE_ENDS = new RegExp(`${ESCAPE}|(?:(?<!\\r)\\r*\\n)?${KERNEL_LINE}`, "g");

/** What may follow a prompt of which a pattern names only the beginning: `~# ` after `root@debian:`. */
const PROMPT_ENDS = /(?:(?<!#)#|(?<!\d)%|[$>:?\])])[ \t]*$/;

/** A prompt that stands in the last, unfinished line. */
export interface FoundPrompt extends Hit {
  /** Its whole line. */
  line: string;
  /** How sure it is: the output ends with it; with what looks like the rest of a prompt; with any other text. */
  rest: "none" | "prompt" | "text";
  /** This very line was a prompt before. */
  proven: boolean;
}

/**
 * Looks for a prompt in the last, unfinished line. Best is one that the output ends with, but for blanks and escapes
 * (busybox asks for the cursor, bash switches on bracketed paste) and lines of the kernel, which it prints whenever it
 * likes. But many patterns name the beginning of their prompt only, or its middle.
 */
export class PromptFinder {
  readonly #history: OutputHistory;
  readonly #proven = new Set<string>();

  constructor(history: OutputHistory) {
    this.#history = history;
  }

  /**
   * @param from offset where the prompt may begin
   * @param after offset after which it has to end
   * @param atEnd only one that the output ends with counts
   */
  find(patterns: CompiledPattern[], from: number, after: number, atEnd = false): FoundPrompt | undefined {
    if (patterns.length === 0) return undefined;
    const { end } = this.#history;
    const near = Math.max(from, end - LOOK_BACK, this.#history.start);
    const raw = this.#history.slice(near);
    const seen = { patterns, after, atEnd };
    const found = this.#match(seen, { text: raw, at: (index) => index }, near);
    if (found) return found;
    for (const { text, offset, whole } of this.#lately(from)) {
      const lifted = lift(text, NOISE);
      if (!whole && lifted.text.length <= LOOK_BACK) continue;
      if (lifted.text.length === text.length) return undefined;
      // The kernel began a line of its own: then the prompt must be alone on its line.
      const alone = lift(text, NOISE_WITH_LINE_ENDS);
      if (!whole && alone.text.length <= LOOK_BACK) continue;
      return this.#match(seen, tail(lifted), offset) ?? this.#match(seen, tail(alone), offset, true);
    }
    return undefined;
  }

  /** What came last, from a line's beginning on: more and more of it, as a kernel may have written most of it. */
  *#lately(from = 0): Generator<{ text: string; offset: number; whole: boolean }> {
    const { start, end } = this.#history;
    const first = Math.max(from, end - LOOK_BACK_LIFTED, start);
    for (let length = 4 * LOOK_BACK; end - length > first; length *= 4) {
      const text = this.#history.slice(end - length);
      const line = text.indexOf("\n") + 1;
      yield { text: text.slice(line), offset: end - length + line, whole: false };
    }
    yield { text: this.#history.slice(first), offset: first, whole: true };
  }

  /** A prompt was taken as such after full silence. */
  prove(prompt: FoundPrompt): void {
    if (this.#proven.size >= REMEMBERED) this.#proven.clear();
    this.#proven.add(prompt.line.trimEnd());
  }

  /** What userspace printed last, without what the kernel and the terminal mixed into it. */
  lastUserLine(): string {
    for (const { text, whole } of this.#lately()) {
      const lifted = lift(text, NOISE_WITH_LINE_ENDS).text;
      const line = lifted.lastIndexOf("\n") + 1;
      if (whole || line > 0) return lifted.slice(line);
    }
    return "";
  }

  /** @param alone a line end was lifted, too: the prompt has to be all of its line */
  #match(seen: Sought, lifted: LiftedText, offset: number, alone = false): FoundPrompt | undefined {
    const { text, at } = lifted;
    const last = text.replace(TRAILING, "").length;
    const end = offset + (last === 0 ? 0 : at(last - 1) + 1);
    if (end <= seen.after) return undefined;
    const lineStart = text.lastIndexOf("\n") + 1;
    const line = text.slice(lineStart).replace(ESCAPES, "").replace(/\r/g, "");
    const stop = text.length === 0 ? offset : offset + at(text.length - 1) + 1;
    const proven = this.#proven.has(line.trimEnd());
    let best: FoundPrompt | undefined;
    const take = (compiled: CompiledPattern, groups: RegExpExecArray, rest: FoundPrompt["rest"]) => {
      const start = offset + at(groups.index);
      if (!best || start < best.start) best = { compiled, groups, start, end: stop, line, rest, proven };
    };
    for (const compiled of seen.patterns) {
      compiled.atEnd.lastIndex = 0;
      const groups = compiled.atEnd.exec(text);
      if (!groups || groups[0] === "" || (alone && groups.index > 0 && text[groups.index - 1] !== "\n")) continue;
      take(compiled, groups, "none");
    }
    if (best || seen.atEnd) return best;
    for (const compiled of seen.patterns)
      for (const groups of inLastLine(compiled, text, lineStart)) {
        const rest = text.slice(groups.index + groups[0].length);
        if (offset + at(groups.index + groups[0].length - 1) < seen.after) continue;
        if (alone && (/\S\s+\S/.test(rest) || (groups.index > 0 && text[groups.index - 1] !== "\n"))) continue;
        take(compiled, groups, PROMPT_ENDS.test(rest.replace(ESCAPES, "")) ? "prompt" : "text");
        break;
      }
    return best;
  }
}

/** What a wait looks for. */
interface Sought {
  patterns: CompiledPattern[];
  after: number;
  atEnd: boolean;
}

/** The matches that end in the line that begins at `lineStart`. */
function* inLastLine(
  { anywhere, inLine }: CompiledPattern,
  text: string,
  lineStart: number,
): Generator<RegExpExecArray> {
  for (let from = inLine ? lineStart : 0; from <= text.length; ) {
    anywhere.lastIndex = from;
    const groups = anywhere.exec(text);
    if (!groups) break;
    if (groups.index + groups[0].length > lineStart && groups[0] !== "") yield groups;
    from = groups.index + 1;
  }
}

const ESCAPES = new RegExp(ESCAPE, "g");
const TRAILING = new RegExp(`(?:[ \\t\\r]|${ESCAPE})+$`);

/** The last part of a lifted text. */
function tail(lifted: LiftedText): LiftedText {
  const cut = Math.max(0, lifted.text.length - LOOK_BACK);
  return cut === 0 ? lifted : { text: lifted.text.slice(cut), at: (index) => lifted.at(index + cut) };
}
