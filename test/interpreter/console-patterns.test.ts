/** Patterns of monitors and interactive tests, as whole jobs in virtual time. */
import { describe, expect, it } from "vitest";
import type { JsonMap } from "../../src/base/json.js";
import type { Rule, ScriptedConnection } from "../connections/scripted-connection.js";
import { DEVICE, runVirtually } from "./virtual-board.js";

const MINIMAL = DEVICE.replace("methods: { u-boot:", "methods: { minimal: {}, u-boot:");
const warnings = (log: { level: string; message: unknown }[]) =>
  log.filter(({ level }) => level === "warning").map(({ message }) => String(message));
const crlf = (text: string) => text.replace(/\r?\n/g, "\r\n");

const job = (boot: string, ...tests: string[]) => `
device_type: board
job_name: virtual
timeouts: { job: { minutes: 3 }, action: { minutes: 1 }, connection: { seconds: 40 } }
visibility: public
actions:
- boot: { method: minimal, parameters: { kernel-start-message: '' }, ${boot}, timeout: { seconds: 30 } }
${tests.map((test) => `- test: { timeout: { seconds: 40 }, ${test} }`).join("\n")}
`;
const run = (text: string, output: string | string[], rules: { [name: string]: Rule } = {}) =>
  runVirtually({
    job: text,
    device: MINIMAL,
    rules,
    onReset: (board: ScriptedConnection) => {
      [output].flat().forEach((piece, at) => void board.say(crlf(piece), 100 + at * 10));
    },
  });
const cases = (results: JsonMap[], suite: string) =>
  results.filter((r) => r.definition === suite).map((r) => `${r.case} ${r.result}`);

describe("patterns over several lines", () => {
  const suite =
    "starts\nBegin of the suite\n\nTEST 1 | WHAT: Memory probe\n[info] running\n[check 1] first\nOUTCOME: PASSED\n\n" +
    "TEST 2 | WHAT: Key policy\n[info] x\nOUTCOME: SIM ERROR (3)\n\nTEST 3 | WHAT: Third thing\n[info] y\nOUTCOME: SKIPPED (43)\n\n" +
    "End of the suite\n";
  const text = job(
    "prompts: ['# ']",
    String.raw`interactive: [ { name: lines, prompts: ['# '], script: [
      { name: both, command: report, successes: [ { message: 'alpha.*beta' } ] },
      { name: numbers, command: count, successes: [ { message: 'total (?P<T>\d+).+passed (?P<P>\d+)' } ] },
      { name: use, command: 'echo {T} {P}' },
      { name: go, command: suite, successes: [ { message: starts } ], wait_for_prompt: false } ] } ]`,
    String.raw`monitors: [ { name: psa, start: Begin of the suite, end: End of the suite,
      pattern: " WHAT: +(?P<test_case_id>.+?)\r?\n.+?OUTCOME: (?P<result>(PASSED|FAILED|SKIPPED|SIM ERROR))",
      fixupdict: { PASSED: pass, FAILED: fail, SKIPPED: skip, SIM ERROR: fail } } ]`,
  );
  const answers = (pieces: (text: string) => string[]): { [name: string]: Rule } => ({
    report: { input: "report", output: pieces(crlf("result: alpha\nnoise\nresult: beta\n# ")) },
    count: { input: "count", output: pieces(crlf("total 12\npassed 11\n# ")) },
    suite: { input: "suite", output: pieces(crlf(suite)) },
    use: { input: /^echo/, output: "# " },
    empty: { input: "", output: "# " },
  });

  it.each<[string, (text: string) => string[]]>([
    ["in one piece", (whole) => [whole]],
    ["line by line", (whole) => whole.match(/[^\n]*\n|[^\n]+$/g) ?? []],
    ["character by character", (whole) => [...whole]],
  ])("%s: each has its results, as with LAVA", async (_how, pieces) => {
    const { verdict, results, board } = await run(text, "boot\n# ", answers(pieces));
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(cases(results, "psa")).toEqual(["memory_probe pass", "key_policy fail", "third_thing skip"]);
    expect(cases(results, "0_lines")).toEqual(["both pass", "numbers pass", "use pass", "go pass"]);
    expect(board.lines).toContain("echo 12 11");
  });

  it("a greedy name stays within its line where it can", async () => {
    const monitor = String.raw`monitors: [ { name: m, start: BEGIN, end: END, pattern: '(?P<test_case_id>\w.*): (?P<result>pass|fail)' } ]`;
    const { results } = await run(
      job("prompts: ['# ']", monitor),
      "# \nBEGIN\nsome words\nfirst test: pass\nnoise: of the board\nsecond test: fail\nEND\n",
    );
    expect(cases(results, "m")).toEqual(["first_test pass", "second_test fail"]);
  });
});

describe("a prompt whose text stands in a line of the boot", () => {
  const text = job(
    "prompts: ['#']",
    String.raw`interactive: [ { name: talk, prompts: ['#'], script: [
      { name: broken, command: one, failures: [ { message: is broken } ] },
      { name: slow, command: two },
      { name: good, command: three, successes: [ { message: result good } ] } ] } ]`,
  );

  it.each([
    ["at once", 10],
    ["after a while", 1000],
  ])("each step has the answer to its own command: %s", async (_how, delay) => {
    const { verdict, results, board } = await run(text, "Linux board 6.1 #1 SMP\nYou have mail.\n# ", {
      one: { input: "one", output: "it is broken\r\n# ", delay },
      two: { input: "two", output: "slow #2\r\n# ", delay },
      three: { input: "three", output: "result good\r\n# ", delay },
    });
    expect(verdict.result).toBe("pass");
    expect(cases(results, "0_talk")).toEqual(["broken fail", "slow pass", "good pass"]);
    expect(board.lines.filter((line) => line !== "")).toEqual(["one", "two", "three"]);
  });
});

describe("a failure that ends the job here, in a step that LAVA has judged by a prompt's text before", () => {
  const motd = "Linux board 6.1 #1 SMP\nYou have mail.\n# ";
  const plain = "You have mail.\n# ";
  const steps = (...lines: string[]) =>
    job("prompts: ['#']", `interactive: [ { name: talk, prompts: ['#'], script: [ ${lines.join(", ")} ] } ]`);
  const broken = "{ name: broken, command: one, failures: [ { message: is broken, exception: JobError } ] }";
  const unnamed = "{ command: one, failures: [ { message: is broken } ] }";
  const last = "{ name: last, command: two }";
  const one = (output: string) => ({
    one: { input: "one", output },
    two: { input: "two", output: "fine\r\n# " },
    three: { input: "three", output: "bad\r\n# " },
  });
  const FAILS = "it is broken\r\n# ";

  it.each([
    ["the boot printed it", steps(broken, last), motd, FAILS, ["broken fail", "last pass"]],
    ["the answer itself holds it", steps(broken, last), plain, `step #1\r\n${FAILS}`, ["broken fail", "last pass"]],
    ["a step without a name", steps(unnamed, last), motd, FAILS, ["last pass"]],
    [
      "a success that stood in the answer before",
      steps(
        "{ command: one }",
        "{ command: two, successes: [ { message: fine } ] }",
        "{ command: three, successes: [ { message: fine } ] }",
      ),
      motd,
      "x\r\n# ",
      [],
    ],
  ])("is booked, and the job goes on: %s", async (_what, text, boot, output, expected) => {
    const { verdict, results, log } = await run(text, boot, one(output));
    expect(verdict.result).toBe("pass");
    expect(cases(results, "0_talk")).toEqual(expected);
    expect(
      log
        .filter(({ level }) => level === "warning")
        .map(({ message }) => message)
        .join(),
    ).toContain("LAVA has taken");
  });

  it.each([
    ["no such text", steps(broken, last), plain, FAILS, "is broken"],
    ["one behind the failure", steps(broken, last), plain, "it is broken\r\nstep #1\r\n# ", "is broken"],
    ["nor in the echo of a former step", steps(last, broken), plain, FAILS, "is broken"],
    ["a step without a name", steps(unnamed, last), plain, FAILS, "Failed to run command 'one'"],
    [
      "a step without a name that LAVA fails, too",
      steps("{ command: one, failures: [ { message: is broken } ], successes: [ { message: never } ] }"),
      motd,
      FAILS,
      "Failed to run command 'one'",
    ],
  ])("ends it where LAVA's does: %s", async (_what, text, boot, output, message) => {
    const { verdict } = await run(text, boot, one(output));
    expect(verdict.error?.message).toBe(message);
  });
});

describe("a prompt that does not come after the command", () => {
  const steps = (prompt: string, ...lines: string[]) =>
    job("prompts: ['#']", `interactive: [ { name: talk, prompts: ['${prompt}'], script: [ ${lines.join(", ")} ] } ]`);

  it("LAVA has had it before: it counts when the time is nearly up", async () => {
    const { verdict, results, log } = await run(
      steps("#", "{ name: a, command: one }", "{ name: stop, command: poweroff }"),
      "Linux board 6.1 #1 SMP\n# ",
      { one: { input: "one", output: "x\r\n# " }, off: { input: "poweroff", output: "going down\r\n" } },
    );
    expect(verdict.result).toBe("pass");
    expect(cases(results, "0_talk")).toEqual(["a pass", "stop pass"]);
    expect(warnings(log).join()).toContain('matches "#" and is taken for it: # poweroff');
  });

  it("without one before it the test times out, as LAVA's does", async () => {
    const { verdict } = await run(
      steps("#", "{ name: a, command: one }", "{ name: stop, command: poweroff }"),
      "Linux board 6.1 SMP\n# ",
      { one: { input: "one", output: "x\r\n# " }, off: { input: "poweroff", output: "going down\r\n" } },
    );
    expect(verdict.error?.message).toContain("timed out");
  });

  it("a line is the prompt, and a success is that line, too: each further step takes little time", async () => {
    const { verdict, results, board } = await run(
      steps(
        "OK",
        "{ name: a, command: AT }",
        "{ name: b, command: AT+B, successes: [ { message: OK } ] }",
        ...["c", "d", "e", "f", "g", "h"].map((name) => `{ name: ${name}, command: AT+${name} }`),
      ),
      "# ",
      { any: { input: /^AT/, output: "x\r\nOK\r\n" } },
    );
    expect(verdict.result).toBe("pass");
    expect(cases(results, "0_talk")).toEqual(["a", "b", "c", "d", "e", "f", "g", "h"].map((name) => `${name} pass`));
    expect(board.lines.filter((line) => line.startsWith("AT"))).toHaveLength(8);
  });
});

describe("a panic in the piece that held the kernel's first line", () => {
  it.each([
    ["in one piece", 1],
    ["in two", 2],
  ])("%s: ends the boot at once", async (_how, pieces) => {
    const text =
      "[    0.000000] Booting Linux on physical CPU 0x0\n[    0.000000] Linux version 6.6.0\n[    0.500000] VFS: Cannot open root device\n" +
      "[    0.510000] Kernel panic - not syncing: VFS: Unable to mount root fs\n[    0.520000] CPU: 0 PID: 1\n" +
      "[    0.530000] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs ]---\n";
    const at = text.indexOf("[    0.5");
    const { verdict, results, ms } = await run(
      job("prompts: ['root@board:~# '], auto_login: { login_prompt: 'login:', username: root }").replace(
        "parameters: { kernel-start-message: '' }, ",
        "",
      ),
      pieces === 1 ? text : [text.slice(0, at), text.slice(at)],
    );
    expect(verdict.error?.class).toBe("JobError");
    expect(verdict.error?.message).toContain("Kernel panic - not syncing: VFS: Unable to mount root fs");
    expect(verdict.error?.message).toContain("end Kernel panic");
    expect(results.find((r) => r.case === "kernel-messages")).toMatchObject({ result: "fail" });
    expect(ms).toBeLessThan(10_000);
  });
});

describe("interactive tests without commands", () => {
  const lines = Array.from({ length: 60 }, (_, at) => `NOTICE:  step ${at} of the boot`);
  const chained = job(
    "prompts: ['Booting Trusted Firmware']",
    ...lines.map(
      (_, at) => `interactive: [ { name: s${at}, prompts: ['step ${at} of'], script: [ { name: line, command: } ] } ]`,
    ),
  );

  it("go from line to line of a burst that was there before, without a silence for each", async () => {
    const { verdict, results, ms } = await run(
      chained.replace("minutes: 3", "minutes: 30"),
      `Booting Trusted Firmware\n${lines.map((line) => `${line}\n${"noise\n".repeat(9)}`).join("")}`,
    );
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(results.filter((r) => r.case === "line")).toHaveLength(60);
    // The boot's own prompt, a line of the burst, is awaited for a while.
    expect(ms).toBeLessThan(15_000);
  });

  it("whose answers come lines below", async () => {
    const text = job(
      "prompts: ['# ']",
      `interactive: [ { name: s, prompts: ['---'], script: [
        { name: one, command: , successes: [ { message: 'one: ok' } ], failures: [ { message: 'one: bad' } ] },
        { name: two, command: , successes: [ { message: 'two: ok' } ], failures: [ { message: 'two: bad' } ] } ] } ]`,
    );
    const { results } = await run(text, "# \none: ok\n---\nnoise\ntwo: bad\n---\n");
    expect(cases(results, "0_s")).toEqual(["one pass", "two fail"]);
  });

  it("before a command is typed the prompt has to stand there, and not in a status line", async () => {
    const text = job(
      "prompts: ['ready']",
      `interactive: [ { name: s, prompts: ['/ #'], script: [ { command: }, { name: id, command: id, successes: [ { message: 'uid=0' } ] } ] } ]`,
    );
    const { verdict, board, results } = await runVirtually({
      job: text,
      device: MINIMAL,
      rules: { id: { input: "id", output: "uid=0\r\n/ # " }, empty: { input: "", output: "ready" } },
      onReset: (connection) => {
        connection.say("ready", 100);
        connection.say("\r\nLoading / # of 10 modules\r\n", 2000);
        connection.say("done\r\n/ # ", 4000);
      },
    });
    expect(verdict.result).toBe("pass");
    expect(cases(results, "0_s")).toEqual(["id pass"]);
    expect(board.lines.filter((line) => line === "id")).toHaveLength(1);
  });
});

describe("text that only the echo holds", () => {
  const text = (more = "") =>
    job(
      "prompts: ['# ']",
      `interactive: [ { name: s, prompts: ['# '], script: [ { name: quiet, command: quiet, successes: [ { message: quiet } ]${more} }, { name: after, command: id, successes: [ { message: 'uid=0' } ] } ] } ]`,
    );
  const rules: { [name: string]: Rule } = {
    quiet: { input: "quiet", output: "# " },
    id: { input: "id", output: "uid=0\r\n# " },
    empty: { input: "", output: "# " },
  };

  it("counts, with a warning", async () => {
    const { verdict, results, log } = await run(text(), "# ", rules);
    expect(verdict.result).toBe("pass");
    expect(cases(results, "0_s")).toEqual(["quiet pass", "after pass"]);
    expect(warnings(log)).toEqual([
      'Only the echo of what was typed matches "quiet", and counts as nothing better came: quiet',
    ]);
  });

  it("is no failure: that has to be an answer", async () => {
    const { results } = await run(text(", failures: [ { message: 'qui' } ]"), "# ", rules);
    expect(cases(results, "0_s")).toEqual(["quiet pass", "after pass"]);
  });
});

describe("`^` in an interactive test", () => {
  it("is the beginning of what came since the last match, not of any line", async () => {
    const text = job(
      "prompts: ['# ']",
      `interactive: [ { name: s, prompts: ['# '], echo: discard, script: [
        { name: first, command: a, successes: [ { message: '^OK' } ] },
        { name: later, command: b, failures: [ { message: '^OK' } ] } ] } ]`,
    );
    const { results } = await run(text, "# ", {
      a: { input: "a", output: "OK\r\n# " },
      b: { input: "b", output: "noise\r\nOK\r\n# " },
      empty: { input: "", output: "# " },
    });
    expect(cases(results, "0_s")).toEqual(["first pass", "later pass"]);
  });
});
