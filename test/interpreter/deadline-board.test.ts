import { expect, it } from "vitest";
import { SteppingClock } from "../../src/base/clock.js";
import { DeadlineBoard } from "../../src/interpreter/deadline-board.js";

it("fires the innermost of the deadlines that are due together, whatever their order of arming", () => {
  const clock = new SteppingClock();
  const board = new DeadlineBoard(clock);
  const fired: string[] = [];
  for (const level of ["0", "1", "1.2", "1.2.3"]) board.arm(level, 100, () => fired.push(`${level}@${clock.now()}`));
  clock.advanceTo(99);
  expect(fired).toEqual([]);
  clock.advanceTo(200);
  expect(fired).toEqual(["1.2.3@100", "1.2@100", "1@100", "0@100"]);
});

it("does not fire what the innermost one has disarmed", () => {
  const clock = new SteppingClock();
  const board = new DeadlineBoard(clock);
  const fired: string[] = [];
  const disarm = board.arm("1", 100, () => fired.push("1"));
  board.arm("1.1", 100, () => {
    fired.push("1.1");
    disarm();
  });
  clock.advanceTo(500);
  expect(fired).toEqual(["1.1"]);
});

it("fires a deadline that was already past when it was armed: a resumed job has used up its time", () => {
  const clock = new SteppingClock(1000);
  const fired: string[] = [];
  new DeadlineBoard(clock).arm("1", 10, () => fired.push("late"));
  clock.advanceBy(0);
  expect(fired).toEqual(["late"]);
});

it("fires the innermost one first also when a timer comes early, as Node's do by a part of a millisecond", () => {
  let now = 0;
  const timers: (() => void)[] = [];
  const clock = { now: () => now, setTimeout: (callback: () => void) => timers.push(callback), clearTimeout: () => {} };
  const board = new DeadlineBoard(clock);
  const fired: string[] = [];
  const disarm = board.arm("1", 100.7, () => fired.push("1"));
  board.arm("1.1", 100.7, () => {
    fired.push("1.1");
    disarm();
  });
  now = 100;
  for (const callback of timers.splice(0)) callback();
  expect(fired).toEqual(["1.1"]);
});
