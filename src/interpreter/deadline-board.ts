import type { Clock } from "../base/clock.js";

interface Armed {
  level: string;
  at: number;
  fire: () => void;
  timer: unknown;
}
const depth = (level: string) => (level === "0" ? 0 : level.split(".").length);

/**
 * Armed deadlines of a job. An action's deadline is often capped by that of the action around it: of those that are
 * due at the same time the innermost fires first, as it names what was really waited for.
 */
export class DeadlineBoard {
  #armed = new Set<Armed>();
  #clock: Clock;
  constructor(clock: Clock) {
    this.#clock = clock;
  }
  /** `at`: ms since the epoch. Returns how to disarm. */
  arm(level: string, at: number, fire: () => void): () => void {
    const armed: Armed = { level, at, fire, timer: undefined };
    this.#armed.add(armed);
    this.#start(armed);
    return () => {
      this.#armed.delete(armed);
      this.#clock.clearTimeout(armed.timer);
    };
  }
  #start(armed: Armed): void {
    armed.timer = this.#clock.setTimeout(() => this.#due(armed), armed.at - this.#clock.now());
  }
  #due(armed: Armed): void {
    if (!this.#armed.has(armed)) return;
    // Real timers count whole milliseconds: one may come a little early.
    const now = Math.max(this.#clock.now(), armed.at);
    const inner = [...this.#armed]
      .filter((other) => other.at <= now)
      .sort((a, b) => depth(b.level) - depth(a.level))[0];
    if (inner && inner !== armed && depth(inner.level) > depth(armed.level)) {
      this.#armed.delete(inner);
      this.#clock.clearTimeout(inner.timer);
      inner.fire();
      if (this.#armed.has(armed)) this.#start(armed);
      return;
    }
    this.#armed.delete(armed);
    armed.fire();
  }
}
