/** What labs write of consoles, as whole jobs in virtual time: each has to pass as it does with LAVA. */
import { describe, expect, it } from "vitest";
import type { ScriptedConnection } from "../connections/scripted-connection.js";
import { DEVICE, goodBoard, JOB, PROMPT, runVirtually } from "./virtual-board.js";

const MINIMAL = DEVICE.replace("methods: { u-boot:", "methods: { minimal: {}, u-boot:");
const warnings = (log: { level: string; message: unknown }[]) =>
  log.filter(({ level }) => level === "warning").map(({ message }) => String(message));

/** A job whose board says what it says after its reset. */
const minimal = (boot: string, test: string) => `
device_type: board
job_name: virtual
timeouts: { job: { minutes: 3 }, action: { minutes: 1 }, connection: { minutes: 1 } }
visibility: public
actions:
- boot: { method: minimal, ${boot} }
- test: ${test}
`;
const saying =
  (...pieces: [ms: number, text: string][]) =>
  (board: ScriptedConnection) => {
    for (const [ms, text] of pieces) board.say(text.replace(/\r?\n/g, "\r\n"), ms);
  };

describe("a prompt of which the job or the device names a part", () => {
  it.each([
    ["the shell's, up to its colon", JOB.replace("root@board:/root#", "root@board:"), DEVICE],
    ["the boot loader's name", JOB, DEVICE.replace("'=> '", "U-Boot")],
    ["the middle of the boot loader's", JOB, DEVICE.replace("'=> '", "'2 .board'")],
    ["the login's, its first word", JOB.replace('"board login:"', "board"), DEVICE],
  ])("%s: the job passes in the time of others", async (_what, job, device) => {
    const name = device.includes("'=> '") ? "=> " : device.includes("2 .board") ? "U-Boot 2 (board) # " : "U-Boot> ";
    const { verdict, board, ms } = await runVirtually({
      job,
      device,
      rules: { setenv: { input: /^ ?setenv/, output: name } },
      onReset: (connection) => {
        connection.say("\r\nU-Boot 2023.01 (Jan 01)\r\nHit any key to stop autoboot:  2 ", 300);
        connection.say(`\r\n${name}`, 400);
      },
    });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(ms).toBeLessThan(10_000);
    // The one that asks for the shell.
    expect(board.lines.filter((line) => line === "")).toHaveLength(1);
  });

  it("the password's", async () => {
    const { verdict, ms } = await runVirtually({
      job: JOB.replace("username: root", "username: root, password_prompt: Password, password: secret"),
      rules: {
        login: { input: "root", output: "Password: ", times: 1 },
        password: { input: "secret", output: `\r\n${PROMPT}` },
      },
    });
    expect(verdict.result).toBe("pass");
    expect(ms).toBeLessThan(10_000);
  });
});

describe("a line of the boot as the prompt", () => {
  const firmware = [
    [200, "NOTICE:  Booting Trusted Firmware\nNOTICE:  BL1: v2.8(release):v2.8.0\n"],
    [400, "NOTICE:  BL1: Booting BL2\nNOTICE:  BL2: v2.8(release)\n"],
    [600, "NOTICE:  BL1: Booting BL31\nNOTICE:  BL31: v2.8(release)\n"],
    [1100, "> Executing 'PSCI'\n  TEST COMPLETE          Passed\n> Executing 'IRQ support in TSP'\n"],
    [1200, "  TEST COMPLETE          Skipped\n******* Summary *******\nExiting tests.\n"],
  ] as [number, string][];
  const job = minimal(
    "parameters: { kernel-start-message: '' }, prompts: ['Booting BL2'], timeout: { seconds: 40 }",
    String.raw`{ timeout: { seconds: 40 }, monitors: [ { name: tftf, start: 'Booting BL31', end: 'Exiting tests.',
      pattern: "(?s)> Executing '(?P<test_case_id>.+?(?=')).*?TEST COMPLETE\\s+(?P<result>(Skipped|Passed|Failed|Crashed))",
      fixupdict: { Passed: pass, Failed: fail, Crashed: fail, Skipped: skip } } ] }`,
  );

  it("is taken when nothing better came, with a warning, and the monitors find what came meanwhile", async () => {
    const { verdict, results, log } = await runVirtually({ job, device: MINIMAL, onReset: saying(...firmware) });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(results.filter((r) => r.definition === "tftf").map((r) => `${r.case} ${r.result}`)).toEqual([
      "psci pass",
      "irq_support_in_tsp skip",
    ]);
    expect(warnings(log)).toEqual([
      'No prompt came, but a line of the output matches "Booting BL2" and is taken for it: NOTICE:  BL1: Booting BL2',
    ]);
  });

  it("comes in time where the action has little, also of a board that is never silent", async () => {
    const chatter = Array.from({ length: 300 }, (_, at): [number, string] => [1300 + at * 200, `tick ${at}\n`]);
    const { verdict, results } = await runVirtually({
      job: job.replace("{ seconds: 40 }", "{ seconds: 12 }"),
      device: MINIMAL,
      onReset: saying(...firmware, ...chatter),
    });
    expect(verdict.result).toBe("pass");
    expect(results.filter((r) => r.definition === "tftf")).toHaveLength(2);
  });
});

describe("an empty line that would answer a question", () => {
  it.each([
    ["Password: "],
    ["Enter passphrase for /dev/sda2:"],
    ["Continue? [Y/n] "],
    ["Are you sure you want to continue connecting (yes/no/[fingerprint])? "],
    ["Overwrite (y/n): "],
    ["Press any key to continue..."],
    ["-- Hit ENTER to go on --"],
    ["Do you want to format it?"],
  ])("%s: nothing is typed", async (question) => {
    const { verdict, board, log } = await runVirtually({
      job: JOB.replace("username: root", "username: root, password_prompt: 'Other:', password: x"),
      rules: { login: { input: "root", output: question }, empty: { input: "", output: "Login incorrect\r\n" } },
    });
    expect(verdict.error?.message).toMatch(/^login-action timed out/);
    expect(board.lines.filter((line) => line === "")).toEqual([]);
    expect(warnings(log)).toContain(`The board asks, and nothing is typed that would be an answer: ${question.trim()}`);
  });

  it("is typed at any other line", async () => {
    const { verdict, board } = await runVirtually({
      rules: { login: { input: "root", output: "Starting the shell ..." }, ...{ empty: goodBoard.empty! } },
    });
    expect(verdict.result).toBe("pass");
    expect(board.lines.filter((line) => line === "").length).toBeGreaterThan(0);
  });
});
