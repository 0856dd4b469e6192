import { SteppingClock } from "../base/clock.js";

/**
 * Virtual time in whole milliseconds, as Node's own timers have them. Fractions of today's epoch are not exact, and what
 * waits for "20 ms since then" would wait for the last of them for ever.
 */
export class ReplayClock extends SteppingClock {
  constructor(start: number) {
    super(Math.floor(start));
  }
  override setTimeout(callback: () => void, ms: number): unknown {
    return super.setTimeout(callback, Math.ceil(ms));
  }
  override advanceTo(time: number): void {
    super.advanceTo(Math.ceil(time));
  }
}
