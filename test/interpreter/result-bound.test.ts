/** A board that reports without end: beyond a bound its results are counted; nothing is lost, and the verdict is right. */
import { expect, test } from "vitest";
import { ResultBound } from "../../src/interpreter/result-bound.js";
import { ReportBuilder } from "../../src/results/report-builder.js";
import { JOB, runner, runVirtually } from "./virtual-board.js";

const LIMIT = 50;
const cases = (count: number, result: string, name = "case") =>
  Array.from({ length: count }, (_, i) => `TESTCASE TEST_CASE_ID=${name}-${i} RESULT=${result}`);

async function report(signals: string[], job = JOB) {
  const builder = new ReportBuilder();
  const log: { level: string; message: unknown }[] = [];
  await runVirtually({
    job,
    dispatcher: { result_limit: LIMIT },
    rules: { runner: { input: /lava-test-runner/, output: runner(signals) } },
    sinks: [
      {
        write: (event) => {
          if (event.type === "journal") builder.add(event.record);
          if (event.type === "log") log.push(event);
        },
        close: async () => {},
      },
    ],
  });
  const told = log.filter(({ level, message }) => level === "warning" && String(message).includes("`result_limit`"));
  const made = builder.report();
  return { ...made, told, suite: made.suites.find(({ name }) => name === "0_smoke") };
}

test("counts and verdict hold all that was reported, the report as many as are kept; it is told once", async () => {
  const { counts, verdict, told, suite } = await report([
    "STARTRUN 0_smoke u",
    ...cases(200, "pass"),
    ...cases(3, "fail", "bad"),
    ...cases(2, "skip", "left"),
    "ENDRUN 0_smoke u",
  ]);
  expect(counts).toMatchObject({ pass: 200, fail: 3, skip: 2, unknown: 0, incomplete_suites: 0 });
  expect(verdict).toMatchObject({ class: "fail", summary: "3 cases failed." });
  expect(told).toHaveLength(1);
  expect(suite).toMatchObject({ state: "complete", counts: { pass: 200, fail: 3, skip: 2 } });
  expect(suite?.cases).toHaveLength(LIMIT + 3);
  expect(suite?.cases.slice(LIMIT).map(({ name, result, count }) => [name, result, count])).toEqual([
    ["results-not-kept", "pass", 150],
    ["results-not-kept", "fail", 3],
    ["results-not-kept", "skip", 2],
  ]);
});

test("a job that passes goes on passing", async () => {
  const { counts, verdict } = await report(["STARTRUN 0_smoke u", ...cases(120, "pass"), "ENDRUN 0_smoke u"]);
  expect(counts).toMatchObject({ pass: 120, fail: 0, unknown: 0 });
  expect(verdict).toMatchObject({ class: "pass" });
});

test("what a broken-off suite had reported is counted as well", async () => {
  const { counts, suite } = await report(["STARTRUN 0_smoke u", ...cases(80, "pass")]);
  expect(suite).toMatchObject({ state: "incomplete", counts: { pass: 80 } });
  expect(counts.pass).toBe(80);
});

test("references are reports of the board, also where no suite has begun; the dispatcher's own results are all kept", async () => {
  const references = Array.from({ length: 80 }, (_, i) => `TESTREFERENCE ref-${i} pass http://x/${i}`);
  const { suites } = await report(["STARTRUN 0_smoke u", "ENDRUN 0_smoke u", ...references]);
  const all = suites.flatMap((suite) => suite.cases);
  expect(all.filter(({ reference }) => reference !== undefined)).toHaveLength(LIMIT);
  expect(all.filter(({ name }) => name === "results-not-kept").map(({ count }) => count)).toEqual([30]);
  expect(all.map(({ name }) => name)).toContain("job");
});

test("no test can pass for the one that stands for those that were not kept", async () => {
  const { counts } = await report([
    "STARTRUN 0_smoke u",
    "TESTCASE TEST_CASE_ID=results-not-kept RESULT=pass COUNT=1000",
    "ENDRUN 0_smoke u",
  ]);
  expect(counts.pass).toBe(1);
});

test("a setting that is no number leaves the usual limit", () => {
  for (const result_limit of [0, -1, "1", null]) expect(new ResultBound({ result_limit }).limit).toBe(100_000);
});
