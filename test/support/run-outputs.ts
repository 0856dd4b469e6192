/** What a run left in its output directory. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { parse } from "yaml";
import type { JournalRecord } from "../../src/interpreter/journal-format.js";
import type { CaseReport, RunReport, SuiteReport } from "../../src/results/report-model.js";

export interface LogLine {
  dt: string;
  lvl: string;
  msg: unknown;
}

const read = (folder: string, name: string) => readFileSync(join(folder, name), "utf8");

/** A line is a one-element YAML list; most are JSON but for its dash, and JSON is read a hundred times faster. */
function parseLogLine(line: string): LogLine {
  try {
    return JSON.parse(line.slice(2));
  } catch {
    return (parse(line) as LogLine[])[0]!;
  }
}

export const readReport = (folder: string): RunReport => JSON.parse(read(folder, "results.json"));
export const readLog = (folder: string): LogLine[] =>
  read(folder, "logs.yaml").split("\n").filter(Boolean).map(parseLogLine);
export const readJournal = (folder: string): JournalRecord[] =>
  read(folder, "journal.jsonl")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
export const readResult = (folder: string): Record<string, unknown> => parse(read(folder, "result.yaml"));

/** Console output as the recording has it. */
export const readConsole = (folder: string, kind: "o" | "i" = "o"): string =>
  read(folder, "console.cast")
    .split("\n")
    .slice(1)
    .filter(Boolean)
    .map((line) => JSON.parse(line) as [number, string, string])
    .filter(([, of]) => of === kind)
    .map(([, , text]) => text)
    .join("");

export function suite(report: RunReport, name: string): SuiteReport {
  const found = report.suites.find((one) => one.name === name);
  if (!found) throw new Error(`No suite ${name}; there are ${report.suites.map((one) => one.name).join(", ")}`);
  return found;
}

/** `{case: result}` of a suite, final attempts only. */
export const verdicts = (report: RunReport, name: string): Record<string, string> =>
  Object.fromEntries(
    suite(report, name)
      .cases.filter((one) => one.final)
      .map((one) => [one.name, one.result]),
  );

export function testCase(report: RunReport, suiteName: string, name: string): CaseReport {
  const found = suite(report, suiteName).cases.find((one) => one.name === name && one.final);
  if (!found) throw new Error(`No case ${name} in ${suiteName}`);
  return found;
}

/** Seconds on the job's own clock from its first record to its last. */
export function jobSeconds(journal: JournalRecord[]): number {
  return (journal.at(-1)!.t - journal[0]!.t) / 1000;
}

/** Everything that a finished run must have, whatever its verdict. */
export function expectCompleteOutputs(folder: string): RunReport {
  const report = readReport(folder);
  expect(report.problems).toEqual([]);
  const journal = readJournal(folder);
  expect(journal[0]?.kind).toBe("header");
  expect(journal.at(-1)?.kind).toBe("verdict");
  const log = readLog(folder);
  for (const line of log) expect(line).toMatchObject({ dt: expect.any(String), lvl: expect.any(String) });
  const results = log.filter((line) => line.lvl === "results").map((line) => line.msg as Record<string, unknown>);
  expect(results.at(-1)).toMatchObject({ definition: "lava", case: "job", result: report.verdict.result });
  expect(readResult(folder)).toMatchObject({ definition: "lava", case: "job", result: report.verdict.result });
  expect(read(folder, "description.yaml")).toContain("level:");
  expect(read(folder, "results.tap")).toMatch(/^TAP version/);
  expect(read(folder, "results.junit.xml")).toContain("<testsuite");
  return report;
}
