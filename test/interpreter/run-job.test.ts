import { describe, expect, it } from "vitest";
import { InfrastructureError } from "../../src/base/errors.js";
import type { JsonMap } from "../../src/base/json.js";
import { summaryLines } from "../../src/cli/terminal/summary.js";
import { ReportBuilder } from "../../src/results/report-builder.js";
import type { ServiceContext, ServiceResult } from "../../src/services/types.js";
import { DEVICE, JOB, login, PROMPT, runner, runVirtually } from "./virtual-board.js";

const cases = (results: object[]) =>
  results.flatMap((r) => {
    const { definition, case: id, result } = r as { definition: string; case: string; result: string };
    return definition === "lava" && !/^(\d_|job|kernel)/.test(id) ? [] : [`${definition} ${id} ${result}`];
  });
const commands = (power: string[]) => power.map((line) => line.split(" ").slice(1).join(" "));
const PANIC =
  "[    2.343554] Kernel panic - not syncing: VFS: Unable to mount root fs\r\n[    2.344451] CPU: 0 PID: 1\r\n[    2.413787] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs ]---\r\n";
const twice = JOB.replace("method: u-boot", "method: u-boot\n    failure_retry: 2");

describe("a good job", () => {
  it("passes, powers the board off and reports every case; the trace is the same every time", async () => {
    const first = await runVirtually();
    expect(first.verdict).toEqual({ result: "pass", further: [] });
    expect(cases(first.results)).toEqual([
      "lava kernel-messages pass",
      "0_smoke tc pass",
      "lava 0_smoke pass",
      "lava job pass",
    ]);
    expect(commands(first.power)).toEqual(["board reset", "board off"]);
    const again = await runVirtually();
    expect(JSON.stringify(again.journal)).toBe(JSON.stringify(first.journal));
  });

  it("logs each action's start and end as LAVA does, with what is left of its time", async () => {
    const { log } = await runVirtually();
    const lines = log
      .filter(({ message }) => /^(start|end): 1\.4\.1/.test(String(message)))
      .map(({ level, message }) => `${level} ${message}`);
    expect(lines).toEqual([
      "debug start: 1.4.1 reset-device (timeout 00:01:00) [common]",
      "debug start: 1.4.1.1 pdu-reboot (timeout 00:01:00) [common]",
      "debug end: 1.4.1.1 pdu-reboot (duration 00:00:00) [common]",
      "debug end: 1.4.1 reset-device (duration 00:00:00) [common]",
    ]);
    expect(log.map((event) => event.line)).toEqual(log.map((_, i) => i));
  });

  it("keeps a journal that says which effects may have happened", async () => {
    const { journal } = await runVirtually();
    const effects = journal.flatMap((r) => (r.kind === "effect" ? [`${r.phase} ${r.src} ${r.level}`] : []));
    expect(effects.slice(-4)).toEqual([
      "start run-commands 3.1",
      "end run-commands 3.1",
      "start read-feedback 3.2",
      "end read-feedback 3.2",
    ]);
    expect(journal[0]).toMatchObject({ kind: "header", seq: 0, v: 1, job_id: "7", suites: ["0_smoke"] });
    expect(journal.at(-1)).toMatchObject({ kind: "verdict", verdict: { result: "pass" } });
    expect(journal.map((record) => record.seq)).toEqual(journal.map((_, i) => i));
  });
});

describe("the board's state is known", () => {
  it("qualcomm-linux/kernel PR#495: a panic is seen at once, in full, and each attempt begins with a power cycle", async () => {
    const { verdict, power, results, ms } = await runVirtually({
      job: twice,
      rules: { boot: { input: /^booti/, output: ["Starting kernel\r\n[    0.0] Linux version 6.1\r\n", PANIC] } },
    });
    expect(verdict.error).toMatchObject({ class: "JobError", action: "login-action", board: "dead" });
    expect(verdict.error?.message).toContain("Kernel panic - not syncing: VFS: Unable to mount root fs");
    expect(verdict.error?.message).toContain("end Kernel panic");
    expect(commands(power)).toEqual(["board reset", "board reset", "board off"]);
    expect(results.filter((r) => r.case === "kernel-messages").map((r) => r.result)).toEqual(["fail", "fail"]);
    expect(ms).toBeLessThan(20_000);
  });

  it("labgrid#1123: a second attempt after a panic can pass, and the job passes", async () => {
    const { verdict, results } = await runVirtually({
      job: twice,
      rules: {
        panic: { input: /^booti/, output: ["Starting kernel\r\n[    0.0] Linux version 6.1\r\n", PANIC], times: 1 },
        good: { input: /^booti/, output: ["Starting kernel\r\n", login] },
        boot: { input: "-" },
      },
    });
    expect(verdict.result).toBe("pass");
    expect(cases(results)).toContain("0_smoke tc pass");
  });

  it("a reboot in a test is noticed at once and names the case; its suite is incomplete", async () => {
    const signals =
      "<LAVA_SIGNAL_STARTRUN 0_smoke u>\r\n<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=first RESULT=pass>\r\n<LAVA_SIGNAL_STARTTC tc-reboot>\r\n";
    const { verdict, results, ms } = await runVirtually({
      rules: {
        runner: { input: /lava-test-runner/, output: [signals, "\r\n\r\nU-Boot 2023.01 (Jan 01)\r\n"], dies: true },
      },
    });
    expect(verdict.error?.message).toContain("the board rebooted in test case tc-reboot (0_smoke)");
    expect(cases(results)).toEqual([
      "lava kernel-messages pass",
      "0_smoke first pass",
      "0_smoke tc-reboot unknown",
      "lava 0_smoke fail",
      "lava job fail",
    ]);
    expect(ms).toBeLessThan(10_000);
  });

  it("an oops is a result, and the job goes on", async () => {
    const oops = "[    1.5] Internal error: Oops - BUG: 0 [#1] SMP\r\n[    1.6] Modules linked in:\r\n";
    const { verdict, results } = await runVirtually({
      rules: {
        boot: {
          input: /^booti/,
          output: ["Starting kernel\r\n[    0.0] Linux version 6.1\r\n", oops, login],
          delay: 500,
        },
      },
    });
    expect(verdict.result).toBe("pass");
    const messages = results.find((r) => r.case === "kernel-messages");
    expect(JSON.stringify(messages?.extra)).toContain("Internal error: Oops");
  });

  it("kernelci-backend PR#40: a hang after the bootloader is not blamed on its commands", async () => {
    const { verdict } = await runVirtually({ rules: { boot: { input: /^booti/, output: "Starting kernel ...\r\n" } } });
    expect(verdict.error).toMatchObject({ action: "auto-login-action" });
    expect(verdict.error?.stuck?.join("\n")).toContain("Linux version");
  });

  it("a console that closes ends the job with a ConnectionClosedError and power off", async () => {
    const { verdict, power } = await runVirtually({
      rules: { boot: { input: /^booti/, output: "Starting kernel\r\n", close: true } },
    });
    expect(verdict.error).toMatchObject({ class: "ConnectionClosedError", type: "Infrastructure" });
    expect(commands(power).at(-1)).toBe("board off");
  });
});

describe("stuck because", () => {
  it("names the prompt awaited, the line that came nearest, the timeout's rule and its place", async () => {
    const { verdict } = await runVirtually({ job: JOB.replace("root@board:/root#", "root@other-board:/root#") });
    const { error } = verdict;
    expect(error).toMatchObject({ type: "Job", action: "login-action" });
    expect(error?.message).toMatch(/^login-action timed out after \d+ seconds$/);
    expect(error?.advice).toMatch(/Its limit of 60 s comes from block timeout \(job\.yaml:9\)/);
    expect(error?.stuck?.join("\n")).toContain('nearest to "root@other-board:/root#" came the line "root@board:/root#');
  });
});

describe("cancel", () => {
  it("powers off from any state, and the verdict is Canceled", async () => {
    for (const cancelAt of [1, 350, 900, 1500, 2500]) {
      const { verdict, power } = await runVirtually({
        cancelAt,
        rules: { runner: { input: /lava-test-runner/, output: "..." } },
      });
      expect(verdict.error, `at ${cancelAt}`).toMatchObject({ class: "JobCanceled", type: "Canceled" });
      expect(commands(power).at(-1), `at ${cancelAt}`).toBe("board off");
    }
  });
});

describe("power", () => {
  it("a reset that fails is an infrastructure error and the job still ends properly", async () => {
    const { verdict, results } = await runVirtually({
      device: DEVICE.replace("hard_reset: board reset", "hard_reset: fail"),
    });
    expect(verdict.error).toMatchObject({
      class: "InfrastructureError",
      action: "pdu-reboot",
      message: "power switch broken",
    });
    expect(cases(results).at(-1)).toBe("lava job fail");
  });

  it("a power off that fails is booked and told; the job stays what it was", async () => {
    const { verdict, results, journal } = await runVirtually({
      device: DEVICE.replace("power_off: board off", "power_off: fail"),
    });
    expect(verdict).toEqual({
      result: "pass",
      further: [expect.objectContaining({ class: "InfrastructureError", action: "power-off" })],
    });
    expect(cases(results)).toEqual(
      expect.arrayContaining(["lava kernel-messages pass", "0_smoke tc pass", "lava job pass"]),
    );
    expect(results.find((r) => r.case === "power-off")).toMatchObject({
      result: "fail",
      extra: { fail: "power switch broken" },
    });
    const builder = new ReportBuilder();
    for (const record of journal) builder.add(record);
    const report = builder.report();
    expect(report.verdict).toMatchObject({ class: "pass", result: "pass" });
    const summary = summaryLines(report, { paint: (_style, text) => text });
    expect(summary.at(-1)).toContain("the job's end failed: power-off (above)");
    expect(summary.join("\n")).toContain("InfrastructureError: power switch broken");
  });

  it("a bug in a service is a LAVABug with its stack, never a retry", async () => {
    const connect = {
      name: "connect",
      run: async () => {
        throw new RangeError("index out of range");
      },
    };
    const { verdict, journal } = await runVirtually({ job: twice, services: { connect } });
    expect(verdict.error).toMatchObject({ class: "LAVABug", type: "Bug", message: "index out of range" });
    expect(verdict.error?.cause).toContain("run-job.test.ts");
    expect(journal.some((r) => r.kind === "action" && r.status === "retry")).toBe(false);
  });

  it("a job with retries that fail once has the numbers of its attempts (kernelci-core#2998)", async () => {
    let calls = 0;
    const substitute = {
      name: "bootloader-substitute",
      run: async () => {
        if (calls++ === 0) throw new InfrastructureError("flaky");
        return { data: { bootloader: { commands: ["setenv x", "booti 1"] }, overlay: { results_dir: "/lava-7" } } };
      },
    };
    const { verdict, journal } = await runVirtually({ job: twice, services: { "bootloader-substitute": substitute } });
    expect(verdict.result).toBe("pass");
    const attempts = journal.flatMap((r) =>
      r.kind === "action" && r.name === "connect-device" && r.status === "done" ? [r.attempt] : [],
    );
    expect(attempts).toEqual([2]);
    expect(runner()).toContain(PROMPT);
  });
});

describe("what cannot be undone", () => {
  /** Leaves two things to undo, the one that is undone first never comes to its end. */
  const hanging = (undone: string[]) => ({
    "bootloader-substitute": {
      name: "bootloader-substitute",
      run: async ({ commands }: JsonMap, { onCleanup }: ServiceContext) => {
        onCleanup(async () => undone.push("folder"));
        onCleanup((signal) => {
          signal.addEventListener("abort", () => undone.push("told to stop"));
          return new Promise(() => {});
        });
        return { data: { bootloader: { commands }, overlay: { results_dir: "/lava-7" } } } as ServiceResult;
      },
    },
  });

  it("is given up after a minute and told; the rest is undone, and the verdict of the tests stays", async () => {
    const undone: string[] = [];
    const { verdict, power, ms, log } = await runVirtually({ services: hanging(undone) });
    expect(undone).toEqual(["told to stop", "folder"]);
    expect(commands(power).at(-1)).toBe("board off");
    expect(verdict.further).toEqual([expect.objectContaining({ message: expect.stringContaining("was given up") })]);
    expect(verdict.result).toBe("pass");
    expect(log.some(({ message }) => String(message).includes("It took longer than 60 s and was given up"))).toBe(true);
    expect(ms).toBeLessThan(120_000);
  });

  it("is given up sooner when the user is in a hurry", async () => {
    const undone: string[] = [];
    const quiet = await runVirtually();
    const { ms } = await runVirtually({ services: hanging(undone), hurryAt: 100 });
    expect(undone).toEqual(["told to stop", "folder"]);
    expect(ms - quiet.ms).toBeLessThan(10_000);
  });
});
