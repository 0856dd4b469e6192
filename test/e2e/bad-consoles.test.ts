/** Consoles, power switches and disks that go wrong: the right class, one clear sentence, power off, complete results. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootBlock, type FakeBoardOptions, playShell, startFakeBoard, writeJob } from "../support/fake-board.js";
import { makeFullFile } from "../support/full-file.js";
import { runCli, runWords, startCli, until } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole, readLog } from "../support/run-outputs.js";
import { inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";

const folder = makeWorkspace();
afterAll(() => removeWorkspace(folder));

async function runOn(
  board: Omit<FakeBoardOptions, "folder">,
  actions: unknown[],
  more: { env?: NodeJS.ProcessEnv; before?: (output: string) => void } = {},
) {
  const fake = await startFakeBoard({ folder, ...board });
  const job = writeJob(folder, board.name, { actions });
  const output = join(folder, `${board.name}-out`);
  mkdirSync(output, { recursive: true });
  more.before?.(output);
  const tftp = join(folder, "tftp");
  const words = [...runWords(fake.device, output, "1"), "--tftp-root", tftp, job];
  const running = startCli(words, more.env ? { env: more.env } : {});
  let peak = 0;
  const sample = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${running.child.pid}/status`, "utf8");
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // It has just ended.
    }
  }, 50);
  const result = await running.done;
  clearInterval(sample);
  const power = fake.power();
  await fake.close();
  return { ...result, output, power, peak };
}

describe("a console that goes wrong", () => {
  test("works when it does not: the yardstick for the others", async () => {
    const run = await runOn({ name: "well", play: playShell }, [bootBlock(20)]);
    expect(run.stderr).toBe("");
    const report = expectCompleteOutputs(run.output);
    expect(report.verdict).toMatchObject({ class: "pass", result: "pass" });
    expect(run.code).toBe(0);
    expect(run.power).toEqual(["reset", "off"]);
  });

  test("closes in the middle of the boot: ConnectionClosedError, an infrastructure fault", async () => {
    const run = await runOn(
      { name: "closes", play: (console) => void console.end("Booting...\r\n[    0.5] half a li") },
      [bootBlock(20)],
    );
    const report = expectCompleteOutputs(run.output);
    expect(report.verdict.error).toMatchObject({ class: "ConnectionClosedError", type: "Infrastructure" });
    expect(report.verdict.class).toBe("infrastructure");
    expect(run.code).toBe(3);
    expect(run.power.at(-1)).toBe("off");
    expect(readConsole(run.output)).toContain("half a li");
  });

  test("floods 100 MB without a newline: bounded memory, the timeout is the error", async () => {
    const chunk = Buffer.alloc(1 << 20, "x");
    const run = await runOn(
      {
        name: "floods",
        play: (console) => {
          const flood = Readable.from(Array.from({ length: 100 }, () => chunk));
          flood.pipe(console, { end: false });
        },
      },
      [bootBlock(30)],
    );
    const report = expectCompleteOutputs(run.output);
    expect(report.verdict).toMatchObject({
      class: "job",
      error: { class: "JobError", message: expect.stringContaining("timed out") },
    });
    expect(run.code).toBe(2);
    expect(run.power.at(-1)).toBe("off");
    // Bare Node takes 45 MB; a log kept in memory would take hundreds.
    expect(run.peak).toBeLessThan(300);
  });

  test("sends invalid UTF-8: shown as replacement characters, and the job goes on", async () => {
    const run = await runOn(
      {
        name: "garbage",
        play: (console) => {
          console.write(
            Buffer.from([0xff, 0xff, 0xfe, 0x41, 0xc3, 0x28, 0xe2, 0x82, 0x0d, 0x0a, 0x00, 0x80, 0x0d, 0x0a]),
          );
          playShell(console);
        },
      },
      [bootBlock(20)],
    );
    expectCompleteOutputs(run.output);
    expect(run.code).toBe(0);
    expect(readLog(run.output).some((line) => line.lvl === "target" && String(line.msg).includes("\ufffd"))).toBe(true);
  });
});

describe("a power switch that fails", () => {
  test("hard_reset: an infrastructure fault that names the command, and power_off is still tried", async () => {
    const run = await runOn({ name: "no-reset", play: playShell, commands: { hard_reset: "false --outlet 7" } }, [
      bootBlock(20),
    ]);
    const report = expectCompleteOutputs(run.output);
    expect(report.verdict.error).toMatchObject({
      class: "InfrastructureError",
      message: expect.stringContaining("false"),
    });
    expect(run.code).toBe(3);
    expect(run.power).toEqual(["off"]);
  });

  test("power_off at the end of a good job: the job stays what it was, the lab fault is booked and told", async () => {
    const run = await runOn({ name: "no-off", play: playShell, commands: { power_off: "false" } }, [bootBlock(20)]);
    const report = expectCompleteOutputs(run.output);
    expect(report.verdict.further).toContainEqual(
      expect.objectContaining({ type: "Infrastructure", message: "Unable to power-off: 'false' failed" }),
    );
    expect(report.suites.find(({ name }) => name === "lava")?.cases).toContainEqual(
      expect.objectContaining({ name: "power-off", result: "fail" }),
    );
    expect(report.verdict.class).toBe("pass");
    expect(run.code).toBe(0);
  });

  test("a program that does not exist is found out before anything is switched", async () => {
    const run = await runOn({ name: "no-program", play: playShell, commands: { hard_reset: "/no/such/pdu reset" } }, [
      bootBlock(20),
    ]);
    const report = expectCompleteOutputs(run.output);
    expect(report.verdict.error).toMatchObject({
      class: "InfrastructureError",
      message: expect.stringContaining("/no/such/pdu"),
    });
    expect(run.code).toBe(3);
    expect(run.power).not.toContain("reset");
  });
});

describe("a full disk", () => {
  test("under the TFTP root: an infrastructure fault that says so", async () => {
    const fake = await startFakeBoard({ folder, name: "full-tftp", play: playShell });
    const big = join(folder, "big-kernel");
    writeFileSync(big, Buffer.alloc(8 << 20, 7));
    const job = writeJob(folder, "full-tftp", {
      actions: [
        { deploy: { to: "tftp", timeout: { seconds: 30 }, kernel: { url: `file://${big}`, type: "image" } } },
        bootBlock(20),
      ],
    });
    const output = join(folder, "full-tftp-out");
    const disk = join(folder, "small-disk");
    mkdirSync(disk);
    const cli = new URL("../../dist/lava-dispatch.js", import.meta.url).pathname;
    const words = [cli, "run", "--device", fake.device, "--output-dir", output, "--tftp-root", disk, job];
    const script = 'mount -t tmpfs -o size=2m tmpfs "$0" && exec "$@"';
    // A mount namespace of its own: no root needed, nothing left behind.
    const done = spawnSync("unshare", ["-rm", "sh", "-c", script, disk, process.execPath, ...words], {
      encoding: "utf8",
    });
    const report = expectCompleteOutputs(output);
    expect(report.verdict.error).toMatchObject({
      type: "Infrastructure",
      message: expect.stringMatching(/space|full/i),
    });
    expect(done.status).toBe(3);
    expect(fake.power()).not.toContain("reset");
    await fake.close();
  });

  test("under the log: an infrastructure fault, the board is switched off, the results are there", async (test) => {
    let made = false;
    const run = await runOn({ name: "full-log", play: playShell }, [bootBlock(20)], {
      before: (output) => {
        made = makeFullFile(join(output, "logs.yaml"));
      },
    });
    if (!made) test.skip("no such file can be made here (needs root)");
    expect(run.code).toBe(3);
    expect(`${run.stdout}${run.stderr}`).toMatch(/space|full/i);
    expect(run.power.at(-1) ?? "off").toBe("off");
    const report = JSON.parse(readFileSync(join(run.output, "results.json"), "utf8"));
    expect(report.verdict.class).toBe("infrastructure");
  });
});

describe("a git that is killed", () => {
  const definition = {
    test: {
      timeout: { minutes: 1 },
      definitions: [
        {
          from: "git",
          name: "tests",
          repository: `file://${inRoot(".images/test-definitions.git")}`,
          path: "storage/storage.yaml",
        },
      ],
    },
  };
  let bin: string;
  beforeAll(() => {
    bin = join(folder, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "git"), '#!/bin/sh\ncase "$*" in *clone*) kill -9 $$ ;; esac\nexit 0\n');
    chmodSync(join(bin, "git"), 0o755);
  });

  test("is an infrastructure fault after its tries; the board is never switched on", async () => {
    const deploy = {
      deploy: {
        to: "tftp",
        timeout: { minutes: 1 },
        kernel: { url: `file://${new URL(import.meta.url).pathname}`, type: "image" },
      },
    };
    const run = await runOn({ name: "killed-git", play: playShell }, [deploy, bootBlock(20), definition], {
      env: { PATH: `${bin}:${process.env.PATH}` },
    });
    const report = expectCompleteOutputs(run.output);
    expect(report.verdict.error).toMatchObject({ type: "Infrastructure", message: expect.stringMatching(/git/) });
    expect(run.code).toBe(3);
    expect(run.power).not.toContain("reset");
  });
});

describe("a console that never connects", () => {
  test("nobody listens: an infrastructure fault that names the address", async () => {
    const run = await runOn({ name: "nobody", play: playShell, commands: { connect: "telnet 127.0.0.1 1" } }, [
      bootBlock(20),
    ]);
    const report = expectCompleteOutputs(run.output);
    expect(report.verdict.error).toMatchObject({
      type: "Infrastructure",
      message: expect.stringContaining("127.0.0.1"),
    });
    expect(run.code).toBe(3);
    expect(run.power.at(-1) ?? "off").toBe("off");
  });
});

test("SIGTERM while it waits for the prompt: cancelled, powered off, complete", async () => {
  const fake = await startFakeBoard({
    folder,
    name: "cancelled",
    play: (console) => void console.write("Booting...\r\n"),
  });
  const job = writeJob(folder, "cancelled", { actions: [bootBlock(60)] });
  const output = join(folder, "cancelled-out");
  const running = startCli(["run", "--device", fake.device, "--output-dir", output, job]);
  await until("the board is reset", running, () => fake.power().includes("reset"));
  running.child.kill("SIGTERM");
  const { code } = await running.done;
  const report = expectCompleteOutputs(output);
  expect(report.verdict).toMatchObject({ class: "canceled", error: { class: "JobCanceled", type: "Canceled" } });
  expect(code).toBe(4);
  expect(fake.power().at(-1)).toBe("off");
  await fake.close();
});

test("a bad prompt is found at validation, with its place in the job", async () => {
  const fake = await startFakeBoard({ folder, name: "bad-prompt", play: playShell });
  const job = writeJob(folder, "bad-prompt", { actions: [bootBlock(20, { prompts: ["root@(fake"] })] });
  const run = await runCli(["run", "--device", fake.device, "--output-dir", join(folder, "bad-prompt-out"), job]);
  expect(run.code).toBe(2);
  expect(`${run.stdout}${run.stderr}`).toMatch(/bad-prompt\.yaml:\d+:\d+/);
  expect(`${run.stdout}${run.stderr}`).toContain("root@(fake");
  expect(fake.power()).not.toContain("reset");
  await fake.close();
});
