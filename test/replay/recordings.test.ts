import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { expect, test } from "vitest";
import { RealClock } from "../../src/base/clock.js";
import { loadReplay, replayLoaded } from "../../src/cli/execute-replay-inputs.js";
import { compareGolden, goldenOf, goldenText, parseGolden } from "../../src/replay/golden.js";
import { goldenFile } from "../../src/replay/recording-folders.js";
import { cwd, RECORDINGS, recordings, toldBy } from "./recordings-of-tests.js";

const names = recordings();

test("there are recordings of every machine that is emulated, and of every failure", () => {
  expect(names.map((name) => basename(name))).toEqual([
    "cancel",
    "ipxe-x86_64",
    "kernel-hang",
    "lost-command",
    "missed-autoboot",
    "panic",
    "qemu-arm64",
    "qemu-x86_64",
    "reboot-in-test",
    "split-signal",
    "two-machines",
    "uboot-arm64",
    "wrong-prompt",
  ]);
});

// What a change of machines/ changes here: lava-dispatch replay --against test/recordings
test.each(names)("%s ends as its run did, on the way of its golden trace", async (name) => {
  const loaded = await loadReplay(name, {}, { cwd });
  const { recording } = loaded;
  const result = await replayLoaded(loaded, { version: "test", clock: new RealClock() }, {});
  const { verdict, divergence, status } = result;
  expect({ divergence, status }).toEqual({ divergence: undefined, status: "ended" });
  const recorded = recording.facts.verdict;
  expect(verdict?.result).toBe(recorded?.result);
  expect(verdict?.error?.class).toBe(recorded?.error?.class);
  expect(verdict?.error?.level).toBe(recorded?.error?.level);
  const file = goldenFile(name);
  if (process.env.UPDATE_GOLDEN || !existsSync(file)) writeFileSync(file, goldenText(result));
  expect(compareGolden(parseGolden(readFileSync(file, "utf8"), file), goldenOf(result))).toBeUndefined();
});

test("the same recording gives the same trace, byte for byte: journal, log and console", async () => {
  const first = await toldBy(`${RECORDINGS}/panic`);
  const second = await toldBy(`${RECORDINGS}/panic`);
  expect(first.events.length).toBeGreaterThan(1000);
  expect(second.text).toBe(first.text);
});
