/** Interactive tests, monitors and repeat blocks on the console of a machine that really runs. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { adaptJob } from "../support/real-board.js";
import { runCli } from "../support/run-cli.js";
import { expectCompleteOutputs, testCase, verdicts } from "../support/run-outputs.js";
import { inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";

const folder = makeWorkspace();
afterAll(() => removeWorkspace(folder));

const TESTS = String.raw`  - test:
      timeout: { minutes: 1 }
      interactive:
        - name: shell
          prompts: [ 'root@board:/root# ' ]
          expected: [ version, wrong, gone ]
          script:
            - { command: "uname -s", name: version, successes: [ { message: "(?P<system>Linux)" } ] }
            - { command: "test -e /nonexistent || echo lost", name: wrong, failures: [ { message: 'lost\r+\n' } ] }
            - { delay: 1 }
            - command: "(sleep 2; echo BEGIN {system}; for i in 1 2 3; do echo case-$i: ok $i.5 ms; done; echo broken: bad; echo 'THE END') &"
  - test:
      timeout: { minutes: 1 }
      monitors:
        - name: Late Output
          start: 'BEGIN Linux'
          end: 'THE END'
          pattern: '(?P<test_case_id>[a-z0-9-]+): (?P<result>ok|bad)( (?P<measurement>[0-9.]+) (?P<units>ms))?\r+\n'
          fixupdict: { ok: pass, bad: fail }
  - repeat:
      count: 2
      actions:
        - test:
            timeout: { minutes: 1 }
            definitions:
              - from: inline
                name: again
                path: again.yaml
                repository:
                  metadata: { format: Lava-Test Test Definition 1.0, name: again }
                  run: { steps: [ "lava-test-case date --shell date" ] }
`;

test("scripts are typed, results are read off the console, blocks run again", async () => {
  const job = adaptJob(folder, "qemu-x86_64");
  const text = readFileSync(job, "utf8");
  writeFileSync(job, text.slice(0, text.indexOf("  - test:\n")) + TESTS);
  const output = join(folder, "out");
  const run = await runCli([
    "run",
    "--device",
    inRoot("device-configs/devices/qemu-x86_64.yaml"),
    "--output-dir",
    output,
    job,
  ]);
  const report = expectCompleteOutputs(output);
  expect({ code: run.code, verdict: report.verdict.class, error: report.verdict.error }).toEqual({
    // cases that fail are no error of the job
    code: 1,
    verdict: "fail",
    error: undefined,
  });
  expect(verdicts(report, "0_shell")).toEqual({ version: "pass", wrong: "fail", gone: "fail" });
  expect(verdicts(report, "late-output")).toEqual({
    case_1: "pass",
    case_2: "pass",
    case_3: "pass",
    broken: "fail",
  });
  expect(testCase(report, "late-output", "case_2")).toMatchObject({ measurement: 2.5, units: "ms" });
  expect(verdicts(report, "0_again")).toEqual({ date: "pass" });
  expect(verdicts(report, "1_again")).toEqual({ date: "pass" });
});
