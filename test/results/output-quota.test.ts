/** A board that prints without end: what is written of it has a bound, and the job goes on. */
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";
import { ConsoleCast } from "../../src/results/console-cast.js";
import { JournalJsonl } from "../../src/results/journal-jsonl.js";
import { LogsYaml } from "../../src/results/logs-yaml.js";
import { OutputQuota } from "../../src/results/output-quota.js";
import { REPORT_FILES, readReport, writeReports } from "../../src/results/write-reports.js";
import { runner, runVirtually } from "../interpreter/virtual-board.js";

const folder = mkdtempSync(join(tmpdir(), "output-quota-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LIMIT = 500_000;

test("the limit is told once; then results and errors are written, and the reports hold them all", async () => {
  const quota = new OutputQuota({ output_limit: LIMIT });
  const files = [
    new LogsYaml(folder, { quota }),
    new JournalJsonl(folder, { quota }),
    new ConsoleCast(folder, { quota, start: Date.UTC(2026, 0, 1), title: "job 7" }),
  ];
  const flood = "\r\n".repeat(40_000);
  const { verdict, results } = await runVirtually({
    rules: { runner: { input: /lava-test-runner/, output: [flood, flood, runner()] } },
    sinks: files,
    outputs: quota,
  });
  expect(verdict.error).toBeUndefined();
  const size = (name: string) => statSync(join(folder, name)).size;
  const all = ["logs.yaml", "journal.jsonl", "console.cast"].reduce((sum, name) => sum + size(name), 0);
  expect(all).toBeGreaterThan(LIMIT);
  // What was reported after it was reached, and one batch of each file, come on top.
  expect(all).toBeLessThan(LIMIT + 500_000);
  const log: { lvl: string; msg: unknown }[] = parse(readFileSync(join(folder, "logs.yaml"), "utf8"));
  const told = log.filter(({ msg }) => typeof msg === "string" && msg.includes("`output_limit`"));
  expect(told).toMatchObject([{ lvl: "warning" }]);
  const after = log.slice(log.indexOf(told[0]!) + 1);
  expect(new Set(after.map(({ lvl }) => lvl))).toEqual(new Set(["info", "results"]));
  expect(log.filter(({ lvl }) => lvl === "results")).toHaveLength(results.length);
  const report = await readReport(folder);
  const cases = report.suites.flatMap((suite) => suite.cases);
  expect(cases).toHaveLength(results.length);
  // The reports' line numbers are those of the file.
  for (const { name, log: at } of cases) expect(log[at.line]).toMatchObject({ lvl: "results", msg: { case: name } });
  await writeReports(folder, report);
  for (const name of REPORT_FILES) expect(size(name)).toBeGreaterThan(0);
}, 60_000);

test("a setting that is no size leaves the usual limit", () => {
  for (const output_limit of [0, -1, "1", null, undefined]) {
    const { limit } = new OutputQuota(output_limit === undefined ? {} : { output_limit });
    expect(limit).toBe(4 * 2 ** 30);
  }
});
