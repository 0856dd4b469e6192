/** Names that break report formats, through each of them: the file stays what it is, and the name can be read. */
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { logLineWriter } from "../../src/results/log-line.js";
import { reportFromJournal } from "../../src/results/report-from-journal.js";
import { reportHtml } from "../../src/results/report-html.js";
import { resultYaml } from "../../src/results/result-yaml.js";
import { junitXml } from "../../src/results/results-junit.js";
import { tap } from "../../src/results/results-tap.js";
import { mixed } from "./journals.js";

const NAMES = [
  "a\x00b",
  "a\nok 99 - b",
  "</script><script>alert(1)</script>",
  "</title></style><!--",
  "<script>alert(1)</script>",
  "]]>",
  "a\u2028b\u2029c\u0085d",
  "\x1b]52;c;aGk=\x07",
  "a\x9b2Jb",
  "\ud800",
  "a\uffffb",
  "'\"&",
  "# SKIP",
];

/** The report of a run whose first named case has this name. */
async function reportOf(name: string) {
  const report = await reportFromJournal(mixed().lines());
  const suite = report.suites.find(({ name: each }) => each !== "lava")!;
  suite.cases[0]!.name = name;
  report.job.name = name;
  return report;
}

describe.each(NAMES)("%j", (name) => {
  test("logs.yaml", () => {
    const line = logLineWriter("- ")(0, "info" as never, name);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    expect(line).not.toMatch(/[\n\u0085\u2028\u2029\x1b\x9b]/);
    if (name !== "\ud800") expect(parse(line)[0].msg).toBe(name);
  });
  test("JUnit", async () => {
    const xml = junitXml(await reportOf(name));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    expect(xml).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]|<script|[\ud800-\udfff](?![\udc00-\udfff])/u);
  });
  test("TAP", async () => {
    const text = tap(await reportOf(name));
    const points = text.split(/[\n\r\u0085\u2028\u2029]/).filter((line) => /^(?:not )?ok /.test(line));
    expect(text).toContain(`1..${points.length}\n`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    expect(text).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]/);
  });
  test("report.html", async () => {
    const report = await reportOf(name);
    report.job.file = report.job.device = report.dispatcher = name;
    report.problems.push(name);
    report.verdict.error = { class: "JobError", type: "Job", message: name, action: name, advice: name, stuck: [name] };
    for (const action of report.actions) action.name = action.summary = name;
    for (const suite of report.suites) suite.name = name;
    const rows = [{ t: 0, kind: "target", text: name, anchor: name } as const];
    const html = reportHtml(report, { rows, omitted: { count: 0, before: 0 } });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    expect(html).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]|<\/?script|<!--/);
    expect(html).not.toMatch(/[\ud800-\udfff]/u);
    expect(html.match(/<\/title>|<\/style>/g)).toHaveLength(2);
    // As a reader sees it: what can be said at all is there.
    const seen = html.replace(/&(?:#x?(\w+)|\w+);/g, (reference, code) => {
      if (code !== undefined) return String.fromCharCode(Number(reference.startsWith("&#x") ? `0x${code}` : code));
      return { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"' }[reference as string] ?? reference;
    });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    expect(seen).toContain(name.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\uffff\ud800-\udfff]/gu, "\ufffd"));
  });
  test("result.yaml and results.json", async () => {
    const report = await reportOf(name);
    expect(() => parse(resultYaml(report))).not.toThrow();
    expect(JSON.parse(JSON.stringify(report)).job.name).toBe(name);
  });
});
