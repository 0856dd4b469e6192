/** All services of a job are handed the same meter of the worker's disk. */
import { expect, test } from "vitest";
import type { DiskMeter } from "../../src/services/disk-meter.js";
import type { Service } from "../../src/services/types.js";
import { runVirtually } from "./virtual-board.js";

/** The meters that two actions of a job were handed. */
async function meters(): Promise<DiskMeter[]> {
  const seen: DiskMeter[] = [];
  const spy = (name: string, data = {}): Service => ({
    name,
    run: async (_input, { meter }) => {
      seen.push(meter);
      return { data };
    },
  });
  const commands = ["setenv autoload no", "booti 0x1 0x2 0x3"];
  const { verdict } = await runVirtually({
    services: {
      "bootloader-substitute": spy("bootloader-substitute", {
        bootloader: { commands },
        overlay: { results_dir: "/lava-7" },
      }),
      "read-feedback": spy("read-feedback"),
    },
  });
  expect(verdict.error).toBeUndefined();
  return seen;
}

test("one meter for all actions of a job, another one for another job", async () => {
  const [first, second] = await meters();
  expect(first).toBeDefined();
  expect(second).toBe(first);
  expect(await meters()).not.toContain(first);
});
