import type { SteppingClock } from "../../src/base/clock.js";

/** Lets everything that waits for promises go on. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Moves virtual time from timer to timer until the promise is settled, and gives its value or throws its error.
 * @param limit virtual ms after which the test is told that nothing happened
 */
export async function inVirtualTime<T>(clock: SteppingClock, promise: Promise<T>, limit = 3_600_000): Promise<T> {
  let settled = false;
  const done = () => {
    settled = true;
  };
  promise.then(done, done);
  const end = clock.now() + limit;
  for (;;) {
    await settle();
    if (settled) return promise;
    const next = clock.next();
    if (next === undefined || next > end) throw new Error(`nothing happened until ${next ?? clock.now()} ms`);
    clock.advanceTo(next);
  }
}

/** Moves virtual time on by some ms, timer by timer. */
export async function advance(clock: SteppingClock, ms: number): Promise<void> {
  const end = clock.now() + ms;
  await settle();
  for (let next = clock.next(); next !== undefined && next <= end; next = clock.next()) {
    clock.advanceTo(next);
    await settle();
  }
  clock.advanceTo(end);
  await settle();
}
