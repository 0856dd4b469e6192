/** Monitors, interactive tests, groups and containers, as whole jobs in virtual time. */
import { describe, expect, it } from "vitest";
import { ReportBuilder } from "../../src/results/report-builder.js";
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

  it("whose end never comes is closed after the connection's timeout; the suite is unfinished, the job goes on", async () => {
    const next = `    - { name: next, start: AFTER, end: DONE, pattern: '(?P<test_case_id>\\w+) (?P<result>pass)' }\n`;
    const job = MONITOR.replace("fixupdict:", "expected: [kernel_sleep, last]\n      fixupdict:") + next;
    const late = { login: { input: "root", output: PROMPT } };
    for (const timeout of ["seconds: 100", "seconds: 100, skip: true"]) {
      const { verdict, results, log, journal } = await runVirtually({
        job: job.replaceAll("seconds: 100", timeout),
        rules: late,
        onReset: (board) => {
          board.say("\r\nU-Boot 2023.01 (Jan 01)\r\nHit any key to stop autoboot:  2 ", 300);
          board.say("\r\n=> ", 400);
          board.say(`${zephyr[1]}\r\n`, 5000);
          board.say("AFTER\r\nx pass\r\nDONE\r\n", 50_000);
        },
      });
      expect(verdict).toEqual({ result: "pass", further: [] });
      expect(short(results)).toEqual(["unit-tests kernel_sleep pass", "unit-tests last fail", "next x pass"]);
      expect(log.filter(({ level }) => level === "warning").map(({ message }) => message)).toEqual([
        expect.stringMatching(/^Monitor Unit Tests saw neither .* it is closed with what it has seen$/),
      ]);
      const builder = new ReportBuilder();
      for (const record of journal) builder.add(record);
      const report = builder.report();
      expect(report.suites.map(({ name, state }) => `${name} ${state}`)).toEqual([
        "lava complete",
        "unit-tests incomplete",
        "next complete",
      ]);
      expect(report.verdict).toMatchObject({ class: "fail", result: "pass" });
    }
  });

  it("that ends without a single result says so", async () => {
    const output = [PROMPT, "BOOTING ZEPHYR\r\nnothing\r\nPROJECT EXECUTION FAILED\r\n"];
    const { verdict, log } = await runVirtually({ job: MONITOR, rules: says(output) });
    expect(verdict.result).toBe("pass");
    expect(log.find(({ level }) => level === "warning")?.message).toContain("ended without a single result");
  });

  it("listens where the action before it talked, whatever its namespace", async () => {
    const job = MONITOR.replace("- boot:\n", "- boot:\n    namespace: model\n").replace(
      "- test:\n",
      "- test:\n    namespace: target\n",
    );
    const { verdict, results } = await runVirtually({ job, rules: says(zephyr) });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(short(results)).toHaveLength(4);
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

describe("a test without a console to talk on", () => {
  it("is found before the board is switched on, as no action before it connects; LAVA starts such a job", async () => {
    const other = MONITOR.replace("- boot:\n", "- boot:\n    namespace: model\n");
    const lost = other
      .replace("- test:\n", "- test:\n    namespace: target\n")
      .replace(/monitors:[\s\S]*/, "interactive: [ { name: talk, prompts: ['# '], script: [ { command: id } ] } ]\n");
    for (const job of [
      lost,
      MONITOR.slice(0, MONITOR.indexOf("- boot:")) + MONITOR.slice(MONITOR.indexOf("- test:")),
    ]) {
      const { verdict, log } = await runVirtually({ job });
      expect(verdict.error).toMatchObject({
        class: "JobError",
        message: expect.stringContaining("has no console to talk on"),
        location: { file: "job.yaml" },
      });
      const told = log.findIndex(({ message }) =>
        String(message).includes("will end the job: no action before it opens"),
      );
      expect(log[told]?.level).toBe("warning");
      expect(told).toBeLessThan(log.findIndex(({ message }) => String(message).startsWith("start: 1 ")));
    }
    const shared = lost.replace("namespace: target\n", "namespace: target\n    connection-namespace: model\n");
    expect((await runVirtually({ job: shared, rules: shell({ id: "uid=0\r\n# " }) })).verdict.result).toBe("pass");
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

  it("the step under way when time is up is a fail in its suite, or a pass when its success was seen; then the timeout", async () => {
    const job = interactive(`      - { command: say, name: first }\n${DHCP}`, "      expected: [first, dhcp, third]\n");
    for (const [answer, result] of [
      ["...\r\n", "fail"],
      ["bound to address 10.0.0.1\r\n", "pass"],
    ] as const) {
      const rules = shell({ say: PROMPT, dhcp: answer });
      const { verdict, results } = await runVirtually({ job, rules });
      expect(verdict.error).toMatchObject({
        class: "TestError",
        message: "lava-test-interactive timed out after 100 seconds",
      });
      const told = ["0_network first pass", `0_network dhcp ${result}`, "lava 0_network fail", "0_network third fail"];
      expect(short(results)).toEqual(told);
      const skipped = await runVirtually({ job: job.replace("seconds: 100", "seconds: 100, skip: true"), rules });
      expect(skipped.verdict.result).toBe("pass");
      expect(short(skipped.results)).toEqual(told);
      expect(
        skipped.results.filter((r) => String(r.case).startsWith("lava-test")).map((r) => `${r.case} ${r.result}`),
      ).toEqual(["lava-test-interactive fail", "lava-test-interactive-retry fail"]);
    }
  });

  it("a step after one that waits for no prompt takes that one's prompt, as everything comes in its order", async () => {
    const job = interactive(
      `      - { command: go, name: going, wait_for_prompt: false, successes: [ { message: going } ] }\n      - { command: next, name: next }\n      - { command: last, name: last, successes: [ { message: good } ] }\n      - { command: null, name: sync }\n      - { command: id, name: id, successes: [ { message: uid } ] }\n`,
    );
    const { verdict, results, log } = await runVirtually({
      job,
      rules: shell({
        go: `going\r\n${PROMPT}`,
        next: `silent\r\n${PROMPT}`,
        last: `good\r\n${PROMPT}`,
        id: `uid=0\r\n${PROMPT}`,
      }),
    });
    expect(verdict.result).toBe("pass");
    expect(short(results)).toEqual([
      "0_network going pass",
      "0_network next pass", // by the prompt of `go`
      "0_network last fail", // the prompt of `next` came, and no success
      "0_network sync pass", // the prompt of `last`
      "0_network id pass",
      "lava 0_network pass",
    ]);
    expect(log.some(({ level }) => level === "warning")).toBe(false);
  });

  it("the prompts that ruled last go on ruling in the shell", async () => {
    const there = "root@board:/tmp# ";
    const job = `${interactive(`      - command: cd /tmp\n`).replace('"root@board:/root# "', JSON.stringify(there))}- test:\n    timeout: { seconds: 100 }\n${DEFINITION}`;
    const moved = (rules: { [line: string]: string }) =>
      Object.fromEntries(Object.entries(rules).map(([name, output]) => [name, output.replaceAll(PROMPT, there)]));
    const { verdict, results } = await runVirtually({
      job,
      rules: {
        ...shell(moved({ "cd /tmp": PROMPT, "#": PROMPT })),
        shell: { input: /^export SHELL/, output: there },
        comment: { input: "#", output: there },
        environment: { input: /environment ;/, output: `<LAVA_SIGNAL_RETRUNCODE 0>\r\n${there}` },
        runner: { input: /lava-test-runner/, output: runner().replaceAll(PROMPT, there) },
      },
    });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(short(results)).toEqual(["lava 0_network pass", "0_smoke tc pass", "lava 0_smoke pass"]);
  });

  it("steps of a group need a coordinator, and say so", async () => {
    const { verdict } = await runVirtually({ job: interactive("      - lava-sync: here\n") });
    expect(verdict.error?.message).toContain("coordinator");
  });
});

const DEFINITION = `    definitions:
    - { from: inline, name: smoke, path: smoke.yaml, repository: { metadata: { format: "Lava-Test Test Definition 1.0", name: smoke }, run: { steps: [ "true" ] } } }
`;

describe("cases that were expected and never ran", () => {
  const expecting = DEFINITION.replace("name: smoke, path", "name: smoke, expected: [b, a], path");
  const job = `${MONITOR.replace("fixupdict:", "expected: [x]\n      fixupdict:")}- test:\n    timeout: { seconds: 100 }\n    interactive:\n    - { name: talk, prompts: ["# "], expected: [s0], script: [ { name: s0, command: id } ] }\n- test:\n    timeout: { seconds: 100 }\n${expecting}`;

  it("are fails at the end, each once, before the board is powered off", async () => {
    const { verdict, results } = await runVirtually({ job, rules: { boot: { input: /^booti/, output: "..." } } });
    expect(verdict.result).toBe("fail");
    expect(results.slice(-6).map((r) => `${r.definition} ${r.case} ${r.result} ${r.level ?? ""}`.trim())).toEqual([
      "unit-tests x fail 2.1",
      "0_talk s0 fail 3.1",
      "0_smoke a fail 4.1",
      "0_smoke b fail 4.1",
      "lava power-off pass 5.1",
      "lava job fail",
    ]);
    expect(results.find((r) => r.case === "s0")?.extra).toMatchObject({ reason: expect.stringContaining("missing") });
  });

  it("so are those of a run that was left, and of definitions behind it", async () => {
    const two = `${boot}- test:\n    timeout: { seconds: 100 }\n${expecting}${expecting.slice(expecting.indexOf("    - {")).replaceAll("smoke", "other")}`;
    const { results } = await runVirtually({
      job: two,
      services: {
        "bootloader-substitute": {
          name: "bootloader-substitute",
          run: async () => ({
            data: {
              bootloader: { commands: ["setenv x", "booti 1"] },
              overlay: { results_dir: "/lava-7" },
              tests: { 0: { id: "0_smoke", expected: ["b", "a"], expected_by_job: true } },
            },
          }),
        },
      },
      rules: {
        runner: {
          input: /lava-test-runner/,
          output: "<LAVA_SIGNAL_STARTRUN 0_smoke u>\r\n<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=a RESULT=pass>\r\n",
        },
      },
    });
    expect(short(results)).toEqual([
      "0_smoke a pass",
      "lava 0_smoke fail",
      "0_smoke b fail",
      "1_other a fail",
      "1_other b fail",
    ]);
  });
});

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
