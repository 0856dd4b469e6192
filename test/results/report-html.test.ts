import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ConsoleLine, ConsoleLines } from "../../src/results/console-lines.js";
import { readLog } from "../../src/results/report-log.js";
import { readReport, writeReports } from "../../src/results/write-reports.js";
import { JournalWriter, START } from "./journals.js";

const folder = mkdtempSync(join(tmpdir(), "report-html-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NASTY = `<script>alert(1)</script><img src=x onerror=alert(2)> "'&`;
const error = {
  class: "JobError",
  type: "Job" as const,
  message: `boot failed ${NASTY}`,
  level: "2.3",
  action: "login-action",
  advice: "Look at the panic.",
  stuck: ["state: working", `waiting for: ${NASTY}`],
};

function journal(): string[] {
  const writer = new JournalWriter(["0_smoke"])
    .after(1)
    .action("1", "start")
    .action("1.2", "start")
    .action("1.2.1", "start")
    .after(2)
    .action("1.2.1", "failed", { duration: 2, error })
    .action("1.2", "retry", { attempt: 2, error })
    .action("1.2.1", "start", { attempt: 1 })
    .after(1)
    .action("1.2.1", "done", { duration: 1 })
    .action("1.2", "done", { attempt: 2, duration: 3 })
    .action("1", "done", { duration: 3 })
    .action("2", "start")
    .action("2.3", "start")
    .after(6);
  writer.records.push({
    kind: "event",
    seq: writer.records.length,
    t: writer.t,
    level: "2.3",
    event: {
      type: "watch.message",
      level: "2.3",
      kind: "panic",
      message: "[    3.000000] Kernel panic - not syncing: VFS\n[    3.000001] more",
    },
    state: ["working"],
  });
  writer.after(1).action("2.3", "failed", { duration: 7, error }).action("2", "failed", { duration: 7, error });
  const { records } = writer;
  const result = (name: string, word: string) =>
    records.push({
      kind: "result",
      seq: records.length,
      t: writer.t,
      level: "2.3",
      attempt: 1,
      result: { definition: "0_smoke", case: name, result: word, measurement: 3, units: "s" },
      log_line: 40 + records.length,
    });
  result("same", "pass");
  result("same", "fail");
  result(NASTY, "unknown");
  records.push({ kind: "verdict", seq: records.length, t: writer.t, verdict: { result: "fail", error, further: [] } });
  return records.map((record) => JSON.stringify(record));
}
const cast = (events: [number, string, string][]) =>
  [{ version: 2, width: 80, height: 24, timestamp: Math.floor(START / 1000), start_ms: START }, ...events].map((line) =>
    JSON.stringify(line),
  );
const CAST = cast([
  [4.5, "o", "U-Boot 2023.01\r\n=> "],
  [5, "i", "boot\n"],
  [5.2, "o", `boot\r\n\x1b[31m${NASTY}\x1b[0m\r\n`],
  [6, "o", "10%\r50%\r100%\r\n[    2.500000] Freeing"],
  [6.2, "o", " memory\r\n"],
  [9.9, "o", "[    3.000000] Kernel panic - not syncing: VFS\r\n[    3.000001] more\r\nlast words"],
]);

describe("report.html", () => {
  let html = "";
  beforeAll(async () => {
    writeFileSync(join(folder, "journal.jsonl"), `${journal().join("\n")}\n`);
    writeFileSync(join(folder, "console.cast"), `${CAST.join("\n")}\n`);
    await writeReports(folder, await readReport(folder));
    html = readFileSync(join(folder, "report.html"), "utf8");
  });
  const row = (text: string) =>
    html.split("\n").find((line) => line.startsWith("<div id=") && line.includes(text)) ?? "";

  test("is one file without scripts, requests or anything that was not escaped", () => {
    expect(html).not.toMatch(/<script|<img|<link|<iframe|onerror=[^a]|javascript:|url\(/i);
    expect(html).not.toMatch(/(src|href)="(?!#)/);
    expect(html).toContain("default-src &#39;none&#39;".replaceAll("&#39;", "'"));
    expect(html.match(/&lt;script&gt;alert\(1\)&lt;\/script&gt;/g)?.length).toBeGreaterThanOrEqual(4);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be left
    expect(html).not.toMatch(/[\x00-\x08\x0b\x0c\x0e-\x1f]/);
  });
  test("every link leads to exactly one place", () => {
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const links = [...html.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links.length).toBeGreaterThan(20);
    for (const link of links) expect(ids).toContain(link);
  });
  test("says how the job ended, why, and what to do", () => {
    expect(html).toMatch(/class="verdict bad"><b>✘ job<\/b>/);
    expect(html).toContain("do: Look at the panic.");
    expect(html).toContain("waiting for: &lt;script&gt;");
  });
  test("results of the same name each lead to their own line", () => {
    const [first, second] = [...html.matchAll(/<td>same<\/td>.*?href="#(r-\d+)"/g)].map(([, id]) => id);
    expect(first).not.toBe(second);
    expect(row(`id="${first}"`)).toContain("0_smoke same: pass, 3 s");
    expect(row(`id="${second}"`)).toContain("0_smoke same: fail, 3 s");
  });
  test("the waterfall has a bar for each attempt, where and as long as it was", () => {
    const line = html.split("\n").find((text) => text.includes(">1.2</span>") && text.startsWith("<tr")) ?? "";
    const bars = [...line.matchAll(/<i class="(\w+)[^"]*" style="left:([\d.]+)%;width:([\d.]+)%/g)].map(
      ([, status, left, width]) => [status, Number(left), Number(width)],
    );
    expect(bars).toEqual([
      ["failed", 9.09, 18.18],
      ["done", 27.27, 9.09],
    ]);
  });
  test("the console: kernel lines, panics that a watcher told of, what was typed, what was overwritten", () => {
    expect(row("Freeing memory")).toContain('class="kernel"');
    expect(row("not syncing: VFS")).toContain('class="alarm"');
    expect(row("] more")).toContain('class="alarm"');
    expect(row(">boot<")).toContain('class="input"');
    expect(row("100%")).toContain('class="target"');
    expect(html).not.toContain("50%\r");
    expect(row("last words")).toContain('class="target"');
    expect(row("U-Boot")).toContain(">4.500<");
    const order = ["start: 2 uboot-action", "U-Boot 2023.01", "Freeing memory", "failed: 2.3 login-action"].map(
      (text) => html.indexOf(text, html.indexOf('id="log"')),
    );
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });
  test("is made from the journal alone where there is no console", async () => {
    rmSync(join(folder, "console.cast"));
    await writeReports(folder, await readReport(folder));
    const bare = readFileSync(join(folder, "report.html"), "utf8");
    expect(bare).toContain("failed: 2.3 login-action");
    expect(bare).not.toContain("U-Boot 2023.01");
  });
});

test("a console of any length leaves a page of bounded size: both ends, and how much is missing", async () => {
  function* long() {
    yield* cast([]);
    for (let i = 0; i < 100_000; i++) yield JSON.stringify([i / 1000, "o", `line ${i}\r\n`]);
  }
  const { rows, omitted } = await readLog(journal(), long());
  expect(rows.length).toBeLessThanOrEqual(16_100);
  const texts = rows.map(({ text }) => text);
  expect(texts).toContain("line 0");
  expect(texts).toContain("line 99999");
  // What links lead to is all there, wherever it stands.
  const notes = rows.filter(({ kind }) => kind !== "target").length;
  expect(notes).toBe((await readLog(journal(), [])).rows.length);
  expect(rows.length + omitted.count).toBe(100_000 + notes);
  expect(texts.indexOf("line 3999")).toBeLessThan(omitted.before);
});

test("a board that never ends a line, and bytes that are no text", () => {
  const lines: ConsoleLine[] = [];
  const reader = new ConsoleLines((line) => lines.push(line));
  for (let i = 0; i < 50; i++) reader.output(i, "x".repeat(1000));
  reader.output(60, "\x00\x01\x9b2J\ufffd\tend\n");
  reader.end();
  expect(Math.max(...lines.map(({ text }) => text.length))).toBeLessThanOrEqual(5000);
  expect(lines.at(-1)?.text).toBe("2J\ufffd\tend");
});
