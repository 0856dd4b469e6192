/**
 * Patterns and outputs that would keep a backtracking engine busy for ever, in every place where a job, a device or a test
 * definition gives a pattern that meets the console: deadlines and cancelling end the job, and the board is powered off.
 * Where a search could not be ended, the test itself would not.
 */
import { describe, expect, it } from "vitest";
import { DEVICE, goodBoard, JOB, login, PROMPT, runner, runVirtually, type VirtualRun } from "./virtual-board.js";

const PATTERNS: { [name: string]: string } = {
  "nested repeats": "(a+)+$",
  "a choice in a repeat": "(?:a|aa)+\\$",
  "without case": "(?i)(A+)+!$",
  "looking ahead": "(?=(?:a+)+\\$)a",
  "looking back": "(?<=b(?:a|aa)+)\\$",
  "large counts": "(?:a{1,30}){1,30}\\$",
  "empty choices": "(?:|){50}\\$",
  "no nested repeat": "\\s+\\S*\\s+\\S*\\s+\\$",
  "one long line": ".*.*.*\\$",
  "several lines": "(?s).*a.*a.*a.*\\$",
  "referring back": "(a+)+\\1\\$",
};
const LINE = `${"a".repeat(40)}!`;
/** One short line, blanks, and a line longer than all that is looked back at. */
const HOSTILE = `\r\n${LINE}\r\n${" a".repeat(20_000)}${"a".repeat(50_000)}!`;
const quoted = (pattern: string) => `'${pattern.replaceAll("'", "''")}'`;
const boot = JOB.slice(0, JOB.indexOf("- test:"));
const withTest = (block: string) => `${boot}- test:\n    timeout: { seconds: 60 }\n${block}`;
const afterLogin = { login: { input: "root", output: [PROMPT, HOSTILE], delay: 300 } };

interface Place {
  run: (pattern: string) => VirtualRun;
  /** The job's own end when the pattern is never met; a pattern that only watches changes nothing. */
  passes?: true;
}
const PLACES: { [name: string]: Place } = {
  prompts: {
    run: (pattern) => ({
      job: JOB.replace('[ "root@board:/root#" ]', () => `[ ${quoted(pattern)} ]`),
      rules: { login: { input: "root", output: HOSTILE }, empty: { input: "", output: HOSTILE } },
    }),
  },
  "auto_login.login_prompt": {
    run: (pattern) => ({
      job: JOB.replace('login_prompt: "board login:"', () => `login_prompt: ${quoted(pattern)}`),
      rules: {
        boot: { input: /^booti/, output: [`Starting kernel ...${login.replace("board login: ", "")}${HOSTILE}`] },
      },
    }),
  },
  "auto_login.password_prompt": {
    run: (pattern) => ({
      job: JOB.replace("username: root", () => `username: root, password_prompt: ${quoted(pattern)}, password: x`),
      rules: { login: { input: "root", output: HOSTILE }, empty: { input: "", output: HOSTILE } },
    }),
  },
  failure_message: {
    run: (pattern) => ({
      job: JOB.replace("    method: u-boot\n", () => `    method: u-boot\n    failure_message: ${quoted(pattern)}\n`),
      rules: { boot: { input: /^booti/, output: ["Starting kernel ...", HOSTILE, "\r\n", login], delay: 300 } },
    }),
    passes: true,
  },
  "boot_finished of an installer": {
    run: (pattern) => ({
      job: JOB.replace("    method: u-boot\n", () => `    method: u-boot\n    boot_finished: [ ${quoted(pattern)} ]\n`),
      rules: { boot: { input: /^booti/, output: ["Starting kernel ...\r\n", HOSTILE], delay: 300 } },
    }),
  },
  "bootloader_prompt of a device": {
    run: (pattern) => ({
      device: DEVICE.replace("bootloader_prompt: '=> '", () => `bootloader_prompt: ${quoted(pattern)}`),
      onReset: (board) => board.say(`\r\nHit any key to stop autoboot:  2 ${HOSTILE}`, 300),
    }),
  },
  "interrupt_prompt of a device": {
    run: (pattern) => ({
      device: DEVICE.replace(
        "interrupt_prompt: Hit any key to stop autoboot",
        () => `interrupt_prompt: ${quoted(pattern)}`,
      ),
      onReset: (board) => board.say(HOSTILE, 300),
    }),
  },
  "error-messages of a device": {
    run: (pattern) => ({
      device: DEVICE.replace("'Retry count exceeded'", () => quoted(pattern)),
      rules: { setenv: { input: /^ ?setenv/, output: [HOSTILE, "\r\n=> "], delay: 300 } },
    }),
    passes: true,
  },
  "a monitor's start": {
    run: (pattern) => ({
      job: withTest(`    monitors:\n    - { name: m, start: ${quoted(pattern)}, end: END, pattern: x }\n`),
      rules: afterLogin,
    }),
  },
  "a monitor's end": {
    run: (pattern) => ({
      job: withTest(`    monitors:\n    - { name: m, start: aaa, end: ${quoted(pattern)}, pattern: never }\n`),
      rules: afterLogin,
    }),
  },
  "a monitor's pattern": {
    run: (pattern) => ({
      job: withTest(`    monitors:\n    - { name: m, start: aaa, end: never, pattern: ${quoted(pattern)} }\n`),
      rules: afterLogin,
    }),
  },
  "prompts of an interactive test": {
    run: (pattern) => ({
      job: withTest(
        `    interactive:\n    - name: i\n      prompts: [ ${quoted(pattern)} ]\n      script: [ { command: go } ]\n`,
      ),
      rules: { go: { input: "go", output: HOSTILE } },
    }),
  },
  "successes of an interactive test": {
    run: (pattern) => ({
      job: withTest(
        `    interactive:\n    - name: i\n      prompts: [ never ]\n      script: [ { command: go, name: n, successes: [ { message: ${quoted(pattern)} } ] } ]\n`,
      ),
      rules: { go: { input: "go", output: HOSTILE } },
    }),
  },
  "failures of an interactive test": {
    run: (pattern) => ({
      job: withTest(
        `    interactive:\n    - name: i\n      prompts: [ never ]\n      script: [ { command: go, name: n, failures: [ { message: ${quoted(pattern)} } ] } ]\n`,
      ),
      rules: { go: { input: "go", output: HOSTILE } },
    }),
  },
};

/** The whole list where a place is cheap to try; these elsewhere: all come through the same function. */
const SOME = ["nested repeats", "no nested repeat"];

describe.each(Object.entries(PLACES))("%s", (place, { run, passes }) => {
  it.each(SOME)("%s: the deadline ends it", async (name) => {
    const { verdict, power } = await runVirtually(run(PATTERNS[name] as string));
    if (passes) expect(verdict).toMatchObject({ result: "pass" });
    // A monitor that saw its start ends with its silence, and the job goes on; a login is found by its prompt as well.
    else if (verdict.error) expect(verdict.error.message).toMatch(/timed out|saw neither|was not seen/);
    else expect(place).toMatch(/^(?:a monitor's (?:end|pattern)|auto_login\.login_prompt)$/);
    expect(power.at(-1)).toContain("board off");
  });
});

const ALL = JOB.replace('[ "root@board:/root#" ]', () => `[ ${Object.values(PATTERNS).map(quoted).join(", ")} ]`);
const rules = { login: { input: "root", output: HOSTILE }, empty: { input: "", output: HOSTILE } };

it("all of them as prompts: the deadline ends the job", async () => {
  const { verdict, power } = await runVirtually({ job: ALL, rules });
  expect(verdict.error?.message).toMatch(/timed out/);
  expect(power.at(-1)).toContain("board off");
});

it("all of them as prompts: a cancelled job ends at once", async () => {
  const { verdict, power, ms } = await runVirtually({ job: ALL, rules, cancelAt: 8_000 });
  expect(verdict.error).toMatchObject({ class: "JobCanceled" });
  expect(ms).toBeLessThan(10_000);
  expect(power.at(-1)).toContain("board off");
});

describe("parse.pattern of a test definition", () => {
  it.each(Object.entries(PATTERNS))(
    "%s: the lines of the test are looked at and it goes on",
    async (_name, pattern) => {
      const said = runner(["STARTRUN 0_smoke u", "TESTCASE TEST_CASE_ID=tc RESULT=pass"]).split("<LAVA_TEST_RUNNER")[0];
      const { verdict, results } = await runVirtually({
        rules: {
          runner: {
            input: /lava-test-runner/,
            output: [`${said}${HOSTILE}\r\n`, `<LAVA_SIGNAL_ENDRUN 0_smoke u>\r\n<LAVA_TEST_RUNNER EXIT>\r\n${PROMPT}`],
            delay: 300,
          },
        },
        services: {
          "test-overlay": {
            name: "test-overlay",
            run: async () => ({
              data: { tests: { "0_smoke": { id: "0_smoke", pattern: `(?P<test_case_id>${pattern})` } } },
            }),
          },
        },
      });
      expect(verdict.result).toBe("pass");
      expect(results.find(({ case: name }) => name === "tc")).toMatchObject({ result: "pass" });
    },
  );
});

it("the good board passes with none of them", async () => {
  expect(goodBoard.login).toBeDefined();
  expect((await runVirtually()).verdict.result).toBe("pass");
});
