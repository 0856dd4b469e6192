/** Machines that QEMU starts itself, the other executable, and several jobs at once. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { expectGold } from "../support/gold.js";
import { adaptJob, boardWords, startRealBoard } from "../support/real-board.js";
import { runCli, runWords } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole, testCase, verdicts } from "../support/run-outputs.js";
import { inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";

const folder = makeWorkspace();
afterAll(() => removeWorkspace(folder));
const device = (name: string) => inRoot("device-configs/devices", `${name}.yaml`);

/** Command lines of QEMUs that still run with something below this folder. */
const leftovers = () =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8");
      } catch {
        return "";
      }
    })
    .filter((line) => line.startsWith("qemu-system") && line.includes(folder));

describe.each([
  { name: "qemu-x86_64", console: "ttyS0" },
  { name: "qemu-arm64", console: "ttyAMA0" },
])("jobs/$name.yaml", ({ name, console }) => {
  test("boots kernel and ramdisk with the overlay in it, and its tests report", async () => {
    const output = join(folder, `${name}-out`);
    const run = await runCli(["run", "--device", device(name), "--output-dir", output, adaptJob(folder, name)]);
    const report = expectCompleteOutputs(output);
    expect({ code: run.code, verdict: report.verdict.class, error: report.verdict.error }).toEqual({
      code: 0,
      verdict: "pass",
    });
    expect(verdicts(report, "0_smoke")).toEqual({ kernel: "pass", memory: "pass", audio: "skip" });
    expect(verdicts(report, "1_storage")).toEqual({ write: "pass", read: "pass", zeros: "pass", remove: "pass" });
    expect(testCase(report, "0_smoke", "memory")).toMatchObject({ units: "MiB", measurement: expect.any(Number) });
    expect(readConsole(output)).toContain(`console=${console}`);
    expect(leftovers()).toEqual([]);
  });
});

test("jobs/two-machines.yaml: two machines in one job, their consoles told apart; its recording replays the same", async () => {
  const output = join(folder, "two-machines-out");
  const job = adaptJob(folder, "two-machines");
  const run = await runCli(["run", "--device", device("qemu-x86_64"), "--output-dir", output, job]);
  const report = expectCompleteOutputs(output);
  expect({ code: run.code, error: report.verdict.error }).toEqual({ code: 0, error: undefined });
  expect(verdicts(report, "0_talker")).toEqual({ kernel: "pass" });
  expect(verdicts(report, "0_listener")).toEqual({ kernel: "pass", wait: "pass" });
  const cast = readFileSync(join(output, "console.cast"), "utf8");
  for (const name of ["left", "right"]) expect(cast).toContain(`"m", "console ${name}"`);
  expect(readFileSync(join(output, "logs.yaml"), "utf8")).toMatch(/"lvl": "feedback", "msg": ".*the left one speaks/);
  const replayed = await runCli(["replay", "--job", job, "--device", device("qemu-x86_64"), output]);
  expect(replayed.stdout).toMatch(/^tests +3 pass, as recorded$/m);
  expect(replayed.code).toBe(0);
  expect(leftovers()).toEqual([]);
});

test("lava-run: its flags, its files, its exit code; with the gold-standard job of qemu-x86_64", async () => {
  const output = join(folder, "lava-run-out");
  const words = ["--device", device("qemu-x86_64"), "--output-dir", output, "--job-id", "815", "--skip-sudo-warning"];
  const run = await runCli([...words, adaptJob(folder, "gold/qemu-x86_64")], { program: "lava-run" });
  expectGold(output);
  expect(run.code).toBe(0);
  for (const name of ["logs.yaml", "description.yaml", "result.yaml"])
    expect(existsSync(join(output, name))).toBe(true);
  // Without a server the log lines go to standard error as well, without the list's dash.
  expect(run.stderr).toMatch(/^\{"dt": "[^"]+", "lvl": "\w+", "msg": /m);
});

test("the older command line: --target; with the gold-standard job of qemu-arm64", async () => {
  const output = join(folder, "older-out");
  const job = adaptJob(folder, "gold/qemu-arm64");
  const run = await runCli(["--target", device("qemu-arm64"), job, `--output-dir=${output}`]);
  expect(run.code).toBe(0);
  expectGold(output);
});

test("two jobs at once on two boards, one TFTP root: neither disturbs the other; one is the gold-standard job", async () => {
  const boards = await Promise.all(["one", "two"].map((name) => startRealBoard({ folder, name })));
  try {
    const jobs = ["uboot-arm64", "gold/qemu-arm64-uboot"].map((name) => adaptJob(folder, name));
    const runs = await Promise.all(
      boards.map(async (board, index) => {
        const output = join(folder, `parallel-${index}`);
        const words = runWords(board.device, output, `77${index}`);
        return { ...(await runCli([...words, ...boardWords(board), jobs[index]!])), output };
      }),
    );
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    expect(expectCompleteOutputs(runs[0]!.output).counts).toMatchObject({ pass: 8, skip: 1, fail: 0, unknown: 0 });
    expectGold(runs[1]!.output);
    for (const board of boards) expect(await board.status()).toBe("off");
    // Each job took its own files away again.
    expect(readdirSync(boards[0]!.tftp)).toEqual([]);
  } finally {
    await Promise.all(boards.map((board) => board.destroy()));
  }
});
