import type { CompiledPattern } from "./compiled-pattern.js";
import { OutputHistory } from "./output-history.js";
import { type Hit, PatternScanner } from "./pattern-scanner.js";
import type { Match } from "./types.js";

/** Output that is read again at a match, characters. */
const READ = 64 * 1024;

/**
 * Reads as one who takes a prompt wherever its text appears, as LAVA does, and who falls behind for it: what it takes for
 * the answer to a command may be the rest of what came before. Tells at each match what such a reader had found in its
 * place, from where it stands.
 */
export class LooseReading {
  readonly #history: OutputHistory;
  /** Offset up to which it has read. */
  #at = 0;
  /** The prompt that it has had already, while another one is looked for here. */
  #content: Hit | undefined;
  /** Something was typed that such a reader would not have typed: where it would stand then is not known. */
  #lost = false;

  constructor(history: OutputHistory) {
    this.#history = history;
  }

  /** Nothing before this offset is read any more. */
  skip(offset: number): void {
    this.#at = Math.max(this.#at, offset);
    this.#content = undefined;
  }

  /** @param own not what the job asks for, but to be given a new prompt, or to erase a line */
  typed(own: boolean): void {
    this.#content = undefined;
    this.#lost ||= own;
  }

  /**
   * What it had found where this was found; undefined when it is the same.
   * @param from where the wait began to look
   */
  at(compiled: CompiledPattern[], hit: Hit, from: number): Match["sooner"] {
    const prompts = compiled.filter(({ pattern }) => pattern.kind === "prompt");
    if (this.#content && prompts.length === compiled.length) return undefined;
    this.#content = undefined;
    const inStep = this.#at >= from && prompts.length === 0;
    const sooner = this.#lost || inStep ? undefined : this.#first(compiled, hit.end);
    this.#lost = false;
    if (!sooner || (sooner.compiled.pattern.index === hit.compiled.pattern.index && sooner.end > hit.start)) {
      this.#at = hit.end;
      return undefined;
    }
    this.#at = sooner.end;
    const { kind, source } = sooner.compiled.pattern;
    const expected = hit.compiled.pattern.kind;
    if (kind === "prompt") this.#content = expected === "pattern" ? sooner : undefined;
    // It waits for the prompt then, too.
    else if (expected === "prompt") this.#at = this.#first(prompts, hit.end)?.end ?? hit.end;
    return { kind, pattern: source };
  }

  /** The prompt that it would go on from now. */
  prompt(compiled: CompiledPattern[]): Hit | undefined {
    const prompts = compiled.filter(({ pattern }) => pattern.kind === "prompt" && pattern.loose);
    if (this.#lost || prompts.length === 0) return undefined;
    const hit = this.#content ?? this.#first(prompts, this.#history.end);
    return hit && { ...hit, line: this.#history.lineAt(Math.max(hit.start, hit.end - 1)), in: "finished line" };
  }

  #first(compiled: CompiledPattern[], to: number): Hit | undefined {
    const base = Math.max(this.#at, to - READ, this.#history.start);
    const text = this.#history.slice(base, to);
    const read = new OutputHistory(text.length);
    read.push(text);
    let first: Hit | undefined;
    const found = (hit: Hit) => {
      first = { ...hit, start: base + hit.start, end: base + hit.end };
    };
    new PatternScanner(read).begin({ patterns: compiled, from: 0, after: -1, origin: 0, found }, true);
    return first;
  }
}
