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
const NOISE_WITH_LINE_ENDS = new RegExp(`${ESCAPE}|(?:\\r*\\n)?${KERNEL_LINE}`, "g");

/** A prompt that stands at the end of the output. */
export interface FoundPrompt extends Hit {
  /** Its whole line. */
  line: string;
  /** This very line was a prompt before. */
  proven: boolean;
}

/**
 * Looks whether the output ends with a prompt. It does when nothing but blanks and escapes follow (busybox asks for the
 * cursor, bash switches on bracketed paste), or else lines of the kernel, which it prints whenever it likes.
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
   */
  find(patterns: CompiledPattern[], from: number, after: number): FoundPrompt | undefined {
    if (patterns.length === 0) return undefined;
    const { end } = this.#history;
    const near = Math.max(from, end - LOOK_BACK, this.#history.start);
    const raw = this.#history.slice(near);
    const found = this.#match(patterns, { text: raw, at: (index) => index }, near, after);
    if (found) return found;
    for (const { text, offset, whole } of this.#lately(from)) {
      const lifted = lift(text, NOISE);
      if (!whole && lifted.text.length <= LOOK_BACK) continue;
      if (lifted.text.length === text.length) return undefined;
      // The kernel began a line of its own: then the prompt must be alone on its line.
      const alone = lift(text, NOISE_WITH_LINE_ENDS);
      if (!whole && alone.text.length <= LOOK_BACK) continue;
      return (
        this.#match(patterns, tail(lifted), offset, after) ?? this.#match(patterns, tail(alone), offset, after, true)
      );
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

  #match(
    patterns: CompiledPattern[],
    { text, at }: LiftedText,
    offset: number,
    after: number,
    alone = false,
  ): FoundPrompt | undefined {
    let best: FoundPrompt | undefined;
    const last = text.replace(TRAILING, "").length;
    const end = offset + (last === 0 ? 0 : at(last - 1) + 1);
    if (end <= after) return undefined;
    const lineStart = text.lastIndexOf("\n") + 1;
    const line = text.slice(lineStart).replace(ESCAPES, "").replace(/\r/g, "");
    for (const compiled of patterns) {
      compiled.atEnd.lastIndex = 0;
      const groups = compiled.atEnd.exec(text);
      if (!groups || groups[0] === "" || (alone && groups.index > 0 && text[groups.index - 1] !== "\n")) continue;
      const start = offset + at(groups.index);
      if (best && best.start <= start) continue;
      const stop = text.length === 0 ? offset : offset + at(text.length - 1) + 1;
      best = { compiled, groups, start, end: stop, line, proven: this.#proven.has(line.trimEnd()) };
    }
    return best;
  }
}

const ESCAPES = new RegExp(ESCAPE, "g");
const TRAILING = new RegExp(`(?:[ \\t\\r]|${ESCAPE})+$`);

/** The last part of a lifted text. */
function tail(lifted: LiftedText): LiftedText {
  const cut = Math.max(0, lifted.text.length - LOOK_BACK);
  return cut === 0 ? lifted : { text: lifted.text.slice(cut), at: (index) => lifted.at(index + cut) };
}
