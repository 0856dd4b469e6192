/** The sample jobs and the hard cases on the emulated U-Boot board: real U-Boot, real TFTP, real kernel. */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { JournalRecord } from "../../src/interpreter/journal-format.js";
import { boardForTests } from "../support/board-for-tests.js";
import { adaptJob, boardWords } from "../support/real-board.js";
import { fileHolds, runCli, runWords, startCli, until } from "../support/run-cli.js";
import {
  expectCompleteOutputs,
  jobSeconds,
  readConsole,
  readJournal,
  readLog,
  readReport,
  suite,
  testCase,
  verdicts,
} from "../support/run-outputs.js";
import { freePort } from "../support/workspace.js";

const { folder, board } = boardForTests();
afterEach(async () => {
  expect(await board.status()).toBe("off");
});

let runs = 0;
const place = () => join(folder, `out-${++runs}`);
const words = (job: string, output: string) => {
  const id = String(4000 + runs);
  return [...runWords(board.device, output, id), ...boardWords(board), job];
};
async function run(job: string) {
  const output = place();
  const before = board.powerWords().length;
  const result = await runCli(words(job, output));
  return { ...result, output, power: board.powerWords().slice(before) };
}

const timeOf = ({ dt }: { dt: string }) => Date.parse(dt);
const actionTimes = (journal: JournalRecord[], action: string, status: string) =>
  journal
    .filter((record) => record.kind === "action" && record.name === action && record.status === status)
    .map(({ t }) => t);

test("the demo job: nine cases in three definitions, a measurement, a skip, a test set", async () => {
  const { code, output, power, stderr } = await run(adaptJob(folder, "uboot-arm64"));
  const report = expectCompleteOutputs(output);
  expect({ code, stderr, class: report.verdict.class }).toEqual({ code: 0, stderr: "", class: "pass" });
  expect(report.counts).toMatchObject({ pass: 8, fail: 0, skip: 1, unknown: 0, incomplete_suites: 0 });
  expect(verdicts(report, "0_smoke")).toEqual({ kernel: "pass", environment: "pass", uptime: "pass", audio: "skip" });
  expect(verdicts(report, "1_storage")).toEqual({ write: "pass", read: "pass", zeros: "pass", remove: "pass" });
  expect(verdicts(report, "2_network")).toEqual({ loopback: "pass" });
  expect(testCase(report, "0_smoke", "uptime")).toMatchObject({ units: "seconds", measurement: expect.any(Number) });
  expect(testCase(report, "1_storage", "read").set).toBe("ram");
  expect(testCase(report, "1_storage", "remove").set).toBeUndefined();
  expect(suite(report, "1_storage").commit_id).toMatch(/^[0-9a-f]{40}$/);
  expect(power).toEqual(["reset", "off"]);
  const console = readConsole(output);
  for (const text of ["Hit any key to stop autoboot", "Starting kernel", "Linux version", "board login:"]) {
    expect(console).toContain(text);
  }
  expect(readLog(output).some(({ lvl, msg }) => lvl === "target" && String(msg).includes("Linux version"))).toBe(true);
});

describe("hard cases", () => {
  test("panic: seen at once, each attempt begins with a power cycle, the error is the panic with its text", async () => {
    const { code, output, power, stdout } = await run(adaptJob(folder, "hard-cases/panic"));
    const report = expectCompleteOutputs(output);
    expect(report.verdict.error).toMatchObject({ class: "JobError", board: "dead" });
    expect(report.verdict.error?.message).toContain("Kernel panic - not syncing");
    expect(code).toBe(2);
    expect(power).toEqual(["reset", "reset", "off"]);
    // Whether it is the board, its gold-standard job tells.
    const gold = /run (\S*jobs\/gold\/qemu-arm64-uboot\.yaml) on it/.exec(stdout)?.[1];
    expect(stdout).toContain(`lava-dispatch run --device ${board.device} ${boardWords(board).join(" ")} ${gold}`);
    expect(readFileSync(join(output, "report.html"), "utf8")).toContain(`run ${gold} on it`);
    expect(readLog(output).some(({ msg }) => String(msg).includes(`run ${gold} on it`))).toBe(true);
    const journal = readJournal(output);
    // The whole panic is in the log, its end as well.
    const target = readLog(output).filter(({ lvl }) => lvl === "target");
    const panics = target.filter(({ msg }) => /(?<!end )Kernel panic - not syncing: /.test(String(msg))).map(timeOf);
    const resets = actionTimes(journal, "pdu-reboot", "done");
    const seen = actionTimes(journal, "login-action", "failed");
    expect([panics.length, resets.length, seen.length]).toEqual([2, 2, 2]);
    // On the job's own clock. A boot up to the panic takes 4 s on an idle machine: what a busy one adds is not the job's.
    const busy = resets.reduce((sum, reset, i) => sum + Math.max(0, (panics[i]! - reset) / 1000 - 4), 0);
    expect(jobSeconds(journal)).toBeLessThan(20 + busy);
    for (const [i, t] of seen.entries()) expect((t - panics[i]!) / 1000).toBeLessThan(8);
    expect(target.filter(({ msg }) => String(msg).includes("end Kernel panic"))).toHaveLength(2);
  });

  test("split-signal: 12 of 12 cases, none lost (qualcomm-linux/meta-qcom#2250)", async () => {
    const { code, output } = await run(adaptJob(folder, "hard-cases/split-signal"));
    const report = expectCompleteOutputs(output);
    const split = verdicts(report, "0_split");
    const names = ["before", "in-key", "between-1", "in-value", "between-2", "in-result", "between-3", "in-name"];
    expect(Object.keys(split).sort()).toEqual([...names, "between-4", "in-start", "after"].sort());
    // What truly can't be read is unknown, never fail.
    for (const result of Object.values(split)) expect(["pass", "unknown"]).toContain(result);
    expect(Object.values(split).filter((result) => result === "pass").length).toBeGreaterThanOrEqual(11);
    expect(verdicts(report, "1_second")).toEqual({ second: "pass" });
    expect(code).toBe(0);
  });

  test("reboot-in-test: noticed within 5 s, the error names the case", async () => {
    const { code, output } = await run(adaptJob(folder, "hard-cases/reboot-in-test"));
    const report = expectCompleteOutputs(output);
    expect(report.verdict.error?.message).toMatch(/reboot/i);
    expect(JSON.stringify(report.verdict.error)).toMatch(
      /\breboot\b.*rebooter|rebooter.*\breboot\b|case \W?reboot\W?/i,
    );
    expect(code).not.toBe(0);
    expect(verdicts(report, "0_before")).toEqual({ first: "pass" });
    expect(verdicts(report, "1_rebooter")).toMatchObject({ "before-reboot": "pass" });
    expect(suite(report, "1_rebooter").state).toBe("incomplete");
    // On the job's own clock: from the start of the case to the failure of the shell.
    const log = readLog(output);
    const began = log.find(({ msg }) => /STARTTC reboot\b/.test(String(msg)));
    const failed = readJournal(output).find(
      (record) => record.kind === "action" && record.name === "lava-test-shell" && record.status === "failed",
    );
    expect(began && failed && (failed.t - Date.parse(began.dt)) / 1000).toBeLessThan(8);
  });

  test("lost-command: each command waits for its own prompt, so none is swallowed", async () => {
    const { code, output } = await run(adaptJob(folder, "hard-cases/lost-command"));
    const report = expectCompleteOutputs(output);
    expect({ code, class: report.verdict.class }).toEqual({ code: 0, class: "pass" });
    expect(report.counts).toMatchObject({ pass: 5, skip: 1, fail: 0, unknown: 0 });
    // The hard case itself happened: two prompts, one after the other.
    expect(readConsole(output)).toMatch(/=> \r?\n=> /);
  });

  test("wrong-prompt: a JobError that names the line nearest to the prompt", async () => {
    const job = adaptJob(folder, "hard-cases/wrong-prompt", [[/(- boot:\s+timeout:\s+)minutes: 1/, "$1seconds: 40"]]);
    const { code, output, stdout, stderr } = await run(job);
    const report = expectCompleteOutputs(output);
    expect(report.verdict).toMatchObject({
      class: "job",
      error: { class: "JobError", action: expect.stringContaining("login") },
    });
    expect(report.verdict.error?.message).toContain("timed out");
    const stuck = (report.verdict.error?.stuck ?? []).join("\n");
    expect(stuck).toContain("root@other-board:/root#");
    expect(stuck).toContain("root@board:/root#");
    expect(`${stdout}${stderr}`).toContain("root@board:/root#");
    // A real shell says more than its prompt; its diagnosis sees the prompt all the same.
    expect(report.verdict.error?.advice).toContain("its last line looks like a prompt (root@board:/root#)");
    expect(code).toBe(2);
  });

  test("cancel: SIGTERM during the kernel's TFTP powers the board off", async () => {
    const output = place();
    const running = startCli(words(adaptJob(folder, "hard-cases/cancel"), output));
    await until("the kernel's TFTP", running, () => fileHolds(output, "console.cast", /Loading: [^=]*#/));
    running.child.kill("SIGTERM");
    const { code } = await running.done;
    const report = expectCompleteOutputs(output);
    expect(report.verdict).toMatchObject({ class: "canceled", error: { type: "Canceled" } });
    expect(code).toBe(4);
    expect(await board.status()).toBe("off");
    expect(board.powerWords().at(-1)).toBe("off");
  });

  describe("bad-url", () => {
    let server: Server;
    let port: number;
    beforeAll(async () => {
      port = await freePort();
      server = createServer((_, reply) => reply.writeHead(404).end("no such file")).listen(port, "127.0.0.1");
    });
    afterAll(() => void server.close());

    test("a JobError at validation that names the URL; the board is never powered", async () => {
      const { code, output, power } = await run(
        adaptJob(folder, "hard-cases/bad-url", [["127.0.0.1:8090", `127.0.0.1:${port}`]]),
      );
      const report = expectCompleteOutputs(output);
      expect(report.verdict.error).toMatchObject({
        type: "Job",
        message: expect.stringContaining("no-such-initrd.cpio.gz"),
      });
      expect(report.verdict.error?.message).toContain("404");
      expect(code).toBe(2);
      expect(power).not.toContain("reset");
      expect(power).not.toContain("on");
    });
  });
});

test("kill -9 in the middle of the tests: `report` makes every report again from the journal", async () => {
  const output = place();
  const running = startCli(words(adaptJob(folder, "uboot-arm64"), output));
  await until("the first test result", running, () => fileHolds(output, "journal.jsonl", '"case":"environment"'));
  running.child.kill("SIGKILL");
  await running.done;
  // Nobody could switch the board off: its owner does.
  await board.setPower("off");
  const again = await runCli(["report", output]);
  expect(again.code).toBe(0);
  const report = readReport(output);
  expect(verdicts(report, "0_smoke")).toMatchObject({ kernel: "pass", environment: "pass" });
  expect(suite(report, "1_storage").state).toBe("incomplete");
  expect(report.verdict.class).not.toBe("pass");
  expect(readFileSync(join(output, "results.junit.xml"), "utf8")).toContain("<error");
  // What was appended live is whole up to the last line.
  expect(readLog(output).length).toBeGreaterThan(50);
  expect(readConsole(output)).toContain("Linux version");
});
