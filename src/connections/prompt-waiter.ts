import type { Clock } from "../base/clock.js";
import type { CompiledPattern } from "./compiled-pattern.js";
import { FinishedLines } from "./finished-lines.js";
import type { OutputHistory } from "./output-history.js";
import type { Hit } from "./pattern-scanner.js";
import { type FoundPrompt, PromptFinder } from "./prompt-finder.js";
import type { FinishedLineRule } from "./types.js";

/** Silence that is enough for a line that was a prompt before, ms. */
const PROVEN_SILENCE = 4;
/** What follows the match looks like the rest of a prompt: the silence that is awaited at least, ms. */
const REST_SILENCE = 100;
/** Any other text follows it: it may be a line that is still being written. */
const TEXT_SILENCE = 1000;
/** Where a finished line was the prompt the next one is waited for no longer than so: in silence, and at most, ms. */
const LENIENT = { silence: 500, at: 1000 };

/** Somebody who waits for a prompt. */
export interface PromptSeeker {
  patterns: CompiledPattern[];
  /** Offset from which on the prompt begins. */
  from: number;
  /** Offset after which it ends. */
  after: number;
  /** Only a prompt that the output ends with counts. */
  atEnd?: boolean;
  /** What to do about a prompt that stands in finished lines only. */
  finished?: FinishedLineRule;
  /** What is taken at last when not even a finished line holds one. */
  loose?(): Hit | undefined;
  /** A match in an echo: it is told in place of the prompt, as nothing better came before that. */
  echoed?: Hit;
  found(hit: Hit): void;
}

/**
 * Waits for prompts: they count in the last, unfinished line, after a short silence, and only when they were printed
 * after what was typed last. The silence is that of userspace: lines of the kernel do not interrupt it.
 *
 * A line that was once taken for a prompt after the whole silence needs only a few ms the next time: a conversation of
 * dozens of commands would else spend most of its time in silences.
 */
export class PromptWaiter {
  readonly #history: OutputHistory;
  readonly #finder: PromptFinder;
  readonly #clock: Clock;
  readonly #silence: number;
  readonly #settled: () => void;
  readonly #seekers = new Set<PromptSeeker>();
  readonly #finished = new Map<PromptSeeker, FinishedLines>();
  #timer: unknown;
  #lateTimer: unknown;
  #lastOutput: number;
  /** Offset of the end when something was typed last. */
  #typedAt = 0;
  /** Whether matches of patterns wait for the silence. */
  #held = false;
  /** The last line of userspace while the kernel keeps writing, and since when it is the same. */
  #userLine = { text: "", since: 0 };
  #looked = 0;
  /** The last prompt stood in a finished line: that is how this board shows it, or it is never silent. */
  #lenient = false;

  /** @param settled called when the output was silent and something was held */
  constructor(history: OutputHistory, clock: Clock, silence: number, settled: () => void) {
    this.#history = history;
    this.#finder = new PromptFinder(history);
    this.#clock = clock;
    this.#silence = silence;
    this.#settled = settled;
    this.#lastOutput = clock.now();
  }

  add(seeker: PromptSeeker): void {
    if (seeker.patterns.length === 0 && !seeker.echoed) return;
    this.#seekers.add(seeker);
    const { finished } = seeker;
    if (!finished) return;
    if (this.#lenient)
      seeker.finished = {
        ...finished,
        silence: Math.min(finished.silence, LENIENT.silence),
        at: Math.min(finished.at, finished.since + LENIENT.at),
      };
    this.#finished.set(seeker, new FinishedLines(this.#history, seeker));
    this.#armLate();
  }
  delete(seeker: PromptSeeker): void {
    this.#seekers.delete(seeker);
    this.#finished.delete(seeker);
  }

  /** Something was typed: prompts that stand there now are answered. */
  typed(): void {
    this.#typedAt = this.#history.end;
  }

  outputCame(time: number, held: boolean): void {
    this.#lastOutput = time;
    this.#held = held;
    if (held || this.#seekers.size > 0) this.#arm(Math.min(PROVEN_SILENCE, this.#silence));
    for (const lines of this.#finished.values()) lines.outputCame();
  }

  /** A match waits for silence. */
  hold(): void {
    this.#held = true;
    this.#arm(Math.min(PROVEN_SILENCE, this.#silence));
  }

  /** Somebody new waits: the prompt may have come before. */
  look(): void {
    if (this.#seekers.size > 0) this.#tick();
  }

  end(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#clock.clearTimeout(this.#lateTimer);
    this.#seekers.clear();
    this.#finished.clear();
  }

  /** When the earliest prompt of a finished line is due. */
  #armLate(): void {
    this.#clock.clearTimeout(this.#lateTimer);
    const due = [...this.#finished.keys()].map((seeker) => this.#dueAt(seeker));
    if (due.length === 0) return;
    this.#lateTimer = this.#clock.setTimeout(() => this.#lateTick(), Math.max(1, Math.min(...due) - this.#clock.now()));
  }

  #dueAt({ finished }: PromptSeeker): number {
    if (!finished) return Number.POSITIVE_INFINITY;
    const silent = Math.max(this.#lastOutput, finished.since) + finished.silence;
    // When its time is past, what comes is looked at again after each silence.
    return this.#clock.now() < finished.at ? Math.min(silent, finished.at) : this.#clock.now() + finished.silence;
  }

  #lateTick(): void {
    const now = this.#clock.now();
    for (const [seeker, lines] of [...this.#finished]) {
      const { finished } = seeker;
      if (!finished || (now < finished.at && now < Math.max(this.#lastOutput, finished.since) + finished.silence))
        continue;
      const last = now >= finished.at;
      const hit = seeker.echoed ?? lines.find(last) ?? (last ? seeker.loose?.() : undefined);
      if (!hit) continue;
      this.#lenient = true;
      seeker.found(hit);
    }
    this.#armLate();
  }

  #arm(ms: number): void {
    this.#timer ??= this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#tick();
    }, ms);
  }

  #tick(): void {
    const now = this.#clock.now();
    let quiet = now - this.#lastOutput;
    const short = Math.min(PROVEN_SILENCE, this.#silence);
    if (this.#held && quiet >= this.#silence) {
      this.#held = false;
      this.#settled();
    }
    if (this.#held) this.#arm(Math.max(1, this.#silence - quiet));
    if (this.#seekers.size === 0) return;
    if (quiet < this.#silence && now - this.#looked >= this.#silence) {
      this.#looked = now;
      const text = this.#finder.lastUserLine();
      if (text === "" || text !== this.#userLine.text) this.#userLine = { text, since: this.#lastOutput };
      quiet = Math.max(quiet, now - this.#userLine.since);
    }
    if (quiet < short) {
      this.#arm(short - quiet);
      return;
    }
    let wait: number | undefined;
    for (const seeker of [...this.#seekers]) {
      const prompt = this.#find(seeker);
      if (!prompt) continue;
      const needed = prompt.proven ? short : this.#silenceOf(prompt);
      if (quiet >= needed) {
        if (!prompt.proven) this.#finder.prove(prompt);
        this.#lenient = false;
        seeker.after = prompt.end;
        seeker.found(seeker.echoed ?? prompt);
      } else wait = Math.min(wait ?? needed, needed - quiet);
    }
    // Output that goes on is looked at again: it may be the kernel's only.
    if (wait !== undefined) this.#arm(wait);
    else if (now - this.#lastOutput < this.#silence && this.#seekers.size > 0) this.#arm(this.#silence);
  }

  #silenceOf({ rest }: FoundPrompt): number {
    return Math.max(this.#silence, rest === "none" ? 0 : rest === "prompt" ? REST_SILENCE : TEXT_SILENCE);
  }

  #find(seeker: PromptSeeker): FoundPrompt | undefined {
    return this.#finder.find(seeker.patterns, seeker.from, Math.max(seeker.after, this.#typedAt), seeker.atEnd);
  }

  /** What userspace printed last, without line end, escapes and what the kernel wrote into it. */
  lastUserLine(): string {
    return this.#finder.lastUserLine();
  }
}
