/** Reports of a board that reports very much: their making takes time in proportion. */
import { expect, test } from "vitest";
import { reportFromJournal } from "../../src/results/report-from-journal.js";
import { reportHtml } from "../../src/results/report-html.js";
import { readLog } from "../../src/results/report-log.js";
import { junitXml } from "../../src/results/results-junit.js";
import { tap } from "../../src/results/results-tap.js";
import { JournalWriter, START } from "./journals.js";

const CASES = 50_000;

/** One name very often, in an attempt that failed and in one that passed. */
function manyTimes(name: string): string[] {
  const error = { class: "TestError", type: "Test" as const, message: "boom", level: "3.1", action: "lava-test-shell" };
  const writer = new JournalWriter(["0_smoke"]).action("3", "start").action("3.1", "start");
  for (let i = 0; i < CASES; i++) writer.case("0_smoke", name, "fail");
  writer.action("3.1", "failed", { error }).action("3", "retry", { attempt: 2, error }).action("3.1", "start");
  for (let i = 0; i < CASES; i++) writer.case("0_smoke", name, "pass", {}, 2);
  return writer.suiteEnd("0_smoke", 2).action("3.1", "done").action("3", "done", { attempt: 2 }).verdict().lines();
}

// Quadratic making takes minutes, and some GiB for the earlier attempts of each case.
test("one case name fifty thousand times, in two attempts", { timeout: 120_000 }, async () => {
  const lines = manyTimes("same");
  const report = await reportFromJournal(lines);
  expect(report.counts).toMatchObject({ pass: CASES, fail: 0 });
  expect(report.suites.find(({ name }) => name === "0_smoke")?.cases).toHaveLength(2 * CASES);
  const xml = junitXml(report);
  expect(xml).toContain(`tests="${CASES}"`);
  expect(xml).toContain(`value="${CASES - 20} more, 1: fail, 1: fail`);
  expect(xml.length).toBeLessThan(CASES * 1500);
  expect(tap(report).match(/^ok /gm)).toHaveLength(CASES + 2);
  const html = reportHtml(report, await readLog(lines, []));
  // Each row leads to a line of its own.
  const links = html.match(/<td class="n"><a href="#r-\d+">/g);
  expect(links).toHaveLength(2 * CASES + 2);
  expect(new Set(links).size).toBe(2 * CASES + 2);
});

test("an alarm for each of fifty thousand lines", { timeout: 120_000 }, async () => {
  const alarm = (i: number) =>
    JSON.stringify({
      kind: "event",
      seq: i,
      t: START + i / 100,
      event: { type: "watch.message", level: "2", kind: "warning", message: `WARNING: CPU: ${i}` },
    });
  const records = Array.from({ length: CASES }, (_, i) => alarm(i));
  const cast = [
    JSON.stringify({ version: 2, start_ms: START }),
    ...Array.from({ length: CASES }, (_, i) => JSON.stringify([i / 100_000, "o", `WARNING: CPU: ${i}\r\n`])),
  ];
  const { rows } = await readLog(records, cast);
  expect(rows.filter(({ kind, text }) => kind === "alarm" && text === "WARNING: CPU: 7")).toHaveLength(1);
});
