import { expect, test } from "vitest";
import type { JsonMap } from "../../src/base/json.js";
import { action, bootJob, build, jobText } from "./pipelines.js";

/** Timeout of reset-device: a child of the retry action minimal-boot, itself with a child. */
const timeoutOf = (over: Parameters<typeof bootJob>[0], name = "reset-device") => action(bootJob(over), name).timeout;
const seconds = (n: number) => ({ seconds: n });

test("step 0: the default, or the action's own", () => {
  expect(timeoutOf({})).toMatchObject({ seconds: 30, rule: "default", chain: [{ seconds: 30 }] });
});

test("step 1: the job's timeouts.action", () => {
  expect(timeoutOf({ timeouts: { action: seconds(100) } })).toMatchObject({
    seconds: 100,
    rule: "job timeouts.action",
  });
});

test("step 2: the device's, by name", () => {
  const device = { timeouts: { actions: { "reset-device": seconds(70) } } };
  expect(timeoutOf({ device, timeouts: { action: seconds(100) } })).toMatchObject({
    seconds: 70,
    rule: 'device timeouts.actions["reset-device"]',
    location: { file: "device.yaml" },
  });
});

test("step 3: the block's timeout wipes the device's", () => {
  const device = { timeouts: { actions: { "reset-device": seconds(70) } } };
  expect(timeoutOf({ device, block: { timeout: { minutes: 3 } } })).toMatchObject({
    seconds: 180,
    rule: "block timeout",
    location: { file: "job.yaml" },
  });
});

test("step 4: a direct child of a retry action gets its share, rounded down; grandchildren do not", () => {
  const over = { block: { timeout: seconds(100), failure_retry: 3 } };
  expect(timeoutOf(over, "minimal-boot").seconds).toBe(100);
  expect(timeoutOf(over)).toMatchObject({ seconds: 33, rule: "parent minimal-boot: 100 s / 3 retries" });
  expect(timeoutOf(over, "pdu-reboot")).toMatchObject({ seconds: 100, rule: "block timeout" });
});

test("step 5: the job's, by name, stands over the share", () => {
  const over = {
    block: { timeout: seconds(100), failure_retry: 2 },
    timeouts: { actions: { "reset-device": seconds(80) } },
  };
  expect(timeoutOf(over)).toMatchObject({ seconds: 80, rule: 'job timeouts.actions["reset-device"]' });
});

test("step 6: the block's, by name, stands over all", () => {
  const over = {
    block: { timeout: seconds(100), timeouts: { "reset-device": seconds(90) } },
    timeouts: { actions: { "reset-device": seconds(80) } },
  };
  const timeout = timeoutOf(over);
  expect(timeout).toMatchObject({ seconds: 90, rule: 'block timeouts["reset-device"]' });
  expect(timeout.chain.map((step) => step.seconds)).toEqual([30, 100, 80, 90]);
  expect(timeout.location).toEqual(timeout.chain.at(-1)?.location);
});

test("units add up, whole seconds count, and a sum of nothing is the default", () => {
  const of = (timeout: object) => timeoutOf({ block: { timeout } as never }).seconds;
  expect(of({ days: 1, hours: 1, minutes: 1, seconds: 1 })).toBe(90061);
  expect(of({ seconds: 1.9 })).toBe(1);
  expect(of({ minutes: 0 })).toBe(30);
  expect(of({ skip: true })).toBe(30);
});

test("junk is a problem and counts as not given", () => {
  for (const timeout of ["5m", 300, ["minutes"], { minutes: "five" }] as never[]) {
    const pipeline = bootJob({ block: { timeout }, timeouts: { action: seconds(44) } });
    expect(pipeline.problems, JSON.stringify(timeout)).toHaveLength(1);
    expect(pipeline.problems[0]?.location?.file).toBe("job.yaml");
  }
});

test("the job's timeout is asked for", () => {
  expect(bootJob().jobTimeout).toMatchObject({ seconds: 7200, rule: "job timeouts.job" });
  const { jobTimeout, problems } = bootJob({ job: { timeouts: {} } });
  expect(jobTimeout.seconds).toBe(30);
  expect(problems).toMatchObject([{ severity: "error", message: expect.stringContaining("timeouts.job") }]);
});

test("an action that may outlast the job is a warning, told once for each rule", () => {
  const { problems } = bootJob({ timeouts: { job: seconds(60), action: seconds(90) } });
  expect(problems.every(({ severity }) => severity === "warning")).toBe(true);
  expect(problems[0]?.message).toMatch(/minimal-boot, 90 s \(job timeouts\.action\).*60 s/);
});

test("connection timeouts: block, job, device by name, job by name", () => {
  const of = (over: Parameters<typeof bootJob>[0]) => action(bootJob(over), "connect-device").connectionTimeout;
  const device = { timeouts: { connections: { "connect-device": seconds(13) } } };
  expect(of({})).toMatchObject({ seconds: 30, rule: "default" });
  expect(of({ block: { connection_timeout: seconds(11) } })).toMatchObject({
    seconds: 11,
    rule: "block connection_timeout",
  });
  expect(of({ block: { connection_timeout: seconds(11) }, timeouts: { connection: seconds(12) } }).seconds).toBe(12);
  expect(of({ timeouts: { connection: seconds(12) }, device })).toMatchObject({
    seconds: 13,
    location: { file: "device.yaml" },
  });
  expect(of({ device, timeouts: { connections: { "connect-device": seconds(14) } } }).seconds).toBe(14);
});

test("`skip` is known to every action of the block", () => {
  expect(action(bootJob({ block: { timeout: { seconds: 5, skip: true } } }), "pdu-reboot").skipOnTimeout).toBe(true);
  expect(action(bootJob({ block: { timeout: { seconds: 5, skip: 1 } } }), "pdu-reboot").skipOnTimeout).toBe(false);
});

test("a command has its block's timeout where the job and the device say nothing (trait block_timeouts)", () => {
  const command = { name: "relay", timeout: seconds(77), timeouts: { "user-command": seconds(78) } };
  const of = (timeouts: JsonMap) =>
    action(
      build({ timeouts: { job: { hours: 1 }, ...timeouts }, actions: [{ command }] }, jobText("uboot-device")),
      "user-command",
    ).timeout;
  expect(of({})).toMatchObject({ seconds: 77, rule: "block timeout", location: { line: expect.any(Number) } });
  expect(of({ action: seconds(40) })).toMatchObject({ seconds: 40, rule: "job timeouts.action" });
  expect(of({ actions: { "user-command": seconds(41) } })).toMatchObject({ seconds: 41 });
});
