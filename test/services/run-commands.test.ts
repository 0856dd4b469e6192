import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCommands } from "../../src/services/run-commands.js";
import { type TestContext, testContext } from "./service-context.js";

let context: TestContext;
beforeEach(() => {
  context = testContext();
  writeFileSync(join(context.paths.deviceDir, "power"), `#!/bin/sh\necho "$# arguments: $*"; pwd; [ "$1" != fail ]\n`, {
    mode: 0o755,
  });
});
afterEach(() => context.cleanup());

test("commands run one after the other, from the device's folder, and are logged as LAVA does", async () => {
  const result = await context.use(runCommands, {
    commands: ["./power off 'port 1'", "./power on"],
    required: true,
    label: "hard_reset",
    extra: { status: "success" },
  });
  expect(result).toEqual({ extra: { status: "success" } });
  expect(context.log.lines.map(({ message }) => message)).toEqual([
    "Calling: ['./power', 'off', 'port 1']",
    ">> 2 arguments: off port 1",
    `>> ${context.paths.deviceDir}`,
    "Returned 0 in 0 seconds",
    "Calling: ['./power', 'on']",
    ">> 1 arguments: on",
    `>> ${context.paths.deviceDir}`,
    "Returned 0 in 0 seconds",
  ]);
});

test("a power command that fails is an InfrastructureError; what follows it does not run", async () => {
  const run = context.use(runCommands, {
    commands: ["./power fail", "./power on"],
    required: true,
    label: "hard_reset",
  });
  await expect(run).rejects.toMatchObject({
    name: "InfrastructureError",
    message: expect.stringContaining("Unable to run: ['./power', 'fail'] returned 1"),
    advice: expect.stringContaining("./power fail"),
  });
  expect(context.log.text()).toContain("Returned 1 in 0 seconds");
  expect(context.log.text()).not.toContain("'on'");
});

test("the message about a power command that fails is LAVA's; the advice says how it failed", async () => {
  const run = context.use(runCommands, {
    commands: ["./power fail"],
    required: true,
    label: "power_off",
    failure: "Unable to power-off",
    advice: "The board may still be on.",
  });
  await expect(run).rejects.toMatchObject({
    name: "InfrastructureError",
    message: "Unable to power-off: './power fail' failed",
    advice: expect.stringMatching(/returned 1.*The board may still be on\. Run it by hand.*\.\/power fail/),
  });
});

test("a missing power program is an InfrastructureError", async () => {
  const run = context.use(runCommands, { commands: "./no-such-power off", required: true, label: "power_off" });
  await expect(run).rejects.toMatchObject({
    name: "InfrastructureError",
    message: expect.stringContaining("./no-such-power"),
  });
  const programs = runCommands.programs?.({ input: { commands: ["./a b", "c 'd'"] }, device: {}, parameters: {} });
  expect(programs).toEqual(["./a", "c"]);
});

test("no command: an error only where one is required", async () => {
  expect(await context.use(runCommands, { commands: [], required: false, label: "power_off" })).toBeUndefined();
  expect(await context.use(runCommands, { commands: null, label: "power_off" })).toBeUndefined();
  const required = { commands: [], required: true, label: "hard_reset" };
  await expect(context.use(runCommands, required)).rejects.toMatchObject({ name: "InfrastructureError" });
  expect(await runCommands.validate?.(required, context)).toMatchObject([
    { name: "InfrastructureError", message: "The device has no command for hard_reset" },
  ]);
  expect(await runCommands.validate?.({ required: true }, context)).toEqual([]);
});

test("shell signs are plain text", async () => {
  await context.use(runCommands, {
    commands: ["./power $HOME `id` | cat > /tmp/x ; true"],
    required: true,
    label: "x",
  });
  expect(context.log.text()).toContain(">> 8 arguments: $HOME `id` | cat > /tmp/x ; true");
});

test("the error's class can be chosen", async () => {
  const run = context.use(runCommands, { commands: ["false"], label: "x", error: "JobError" });
  await expect(run).rejects.toMatchObject({ name: "JobError" });
});
