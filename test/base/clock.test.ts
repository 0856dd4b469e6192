import { describe, expect, it, vi } from "vitest";
import { RealClock, SteppingClock } from "../../src/base/clock.js";

describe("SteppingClock", () => {
  it("steps from deadline to deadline, so that timers set on the way fire at their own time", () => {
    const clock = new SteppingClock();
    const fired: number[] = [];
    const again = () => {
      fired.push(clock.now());
      if (fired.length < 3) clock.setTimeout(again, 100);
    };
    clock.setTimeout(again, 100);
    clock.advanceTo(1000);
    expect(fired).toEqual([100, 200, 300]);
    expect(clock.now()).toBe(1000);
  });
  it("fires equal times in the order in which they were set, and not what was cleared", () => {
    const clock = new SteppingClock();
    const fired: string[] = [];
    clock.setTimeout(() => fired.push("a"), 5);
    const b = clock.setTimeout(() => fired.push("b"), 5);
    clock.setTimeout(() => fired.push("c"), 5);
    clock.clearTimeout(b);
    clock.advanceBy(5);
    expect(fired).toEqual(["a", "c"]);
    expect(clock.next()).toBeUndefined();
  });
});

describe("RealClock", () => {
  it("waits longer than Node's timers can (24.8 days)", () => {
    vi.useFakeTimers();
    try {
      const clock = new RealClock();
      const fired = vi.fn();
      clock.setTimeout(fired, 30 * 86_400_000);
      vi.advanceTimersByTime(29 * 86_400_000);
      expect(fired).not.toHaveBeenCalled();
      vi.advanceTimersByTime(86_400_000);
      expect(fired).toHaveBeenCalledOnce();
      const id = clock.setTimeout(fired, 30 * 86_400_000);
      vi.advanceTimersByTime(26 * 86_400_000);
      clock.clearTimeout(id);
      vi.advanceTimersByTime(10 * 86_400_000);
      expect(fired).toHaveBeenCalledOnce();
    } finally {
      vi.useRealTimers();
    }
  });
});
