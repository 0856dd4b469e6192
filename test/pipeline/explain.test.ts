import { expect, test } from "vitest";
import { type ExplainedAction, explain } from "../../src/pipeline/explain.js";
import { explainText } from "../../src/pipeline/explain-text.js";
import { expectGolden } from "../definition/golden-problems.js";
import { bootJob, buildFile } from "./pipelines.js";

function find(actions: ExplainedAction[], name: string): ExplainedAction {
  const search = (list: ExplainedAction[]): ExplainedAction[] =>
    list.flatMap((each) => [...(each.name === name ? [each] : []), ...search(each.pipeline ?? [])]);
  return search(actions)[0]!;
}
const seconds = (n: number) => ({ seconds: n });
const explained = (over: Parameters<typeof bootJob>[0], name = "minimal-boot") =>
  find(explain(bootJob(over)).actions, name);

test.each([
  ["uboot-all", "uboot-device"],
  ["qemu-overlays", "qemu-device"],
])("%s, as text", (job, device) => {
  expectGolden(`explain/${job}.txt`, explainText(explain(buildFile(job, device))));
});

test("the JSON form is plain JSON", () => {
  const explanation = explain(buildFile("uboot-bare", "uboot-device"));
  expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation);
});

test("an action has no more time than those around it", () => {
  expect(explained({ block: { timeout: seconds(100), failure_retry: 2 } }, "pdu-reboot")).toMatchObject({
    timeout: { seconds: 100 },
    effective: 50,
    capped_by: "1.2",
  });
  expect(explained({ timeouts: { job: seconds(20) } })).toMatchObject({ effective: 20, capped_by: "0" });
});

test("retries fit when one step of each attempt hangs", () => {
  expect(explained({ block: { timeout: seconds(60), failure_retry: 2 } }).retries).toMatchObject({
    attempts: 2,
    budget: 60,
    longest_step: { seconds: 30 },
    fits: "one-step",
    short_by: 0,
  });
});

test("retries do not fit when a step has more than its share: by how much", () => {
  const over = {
    block: { timeout: seconds(60), failure_retry: 3 },
    timeouts: { actions: { "reset-device": seconds(45) } },
  };
  expect(explained(over).retries).toMatchObject({
    fits: "no",
    longest_step: { name: "reset-device", seconds: 45 },
    short_by: 75,
  });
});

test("an inner retry action inside an attempt does not fit", () => {
  const inner = explained({ block: { timeout: seconds(60), failure_retry: 2 } }, "auto-login-action");
  expect(inner.retries).toMatchObject({ budget: 30, fits: "no", short_by: 30 });
});

test("retries always fit when all steps together are short enough", () => {
  const names = ["connect-device", "reset-device", "auto-login-action"];
  const timeouts = { actions: Object.fromEntries(names.map((name) => [name, seconds(2)])) };
  expect(explained({ block: { timeout: seconds(60), failure_retry: 3 }, timeouts }).retries).toMatchObject({
    fits: "always",
    whole_attempt: 6,
  });
});

test("no word of retries where there are none", () => expect(explained({}).retries).toBeUndefined());

test("the worst case is the sum of the actions, at most the job's timeout", () => {
  const over = { block: { timeout: seconds(50) }, timeouts: { action: seconds(20) } };
  const explanation = explain(bootJob(over));
  expect(explanation.worst_case).toEqual({ seconds: 70, actions: 70, cleanup: 300 });
  expect(explain(bootJob({ ...over, timeouts: { action: seconds(20), job: seconds(40) } })).worst_case).toEqual({
    seconds: 40,
    actions: 60,
    cleanup: 40,
  });
});

test("each block has its strategy, and every other one the condition that refused it", () => {
  const { blocks } = explain(buildFile("uboot-bare", "uboot-device"));
  expect(blocks.map(({ chosen, level }) => [level, chosen])).toEqual([
    ["1", "deploy/tftp"],
    ["2", "boot/u-boot"],
    ["3", "boot/minimal"],
  ]);
  expect(blocks[1]?.refused.find(({ strategy }) => strategy === "boot/qemu")).toMatchObject({
    reason: 'the block boots with "u-boot"',
    location: { file: "machines/boot/qemu.yaml" },
  });
});

test("pauses that leave no time for the last attempt count", () => {
  const block = { timeout: seconds(60), failure_retry: 2, failure_retry_interval: 40 };
  expect(explained({ block }).retries).toMatchObject({ fits: "no", longest_step: { seconds: 30 }, short_by: 11 });
});
