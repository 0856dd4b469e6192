import type { Clock } from "../base/clock.js";

/** Tells those who wait when output came or the line ended. */
export class OutputChanges {
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(listener: () => void): void {
    this.#listeners.add(listener);
  }
  delete(listener: () => void): void {
    this.#listeners.delete(listener);
  }

  tell(): void {
    if (this.#listeners.size > 0) for (const listener of [...this.#listeners]) listener();
  }

  /** Resolves at the next change or after `ms`; rejects with the signal's reason. */
  next(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (settle: () => void) => {
        this.#clock.clearTimeout(timer);
        this.#listeners.delete(changed);
        signal?.removeEventListener("abort", aborted);
        settle();
      };
      const changed = () => done(resolve);
      const aborted = () => done(() => reject(signal?.reason));
      const timer = this.#clock.setTimeout(changed, ms);
      this.#listeners.add(changed);
      signal?.addEventListener("abort", aborted, { once: true });
    });
  }
}
