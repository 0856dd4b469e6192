import type { CompiledPattern } from "./compiled-pattern.js";
import type { OutputHistory } from "./output-history.js";
import type { Hit } from "./pattern-scanner.js";
import type { PromptSeeker } from "./prompt-waiter.js";

/** Lines are looked through when this many characters of them came, as the history forgets them. */
const BLOCK = 16 * 1024;

/**
 * Remembers the first place in finished lines where one of the prompts stands: some jobs give a line of the boot as
 * the prompt. To look through much at once costs less than to look with each piece of output.
 */
export class FinishedLines {
  readonly #history: OutputHistory;
  readonly #seeker: PromptSeeker;
  readonly #patterns: CompiledPattern[];
  /** Lines up to here were looked through. */
  #seen: number;
  #hit: Hit | undefined;

  constructor(history: OutputHistory, seeker: PromptSeeker) {
    this.#history = history;
    this.#seeker = seeker;
    this.#patterns = seeker.patterns.filter(({ pattern }) => pattern.finished);
    this.#seen = seeker.from;
  }

  outputCame(): void {
    if (!this.#hit && this.#history.end - this.#seen > BLOCK) this.#look();
  }

  /** @param unfinished the line that is being written counts, too: it may be so for ever */
  find(unfinished: boolean): Hit | undefined {
    if (!this.#hit) this.#look();
    if (!this.#hit && unfinished) this.#look(this.#history.end);
    return this.#hit;
  }

  #look(to = this.#history.lineStart): void {
    const { lineStart, start } = this.#history;
    const reach = Math.max(0, ...this.#patterns.map(({ inLine, reach }) => (inLine ? 0 : reach)));
    const from = Math.max(this.#seeker.from, start, this.#seen - reach);
    const text = this.#history.slice(from, to);
    for (const compiled of this.#patterns) {
      const { anywhere } = compiled;
      for (let at = 0; at <= text.length; ) {
        anywhere.lastIndex = at;
        const groups = anywhere.exec(text);
        if (!groups) break;
        at = groups.index + 1;
        const place = { start: from + groups.index, end: from + groups.index + groups[0].length };
        if (groups[0] === "" || place.end <= this.#seeker.after) continue;
        if (!this.#hit || place.start < this.#hit.start) {
          const line = this.#history.lineAt(Math.max(place.start, place.end - 1));
          this.#hit = { compiled, groups, ...place, line, in: "finished line" };
        }
        break;
      }
    }
    this.#seen = Math.max(this.#seen, lineStart);
  }
}
