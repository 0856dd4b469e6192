/**
 * Time comes in through this door: the two methods of XState's own clock, and `now`.
 * Delays and times are milliseconds; `now` counts from the Unix epoch.
 */
export interface Clock {
  now(): number;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(id: unknown): void;
}

/** Node's timers fire at once above this (24.8 days); the clocks chain instead. */
const LONGEST = 2 ** 31 - 1;

const monotonic = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Wall-clock time as it was when the process began, running on steadily, to the microsecond. Delays of any length work. */
export class RealClock implements Clock {
  readonly #origin = Date.now() - monotonic();
  now(): number {
    return Math.round((this.#origin + monotonic()) * 1000) / 1000;
  }
  setTimeout(callback: () => void, ms: number): unknown {
    const handle: { timer?: NodeJS.Timeout } = {};
    const arm = (left: number) => {
      const step = Math.min(left, LONGEST);
      handle.timer = setTimeout(() => (left > step ? arm(left - step) : callback()), Math.max(0, step));
    };
    arm(ms);
    return handle;
  }
  clearTimeout(id: unknown): void {
    clearTimeout((id as { timer?: NodeJS.Timeout } | undefined)?.timer);
  }
}

/** Virtual time: steps from deadline to deadline; equal times fire in the order they were set. */
export class SteppingClock implements Clock {
  #now: number;
  #order = 0;
  #timers = new Map<number, { at: number; callback: () => void }>();
  constructor(start = 0) {
    this.#now = start;
  }
  now(): number {
    return this.#now;
  }
  setTimeout(callback: () => void, ms: number): unknown {
    const id = ++this.#order;
    this.#timers.set(id, { at: this.#now + Math.max(0, ms), callback });
    return id;
  }
  clearTimeout(id: unknown): void {
    this.#timers.delete(id as number);
  }
  /** Time of the next timer, or undefined. */
  next(): number | undefined {
    let next: number | undefined;
    for (const { at } of this.#timers.values()) if (next === undefined || at < next) next = at;
    return next;
  }
  /** Moves to `time`, firing each timer on the way at its own time. */
  advanceTo(time: number): void {
    for (let at = this.next(); at !== undefined && at <= time; at = this.next()) {
      this.#now = Math.max(this.#now, at);
      const due = [...this.#timers].filter(([, timer]) => timer.at <= this.#now).sort(([a], [b]) => a - b)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      due[1].callback();
    }
    this.#now = Math.max(this.#now, time);
  }
  advanceBy(ms: number): void {
    this.advanceTo(this.#now + ms);
  }
}
