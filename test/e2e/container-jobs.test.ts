/** Containers of a real engine, where one answers: as the device, and beside it. */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { findProgram } from "../../src/services/programs.js";
import { runCli, runWords } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole, verdicts } from "../support/run-outputs.js";
import { makeWorkspace, removeWorkspace } from "../support/workspace.js";

const IMAGE = `lava-dispatch-test-${process.pid}:latest`;
const engineAnswers = () =>
  spawnSync("docker", ["info", "--format", "{{.ServerVersion}}"], { timeout: 20_000, stdio: "ignore" }).status === 0;
const why = !findProgram("docker", process.env)
  ? "docker is not installed"
  : engineAnswers()
    ? undefined
    : "no container engine answers";
if (why) console.warn(`container-jobs: skipped: ${why}`);

describe.skipIf(why !== undefined)("containers", () => {
  const folder = makeWorkspace();
  const docker = (...words: string[]) => execFileSync("docker", words, { encoding: "utf8", stdio: "pipe" });
  const busybox = () => findProgram("busybox", process.env) as string;

  beforeAll(() => {
    const root = join(folder, "root");
    for (const name of ["bin", "etc", "root", "tmp"]) mkdirSync(join(root, name), { recursive: true });
    cpSync(busybox(), join(root, "bin/busybox"));
    for (const name of execFileSync(busybox(), ["--list"], { encoding: "utf8" }).split("\n").filter(Boolean))
      if (name !== "busybox") symlinkSync("busybox", join(root, "bin", name));
    writeFileSync(join(root, "bin/bash"), "#!/bin/sh\nexec /bin/sh -i\n", { mode: 0o755 });
    execFileSync("tar", ["-C", root, "-cf", join(folder, "image.tar"), "."]);
    docker("import", join(folder, "image.tar"), IMAGE);
  });
  afterAll(() => {
    spawnSync("docker", ["image", "rm", "--force", IMAGE], { stdio: "ignore" });
    removeWorkspace(folder);
  });

  const tests = (name: string, ...steps: string[]) => [
    {
      from: "inline",
      name,
      path: `${name}.yaml`,
      repository: { metadata: { format: "Lava-Test Test Definition 1.0", name }, run: { steps } },
    },
  ];

  /** A job whose device is a container of this image. */
  async function run(name: string, image: string, ...blocks: object[]) {
    const device = join(folder, "device.yaml");
    const posix = {
      lava_test_sh_cmd: "/bin/sh",
      lava_test_results_dir: "/lava-%s",
      lava_test_shell_file: "~/.profile",
    };
    const methods = { docker: { options: { cpus: 1, memory: "128m", volumes: [] } } };
    writeFileSync(
      device,
      stringify({
        constants: { failure_retry: 1, boot_retry: null, "kernel-start-message": "", posix },
        parameters: {},
        actions: {
          deploy: { methods: { docker: { options: {} } }, connections: {} },
          boot: { methods, connections: {} },
        },
        timeouts: { actions: {}, connections: {} },
      }),
    );
    const job = join(folder, `${name}.yaml`);
    writeFileSync(
      job,
      stringify({
        device_type: "docker",
        job_name: name,
        visibility: "public",
        timeouts: { job: { minutes: 3 }, action: { minutes: 1 }, connection: { seconds: 30 } },
        actions: [
          { deploy: { to: "docker", os: "oe", image: { name: image, local: true } } },
          { boot: { method: "docker", command: "/bin/sh", prompts: ["/ # "] } },
          ...blocks,
        ],
      }),
    );
    const output = join(folder, `${name}-out`);
    const { code } = await runCli([...runWords(device, output, `${process.pid}`), job]);
    const left = docker("ps", "--all", "--filter", `name=${process.pid}`, "--format", "{{.Names}}");
    return { code, left, output, report: expectCompleteOutputs(output) };
  }

  test("one is the device, another runs tests beside it; none is left", async () => {
    const { code, left, output, report } = await run(
      "two",
      IMAGE,
      { test: { definitions: tests("inside", 'lava-test-case host --shell test "$(hostname)" = lava') } },
      {
        test: {
          docker: { image: IMAGE, local: true },
          definitions: tests("beside", 'lava-test-case other --shell test "$(hostname)" != lava'),
        },
      },
    );
    expect(report.verdict).toMatchObject({ class: "pass" });
    expect(verdicts(report, "0_inside")).toEqual({ host: "pass" });
    expect(verdicts(report, "1_beside")).toEqual({ other: "pass" });
    expect(readConsole(output)).toContain("/ # ");
    expect({ code, left }).toEqual({ code: 0, left: "" });
  });

  test("an image that is not here is an InfrastructureError with the engine's words", async () => {
    const { code, report } = await run("missing", "lava-dispatch-no-such:1");
    expect(report.verdict.error).toMatchObject({ class: "InfrastructureError", action: "deploy-docker" });
    expect(report.verdict.error?.message).toMatch(/no such (image|object)/i);
    expect(code).toBe(3);
  });
});
