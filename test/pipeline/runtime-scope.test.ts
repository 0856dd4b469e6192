import { expect, test } from "vitest";
import { runtimeScope } from "../../src/pipeline/runtime-scope.js";
import { evaluateCel } from "../../src/strategies/cel.js";
import { renderText } from "../../src/strategies/text.js";
import { action, buildFile, nodes } from "./pipelines.js";

const live = { data: { tftp: { directory: "/srv/t" } }, all_data: { common: {} }, attempt: 2, connected: true };

test("an expression sees the action, the block, the job, the device, and the live data (docs/machines.md)", () => {
  const pipeline = buildFile("uboot-all", "uboot-device");
  const scope = runtimeScope(action(pipeline, "login-action"), pipeline, {
    ...live,
    context: { index: 1 },
    match: { text: "m" },
  });
  const values: [string, unknown][] = [
    ["action", "login-action"],
    ["ns", "common"],
    ["section", "boot"],
    ["job_id", "7"],
    ["parameters.auto_login.username", "root"],
    ["job.job_name", "everything over tftp"],
    ["device.hostname", "bench-1"],
    ['constants["u-boot"]["final-message"]', "Starting kernel"],
    ["deployment_data.distro", "debian"],
    ["traits.has_shell", true],
    ["size(tests)", 3],
    ["keys(methods.boot)", ["minimal", "u-boot"]],
    ["timeout", 50],
    ["data.tftp.directory", "/srv/t"],
    ["attempt", 2],
    ["connected", true],
    ["context.index + 1", 2],
    ["match.text", "m"],
  ];
  for (const [expression, value] of values) expect(evaluateCel(expression, scope), expression).toEqual(value);
  expect(renderText("{{namespace}}/{{level}}", scope)).toMatch(/^common\/2\.4\./);
});

test("arguments of fragments and loop variables are there", () => {
  const pipeline = buildFile("uboot-all", "uboot-device");
  const keys = [...nodes(pipeline.actions)]
    .filter(({ name }) => name === "download-retry")
    .map((node) => evaluateCel("key", runtimeScope(node, pipeline, live)));
  expect(keys).toEqual(["url_repo", "ramdisk", "kernel", "dtb", "modules", "dtbo0", "dtbo1", "firmware"]);
});
