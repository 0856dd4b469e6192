import { expect, test } from "vitest";
import { parse } from "yaml";
import type { Json } from "../../src/base/json.js";
import { describe, describeYaml } from "../../src/pipeline/describe.js";
import { explain } from "../../src/pipeline/explain.js";
import { explainText } from "../../src/pipeline/explain-text.js";
import { build, jobText, nodes } from "./pipelines.js";

/** The same numbers in every run (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const JUNK: Json[] = [
  null,
  true,
  0,
  -1,
  1e12,
  "",
  "x",
  "{{junk}}",
  "$(a)",
  [],
  [null],
  [[[]]],
  {},
  { "": {} },
  { url: 5 },
  "\u0000'\"\n",
];

/** A copy with one random value replaced, removed, or doubled. */
function mutate(value: Json, random: () => number): Json {
  const copy = structuredClone(value);
  let at: Json = copy;
  for (;;) {
    if (typeof at !== "object" || at === null) return JUNK[0]!;
    const map = at as { [key: string]: Json };
    const keys = Object.keys(map);
    if (keys.length === 0) return copy;
    const key = keys[Math.floor(random() * keys.length)]!;
    const next = map[key];
    if (typeof next === "object" && next !== null && random() < 0.75) {
      at = next;
      continue;
    }
    if (random() < 0.2) delete map[key];
    else map[key] = structuredClone(JUNK[Math.floor(random() * JUNK.length)]!);
    return copy;
  }
}

test.each([
  ["uboot-all", "uboot-device"],
  ["uboot-bare", "uboot-device"],
  ["qemu-overlays", "qemu-device"],
])("junk in %s: no crash, and whatever is built can be described and explained", (jobName, deviceName) => {
  const random = numbers(20);
  const [job, device] = [parse(jobText(jobName)), parse(jobText(deviceName))];
  let broken = 0;
  for (let i = 0; i < 100; i++) {
    const [j, d] = random() < 0.7 ? [mutate(job, random), device] : [job, mutate(device, random)];
    const pipeline = build(JSON.stringify(j), JSON.stringify(d));
    const what = () => `${JSON.stringify(j)}\n${JSON.stringify(d)}`;
    expect(pipeline.actions.at(-1)?.name, what()).toBe("finalize");
    expect(parse(describeYaml(describe(pipeline))).pipeline, what()).toEqual(describe(pipeline));
    expect(explainText(explain(pipeline))).toContain("finalize");
    for (const { timeout, maxRetries } of nodes(pipeline.actions)) {
      expect(timeout.seconds).toBeGreaterThanOrEqual(0);
      expect(Number.isInteger(timeout.seconds) && Number.isInteger(maxRetries) && maxRetries >= 1).toBe(true);
    }
    if (pipeline.problems.length + pipeline.validation.length > 0) broken++;
  }
  // Most mutations hurt: were there no problems at all, nothing would have been checked.
  expect(broken).toBeGreaterThan(20);
});
