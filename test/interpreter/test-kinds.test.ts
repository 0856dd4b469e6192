/** Monitors, interactive tests, groups and containers, as whole jobs in virtual time. */
import { describe, expect, it } from "vitest";
import { ScriptedConnection } from "../connections/scripted-connection.js";
import { JOB, PROMPT, runner, runVirtually, type VirtualRun } from "./virtual-board.js";

const boot = JOB.slice(0, JOB.indexOf("- test:"));
const withTest = (block: string, more = "") => `${boot}- test:\n    timeout: { seconds: 100 }\n${more}${block}`;
const told = (results: object[]) =>
  results
    .filter((r) => !["validate", "job", "kernel-messages", "login-action"].includes((r as { case: string }).case))
    .filter((r) => !("extra" in r && ["fail", "status"].some((key) => key in (r.extra as object))));

const MONITOR = withTest(String.raw`    monitors:
    - name: "Unit Tests"
      start: "BOOTING ZEPHYR"
      end: "PROJECT EXECUTION (SUCCESSFUL|FAILED)"
      pattern: '(?P<result>PASS|FAIL|SKIP|WHAT) - (?P<test_case_id>[^\r\n]+?)( (?P<measurement>[\d.]+) (?P<units>ms))?\r\n'
      fixupdict: { PASS: pass, FAIL: fail, SKIP: skip }
`);
const zephyr = [
  PROMPT,
  "*** BOOTING ZEPHYR OS ***\r\nPASS - Kernel Sleep\r\nFA",
  "IL - a/b\r\nSKIP - three\r\nWHAT - four\r\n",
  "PASS - boot 12.5 ms\r\nPROJECT EXECUTION SUCCESSFUL\r\n",
];
const says = (output: string[], delay = 500) => ({ login: { input: "root", output, delay } });

describe("monitors", () => {
  it("reads results, measurements and words of its own off the console, whatever way the bytes come", async () => {
    const { verdict, results, log } = await runVirtually({ job: MONITOR, rules: says(zephyr) });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(told(results)).toEqual([
      { definition: "unit-tests", case: "kernel_sleep", level: "2.1", result: "pass" },
      { definition: "unit-tests", case: "a_b", level: "2.1", result: "fail" },
      { definition: "unit-tests", case: "three", level: "2.1", result: "skip" },
      { definition: "unit-tests", case: "boot", level: "2.1", result: "pass", measurement: 12.5, units: "ms" },
    ]);
    expect(log.filter(({ level }) => level === "error").map(({ message }) => message)).toEqual([
      expect.stringContaining('"WHAT" is not a result'),
    ]);
  });

  it("reports what was expected and did not come, and what came and was not expected, as fail", async () => {
    const job = MONITOR.replace("fixupdict:", "expected: [three, kernel_sleep, zebra, alpha]\n      fixupdict:");
    const { verdict, results } = await runVirtually({ job, rules: says(zephyr) });
    expect(verdict.result).toBe("pass");
    expect(results.filter((r) => r.definition === "unit-tests").map((r) => `${r.case} ${r.result}`)).toEqual([
      "kernel_sleep pass",
      "a_b fail",
      "three skip",
      "boot fail",
      "alpha fail",
      "zebra fail",
    ]);
    expect(results.find((r) => r.case === "alpha")?.extra).toMatchObject({
      reason: expect.stringContaining("missing"),
    });
  });

  it("ends with a JobError when its start does not come", async () => {
    const { verdict } = await runVirtually({ job: MONITOR, rules: says([PROMPT, "nothing\r\n"]) });
    expect(verdict.error).toMatchObject({ class: "JobError", action: "lava-test-monitor" });
    expect(verdict.error?.message).toContain("BOOTING ZEPHYR");
  });

  it("ends with a TestError when nothing comes any more, tries again when asked, and keeps what it had", async () => {
    const job = MONITOR.replace("monitors:", "failure_retry: 2\n    monitors:").replace(
      "fixupdict:",
      "expected: [kernel_sleep, last]\n      fixupdict:",
    );
    const { verdict, results } = await runVirtually({ job, rules: says(zephyr.slice(0, 2)) });
    expect(verdict.error).toMatchObject({ class: "JobError" });
    expect(results.filter((r) => r.definition === "unit-tests").map((r) => `${r.case} ${r.result}`)).toEqual([
      "kernel_sleep pass",
      "last fail",
      // the second attempt, which saw nothing
      "kernel_sleep fail",
      "last fail",
    ]);
    const attempts = results
      .filter((r) => r.case === "lava-test-monitor")
      .map((r) => (r.extra as { fail: string }).fail);
    expect(attempts[0]).toContain("saw neither a result nor its end");
  });

  it("a measurement without a result is a pass; several monitors run one after the other", async () => {
    const job = withTest(String.raw`    monitors:
    - { name: speed, start: BEGIN, end: END, pattern: '(?P<test_case_id>\w+): (?P<measurement>[-\d.e]+)\r\n' }
    - { name: more, start: BEGIN, end: END, pattern: '(?P<test_case_id>\w+) (?P<result>pass)\r\n' }
`);
    const rules = says([PROMPT, "BEGIN\r\nread: 1.5e3\r\nwrite: fast\r\nEND\r\nBEGIN\r\nx pass\r\nEND\r\n"]);
    const { verdict, results } = await runVirtually({ job, rules });
    expect(verdict.result).toBe("pass");
    expect(told(results)).toEqual([
      { definition: "speed", case: "read", level: "2.1", result: "pass", measurement: 1500 },
      { definition: "more", case: "x", level: "2.1", result: "pass" },
    ]);
  });
});

const interactive = (script: string, more = "") =>
  withTest(
    `    interactive:\n    - name: network\n      prompts: ["=> ", "root@board:/root# "]\n${more}      script:\n${script}`,
  );
const DHCP = `      - { command: dhcp, name: dhcp, successes: [ { message: 'bound to address (?P<address>[\\d.]+)' } ], failures: [ { message: TIMEOUT, exception: InfrastructureError, error: dhcp failed } ] }\n`;
const shell = (rules: { [line: string]: string }): NonNullable<VirtualRun["rules"]> =>
  Object.fromEntries(Object.entries(rules).map(([input, output]) => [input, { input, output }]));
const short = (results: object[]) =>
  told(results).map((r) => {
    const { definition, case: id, result } = r as { definition: string; case: string; result: string };
    return `${definition} ${id} ${result}`;
  });

describe("interactive tests", () => {
  it("types each command and fills in what the answers gave", async () => {
    const job = interactive(
      `${DHCP}      - { command: "ping {address}", name: ping, successes: [ { message: is alive } ] }\n      - delay: 3\n      - command: "echo {JOB_ID}"\n      - { command: null, wait_for_prompt: false, failures: [ { message: never } ], successes: [ { message: later } ] }\n`,
    );
    const { verdict, results, board } = await runVirtually({
      job,
      rules: {
        ...shell({
          dhcp: `DHCP client bound to address 10.0.2.15\r\n${PROMPT}`,
          "ping 10.0.2.15": `host is alive\r\n${PROMPT}`,
        }),
        echo: { input: "echo 7", output: [`7\r\n${PROMPT}`, "something later\r\n"], delay: 900 },
      },
    });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(short(results)).toEqual(["0_network dhcp pass", "0_network ping pass", "lava 0_network pass"]);
    expect(told(results)[0]).toMatchObject({ duration: expect.stringMatching(/^\d+\.\d\d$/) });
    expect(board.lines.slice(-3)).toEqual(["dhcp", "ping 10.0.2.15", "echo 7"]);
  });

  it("a failure raises its error with its text; case and script are fails", async () => {
    const job = interactive(DHCP);
    const { verdict, results } = await runVirtually({ job, rules: shell({ dhcp: `TIMEOUT\r\n${PROMPT}` }) });
    expect(verdict.error).toMatchObject({ class: "InfrastructureError", message: "dhcp failed" });
    expect(short(results)).toEqual(["0_network dhcp fail", "lava 0_network fail"]);
  });

  it("a named step that fails is a fail and the script goes on; one without a name ends it with a TestError", async () => {
    const failure = "failures: [ { message: not found } ]";
    const job = interactive(
      `      - { command: a, name: first, ${failure} }\n      - { command: b, name: second, successes: [ { message: x } ] }\n      - { command: c, ${failure} }\n      - { command: d }\n`,
    );
    const answer = `not found\r\n${PROMPT}`;
    const { verdict, results, board } = await runVirtually({ job, rules: shell({ a: answer, b: PROMPT, c: answer }) });
    expect(verdict.error).toMatchObject({ class: "TestError", message: "Failed to run command 'c'" });
    expect(short(results)).toEqual(["0_network first fail", "0_network second fail", "lava 0_network fail"]);
    expect(board.lines).not.toContain("d");
  });

  it("echo: discard leaves the echo out of what is matched; expected cases are looked after", async () => {
    const job = interactive(
      `      - { command: "echo FAIL", name: odd, failures: [ { message: FAIL } ], successes: [ { message: fine } ] }\n`,
      `      echo: discard\n      expected: [odd, other]\n`,
    );
    const { verdict, results } = await runVirtually({ job, rules: shell({ "echo FAIL": `fine\r\n${PROMPT}` }) });
    expect(verdict.result).toBe("pass");
    expect(short(results)).toEqual(["0_network odd pass", "0_network other fail", "lava 0_network pass"]);
  });

  it("a script that gets no answer is a fail when the action's time is over", async () => {
    const { verdict, results } = await runVirtually({ job: interactive(DHCP), rules: shell({ dhcp: "...\r\n" }) });
    expect(verdict.error).toMatchObject({ class: "TestError" });
    expect(short(results)).toEqual(["lava 0_network fail"]);
  });

  it("steps of a group need a coordinator, and say so", async () => {
    const { verdict } = await runVirtually({ job: interactive("      - lava-sync: here\n") });
    expect(verdict.error?.message).toContain("coordinator");
  });
});

const DEFINITION = `    definitions:
    - { from: inline, name: smoke, path: smoke.yaml, repository: { metadata: { format: "Lava-Test Test Definition 1.0", name: smoke }, run: { steps: [ "true" ] } } }
`;

describe("tests in containers", () => {
  const container = () => {
    let box: ScriptedConnection | undefined;
    const services: VirtualRun["services"] = {
      "overlay-directory": {
        name: "overlay-directory",
        run: async () => ({ data: { overlay: { results_dir: "/lava-7", directory: "/x" } } }),
      },
      "docker-shell": {
        name: "docker-shell",
        run: async (_input, context) => {
          box = new ScriptedConnection({
            clock: context.clock,
            greeting: "docker-test-shell:$ ",
            rules: [
              { input: /environment ;/, output: "<LAVA_SIGNAL_RETRUNCODE 0>\r\ndocker-test-shell:$ " },
              { input: /lava-test-runner/, output: runner().replace(PROMPT, "docker-test-shell:$ ") },
              { input: /.*/, output: "docker-test-shell:$ " },
            ],
          });
          context.setConsole(context.openConsole(box, "container"));
          return undefined;
        },
      },
    };
    return { services, box: () => box as ScriptedConnection };
  };

  it("talks to the container and not to the board, closes it, and the board's console stays", async () => {
    const { services, box } = container();
    const job = `${withTest(DEFINITION, "    docker: { image: debian }\n")}- test:\n    timeout: { seconds: 60 }\n    monitors: [ { name: m, start: ALIVE, end: END, pattern: "(?P<test_case_id>x) (?P<result>pass)" } ]\n`;
    const { verdict, results, board } = await runVirtually({
      job,
      services,
      rules: says([PROMPT, "ALIVE\r\nx pass\r\nEND\r\n"], 4000),
    });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(short(results)).toEqual(["0_smoke tc pass", "lava 0_smoke pass", "m x pass"]);
    expect(box().lines).toContain("/lava-7/bin/lava-test-runner /lava-7/0");
    expect(board.lines.join("\n")).not.toContain("lava-test-runner");
    await expect(box().closed).resolves.toMatchObject({ kind: "closed" });
  });
});

describe("groups", () => {
  const MEMBER = `${JOB.replace("timeouts:", "protocols: { lava-multinode: { target_group: g, role: server, roles: { '7': server, '8': client } } }\ntimeouts:").replace("- boot:\n", "- boot:\n    role: server\n").replace("- test:\n", "- test:\n    role: server\n")}`;

  it("a member's tests run like others", async () => {
    const { verdict, results, pipeline } = await runVirtually({ job: MEMBER });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(pipeline.actions.map(({ name }) => name)).toEqual(["uboot-action", "multinode-test", "finalize"]);
    expect(short(results)).toEqual(["0_smoke tc pass", "lava 0_smoke pass"]);
  });

  it("a question to the others fails at once instead of waiting for an answer that cannot come", async () => {
    const signals =
      "<LAVA_SIGNAL_STARTRUN 0_smoke u>\r\n<LAVA_WAIT_DEBUG asking Tue>\r\n<LAVA_MULTI_NODE> <LAVA_WAIT ipv4>\r\n";
    const { verdict, results, ms } = await runVirtually({
      job: MEMBER,
      rules: { runner: { input: /lava-test-runner/, output: signals } },
    });
    expect(verdict.error).toMatchObject({ action: "multinode-test" });
    expect(verdict.error?.message).toContain("LAVA_WAIT ipv4");
    expect(short(results)).toContain("lava 0_smoke fail");
    expect(ms).toBeLessThan(30_000);
  });
});

describe("repeat blocks", () => {
  it("run their blocks round after round, each test with a stage and a suite of its own", async () => {
    const test = JOB.slice(JOB.indexOf("- test:")).replaceAll("\n", "\n    ");
    const job = `${boot}- repeat:\n    count: 2\n    actions:\n    ${test.trimEnd()}\n`;
    let round = 0;
    const rules = {
      runner: {
        input: /lava-test-runner/,
        output: () =>
          runner([`STARTRUN ${round}_smoke u`, "TESTCASE TEST_CASE_ID=tc RESULT=pass", `ENDRUN ${round++}_smoke u`]),
      },
    };
    const { verdict, results, pipeline, board } = await runVirtually({ job, rules });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(pipeline.problems).toEqual([]);
    expect(pipeline.validation).toEqual([]);
    expect(pipeline.actions.map(({ level, name }) => `${level} ${name}`)).toEqual([
      "1 uboot-action",
      "2 lava-test-retry",
      "3 lava-test-retry",
      "4 finalize",
    ]);
    expect(board.lines.filter((line) => line.includes("lava-test-runner"))).toEqual([
      "/lava-7/bin/lava-test-runner /lava-7/0",
      "/lava-7/bin/lava-test-runner /lava-7/1",
    ]);
    expect(short(results)).toEqual(["0_smoke tc pass", "lava 0_smoke pass", "1_smoke tc pass", "lava 1_smoke pass"]);
  });
});
