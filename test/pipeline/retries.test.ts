import { expect, test } from "vitest";
import { action, bootJob } from "./pipelines.js";

const boot = (over: Parameters<typeof bootJob>[0]) => action(bootJob(over), "minimal-boot");
const constants = (failure_retry: unknown, boot_retry: unknown = null) => ({
  device: { constants: { failure_retry, boot_retry } } as never,
});

test.each([
  ["one attempt", {}, 1],
  ["the block's failure_retry", { block: { failure_retry: 4 } }, 4],
  ["the device's constant", constants(3), 3],
  ["a constant of zero counts as one", constants(0), 1],
  ["an empty constant counts as one", constants(null), 1],
  ["a constant may be a text", constants("2"), 2],
  ["in boot blocks, boot_retry replaces the constant", constants(3, 2), 2],
  ["the block's failure_retry stands over both", { ...constants(3, 2), block: { failure_retry: 5 } }, 5],
  ["repeat stands over the constants", { ...constants(3, 2), block: { repeat: 6 } }, 6],
  [
    "the job's context stands over the device's constant",
    { ...constants(3), job: { context: { failure_retry: 7 } } },
    7,
  ],
  ["a device without constants", { device: { constants: null } as never }, 1],
])("%s", (_, over, attempts) => {
  const pipeline = bootJob(over as never);
  expect(pipeline.problems).toEqual([]);
  expect(action(pipeline, "minimal-boot").maxRetries).toBe(attempts);
});

test("boot_retry is for boot blocks only", () => {
  const definitions = [{ from: "inline", name: "a", path: "a", repository: {} }];
  const pipeline = bootJob({ ...constants(1, 5), job: { actions: [{ test: { definitions } }] } });
  expect(action(pipeline, "lava-test-retry").maxRetries).toBe(1);
});

test("every retry action of the block has them: nested ones multiply; other actions have one attempt", () => {
  const pipeline = bootJob({ block: { failure_retry: 3 } });
  expect(action(pipeline, "auto-login-action").maxRetries).toBe(3);
  expect(action(pipeline, "reset-device").maxRetries).toBe(1);
  expect(action(pipeline, "finalize").maxRetries).toBe(1);
});

test("interval: one second, or what the block says", () => {
  expect(boot({}).retryInterval).toBe(1);
  expect(boot({ block: { failure_retry_interval: 9 } }).retryInterval).toBe(9);
  expect(boot({ block: { repeat: 2 } })).toMatchObject({ repeat: true, retryInterval: 1 });
});

test("repeat and failure_retry exclude each other", () => {
  const { problems } = bootJob({ block: { repeat: 2, failure_retry: 2 } });
  expect(problems).toMatchObject([
    { message: expect.stringContaining("exclude each other"), location: { file: "job.yaml" } },
  ]);
});

test.each([0, -1, 0.5, "many", true, [2]])("failure_retry: %j is a problem", (failure_retry) => {
  const { problems } = bootJob({ block: { failure_retry } as never });
  expect(problems).toMatchObject([{ message: expect.stringContaining("`failure_retry`") }]);
});

test("a device with constants lacks the key: a configuration error (spec device.md §2)", () => {
  const { problems } = bootJob({ device: { constants: { failure_retry: 1 } } });
  expect(problems).toMatchObject([
    { errorClass: "ConfigurationError", message: expect.stringContaining("boot_retry") },
  ]);
});
