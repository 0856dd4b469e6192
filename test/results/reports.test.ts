import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { reportFromJournal } from "../../src/results/report-from-journal.js";
import { resultYaml } from "../../src/results/result-yaml.js";
import { junitXml } from "../../src/results/results-junit.js";
import { tap } from "../../src/results/results-tap.js";
import { REPORT_FILES, readReport, writeReports } from "../../src/results/write-reports.js";
import { expectGolden } from "./golden.js";
import { faulty, incomplete, JournalWriter, labFault, mixed, panic, retried, truncated } from "./journals.js";

const JOURNALS = {
  mixed: () => mixed().lines(),
  retried: () => retried().lines(),
  "lab-fault": () => faulty().lines(),
  incomplete: () => incomplete().lines(),
  truncated,
};

describe.each(Object.entries(JOURNALS))("reports of the journal %s", (name, lines) => {
  test("results.json", async () => {
    expectGolden(`results/${name}.json`, `${JSON.stringify(await reportFromJournal(lines()), null, 2)}\n`);
  });
  test("results.junit.xml", async () =>
    expectGolden(`results/${name}.junit.xml`, junitXml(await reportFromJournal(lines()))));
  test("results.tap", async () => expectGolden(`results/${name}.tap`, tap(await reportFromJournal(lines()))));
  test("result.yaml", async () =>
    expectGolden(`results/${name}.result.yaml`, resultYaml(await reportFromJournal(lines()))));
});

test("kernelci-pipeline#1087: a lab fault is an error of class infrastructure, never a failure", async () => {
  const report = await reportFromJournal(faulty().lines());
  expect(report.verdict.class).toBe("infrastructure");
  const xml = junitXml(report);
  expect(xml).toContain('<error type="ConnectionClosedError"');
  expect(xml).not.toContain("<failure");
});

test("kernelci-pipeline#451: a suite that did not end is incomplete everywhere, though all its cases passed", async () => {
  const report = await reportFromJournal(incomplete().lines());
  expect(report.suites.find(({ name }) => name === "1_storage")?.state).toBe("incomplete");
  expect(report.verdict.class).toBe("fail");
  expect(report.counts.incomplete_suites).toBe(1);
  expect(junitXml(report)).toContain('<error type="incomplete" message="the suite did not end">');
  expect(tap(report)).toMatch(/^not ok \d+ - 1_storage \(the suite did not end\)$/m);
});

test("kernelci-core#2998: a retry that passed is the verdict, and every attempt is kept with its number", async () => {
  const report = await reportFromJournal(retried().lines());
  expect(report.verdict.class).toBe("pass");
  const suite = report.suites.find(({ name }) => name === "0_smoke")!;
  expect(suite.cases.map(({ name, result, attempt, final }) => [name, result, attempt, final])).toEqual([
    ["flaky", "fail", 1, false],
    ["gone", "pass", 1, false],
    ["flaky", "pass", 2, true],
  ]);
  expect(suite.counts).toEqual({ pass: 1, fail: 0, skip: 0, unknown: 0 });
  expect(report.actions.find(({ level }) => level === "2")?.attempts.map(({ status }) => status)).toEqual([
    "failed",
    "done",
  ]);
});

test("an unknown result never looks passed", async () => {
  const report = await reportFromJournal(
    new JournalWriter(["0_a"]).case("0_a", "lost", "unknown").suiteEnd("0_a").verdict().lines(),
  );
  expect(report.verdict.class).toBe("fail");
  expect(junitXml(report)).toContain('<error type="unknown"');
  expect(tap(report)).toMatch(/^not ok \d+ - 0_a\/lost # TODO/m);
});

test("the same case twice in one attempt counts twice", async () => {
  const report = await reportFromJournal(
    new JournalWriter(["0_a"]).case("0_a", "x", "pass").case("0_a", "x", "fail").suiteEnd("0_a").verdict().lines(),
  );
  expect(report.counts).toMatchObject({ pass: 1, fail: 1 });
});

test("a broken line within the journal is passed over and named", async () => {
  const lines = mixed().lines();
  lines.splice(4, 0, '{"kind": "action", "lev');
  const report = await reportFromJournal(lines);
  expect(report.verdict.class).toBe("fail");
  expect(report.problems).toEqual(["Line 5 of the journal cannot be read."]);
});

test.each([
  ["Job", "job"],
  ["Infrastructure", "infrastructure"],
  ["Configuration", "infrastructure"],
  ["Test", "test"],
  ["LAVATimeout", "test"],
  ["Bug", "bug"],
  ["Canceled", "canceled"],
] as const)("an error of type %s gives the class %s", async (type, verdict) => {
  const report = await reportFromJournal(new JournalWriter([]).verdict({ ...panic, type }).lines());
  expect(report.verdict.class).toBe(verdict);
  expect(parse(resultYaml(report))).toEqual({
    definition: "lava",
    case: "job",
    result: "fail",
    error_msg: panic.message,
    error_type: type,
  });
});

test("characters that XML cannot hold are left out, all others survive", async () => {
  const writer = new JournalWriter(["0_a"]).case("0_a", 'a\x00b\x1b<&>"\ud800\ufffe', "pass").suiteEnd("0_a");
  const xml = junitXml(await reportFromJournal(writer.verdict({ ...labFault, message: "é\x07😀" }).lines()));
  expect(xml).toContain('name="ab&lt;&amp;&gt;&quot;"');
  expect(xml).toContain('message="é😀"');
});

test("the reports of a directory are made from its journal alone, cut off at any byte", async () => {
  const directory = mkdtempSync(join(tmpdir(), "reports-"));
  const whole = `${mixed().lines().join("\n")}\n`;
  for (let cut = 0; cut <= whole.length; cut += 97) {
    writeFileSync(join(directory, "journal.jsonl"), whole.slice(0, cut));
    await writeReports(directory, await readReport(directory));
    for (const file of REPORT_FILES) expect(readFileSync(join(directory, file), "utf8").length).toBeGreaterThan(20);
    const { verdict } = JSON.parse(readFileSync(join(directory, "results.json"), "utf8"));
    if (cut < whole.length - 1) expect(verdict.class).toBe("infrastructure");
  }
});
