/**
 * report.html: one file for people, without scripts and without requests: summary, results with links into the log, the
 * tree with its durations, the console. Everything that a job or a board said is escaped.
 */

import type { ErrorRecord } from "../base/errors.js";
import { own } from "../base/json.js";
import { markupText } from "../base/markup-text.js";
import { errorDetails, goldLines } from "./error-text.js";
import { STYLE } from "./report-html-style.js";
import { actionAnchor, type LogRow, type ReportLog } from "./report-log.js";
import {
  type ActionReport,
  type CaseReport,
  LAVA_SUITE,
  RESULT_WORDS,
  type RunReport,
  type SuiteReport,
} from "./report-model.js";

const esc = (text: unknown): string => markupText(String(text));

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const SIGNS: { [word: string]: string } = {
  pass: "✔",
  done: "✔",
  fail: "✘",
  failed: "✘",
  skip: "↷",
  skipped: "↷",
  unknown: "?",
  running: "•",
};
const word = (value: string, shown = value): string =>
  `<span class="w ${esc(value.split(" ")[0])}">${own(SIGNS, value) ?? "·"} ${esc(shown)}</span>`;

const seconds = (value: number | undefined): string =>
  value === undefined
    ? ""
    : value < 60
      ? `${value.toFixed(2)} s`
      : `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;

/** The whole file. `log`: from `readLog`. */
export function reportHtml(report: RunReport, log: ReportLog): string {
  const { job, verdict } = report;
  const title = job.name || job.id || "job";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${esc(title)}: ${esc(verdict.class)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${summary(report, title)}
${results(report, log)}
${waterfall(report)}
${logSection(log, job.started)}
</main>
</body>
</html>
`;
}

function summary(report: RunReport, title: string): string {
  const { job, verdict, counts, problems, dispatcher } = report;
  const good = verdict.class === "pass";
  const facts: [string, string][] = [
    ["Job", job.id],
    ["Device", job.device],
    ["Started", job.started?.replace("T", " ").replace(/\.\d+Z$/, " UTC") ?? ""],
    ["Duration", seconds(job.duration)],
    ["Cases", RESULT_WORDS.flatMap((name) => (counts[name] ? [`${counts[name]} ${name}`] : [])).join(", ")],
    ["Suites that did not end", counts.incomplete_suites ? String(counts.incomplete_suites) : ""],
    ["Job file", job.file],
    ["Dispatcher", dispatcher],
  ];
  return `<h1>${esc(title)}</h1>
<p class="sub">${esc([`job ${job.id}`, job.device && `on ${job.device}`].filter(Boolean).join(" "))}</p>
<div class="verdict ${good ? "good" : "bad"}"><b>${good ? "✔" : "✘"} ${esc(verdict.class)}</b><span>${esc(firstLine(verdict.summary))}</span></div>
<dl class="facts">${facts
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `<div><dt>${name}</dt><dd>${esc(value)}</dd></div>`)
    .join("")}</dl>
${verdict.error ? errorBlock(verdict.error, goldLines(report)) : goldBlock(goldLines(report))}
${verdict.further.length > 0 ? `<details><summary>${verdict.further.length} further error${verdict.further.length === 1 ? "" : "s"}</summary>${verdict.further.map((error) => errorBlock(error)).join("")}</details>` : ""}
${problems.map((problem) => `<p class="w unknown">${esc(problem)}</p>`).join("")}`;
}

const goldBlock = (lines: string[]): string => (lines.length > 0 ? `<pre>${lines.map(esc).join("\n")}</pre>` : "");

const errorBlock = (error: ErrorRecord, more: string[] = []): string =>
  `<div class="error"><p><b>${esc(error.class)}</b>: ${esc(firstLine(error.message))}</p>${restOf(error.message)}<pre>${[...errorDetails(error), ...more].map(esc).join("\n")}</pre></div>`;

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? "";
/** A panic has many lines. */
function restOf(text: string): string {
  const [, ...more] = text.split("\n");
  if (more.length === 0) return "";
  return `<details><summary>${more.length} more line${more.length === 1 ? "" : "s"}</summary><pre>${esc(more.join("\n"))}</pre></details>`;
}

// ---- results

function results({ suites }: RunReport, log: ReportLog): string {
  const anchors = anchorsOf(log);
  const tests = suites.filter(({ name }) => name !== LAVA_SUITE);
  const lava = suites.filter(({ name }) => name === LAVA_SUITE);
  if (suites.length === 0) return "";
  return `<h2 id="results">Results</h2>
${tests.map((suite) => suiteTable(suite, anchors)).join("")}
${lava.map((suite) => `<details><summary>LAVA's own results (${suite.cases.length})</summary>${suiteTable(suite, anchors)}</details>`).join("")}`;
}

/** Gives the rows of the log that are a result of this, one a call, in the order in which they came. */
type Anchors = (key: string) => string | undefined;

function anchorsOf({ rows }: ReportLog): Anchors {
  const anchors = new Map<string, { all: string[]; given: number }>();
  for (const { kind, text, anchor } of rows) {
    if (kind !== "result" || anchor === undefined) continue;
    const key = text.slice(0, text.lastIndexOf(": "));
    const known = anchors.get(key);
    if (known) known.all.push(anchor);
    else anchors.set(key, { all: [anchor], given: 0 });
  }
  return (key) => {
    const known = anchors.get(key);
    return known?.all[known.given++];
  };
}

function suiteTable(suite: SuiteReport, anchors: Anchors): string {
  const state =
    suite.state === "complete" ? "" : ` ${word("unknown", suite.started ? "did not end" : "did not start")}`;
  const rows = suite.cases.map((item) => caseRow(suite.name, item, anchors));
  if (rows.length === 0) return `<h3>${esc(suite.name)}${state}</h3>`;
  return `<h3>${esc(suite.name)}${state}</h3>
<table class="cases"><thead><tr><th>Result</th><th>Case</th><th>Measurement</th><th>Duration</th><th>Log</th></tr></thead><tbody>
${rows.join("\n")}
</tbody></table>`;
}

function caseRow(suite: string, item: CaseReport, anchors: Anchors): string {
  const anchor = anchors(`${suite} ${item.name}`);
  const name = item.set === undefined ? item.name : `${item.set}/${item.name}`;
  const measured = item.measurement === undefined ? "" : `${item.measurement} ${item.units ?? ""}`;
  const line = `line ${item.log.line}`;
  return `<tr${item.final ? "" : ' class="old"'}><td>${word(item.result)}</td><td>${esc(name)}${item.attempt > 1 || !item.final ? ` <span class="lv">attempt ${item.attempt}</span>` : ""}</td><td class="n">${esc(measured)}</td><td class="n">${seconds(item.duration)}</td><td class="n">${anchor ? `<a href="#${anchor}">${line}</a>` : line}</td></tr>`;
}

// ---- the tree

function waterfall({ actions, job }: RunReport): string {
  if (actions.length === 0) return "";
  const start = Date.parse(job.started ?? "") || 0;
  const all = Math.max(job.duration, 0.001);
  return `<h2 id="actions">Actions</h2>
<table class="fall"><thead><tr><th>Action</th><th>Duration</th><th>of</th><th class="lane">0 to ${seconds(all)}</th></tr></thead><tbody>
${actions.map((action) => actionRow(action, start, all)).join("\n")}
</tbody></table>`;
}

function actionRow(action: ActionReport, start: number, all: number): string {
  const depth = action.level.split(".").length - 1;
  const ran = action.attempts.length > 0;
  const bars = action.attempts.map(({ started, duration, status, attempt, error }) => {
    const from = Math.min(100, Math.max(0, ((Date.parse(started) - start) / 1000 / all) * 100));
    const width = Math.min(100 - from, ((duration ?? all - (from / 100) * all) / all) * 100);
    const tip = `attempt ${attempt}: ${status}, ${seconds(duration)}${error ? `, ${error.message}` : ""}`;
    return `<i class="${esc(status)}${depth % 2 ? " inner" : ""}" style="left:${from.toFixed(2)}%;width:${width.toFixed(2)}%" title="${esc(tip)}"></i>`;
  });
  const name = `<span class="lv">${esc(action.level)}</span> ${esc(action.name)}`;
  const first = action.attempts[0]?.attempt ?? 1;
  const label = ran ? `<a href="#${esc(actionAnchor(action.level, first))}">${name}</a>` : name;
  const times = action.attempts.length > 1 ? ` <span class="lv">×${action.attempts.length}</span>` : "";
  return `<tr title="${esc(action.summary)}"><td style="padding-left:${10 + depth * 16}px">${word(action.status, "")}${label}${times}</td><td class="n">${ran ? seconds(action.duration) : ""}</td><td class="n lv">${action.timeout ? seconds(action.timeout).replace(".00", "") : ""}</td><td class="lane"><div>${bars.join("")}</div></td></tr>`;
}

// ---- the log

function logSection({ rows, omitted }: ReportLog, started: string | undefined): string {
  if (rows.length === 0) return "";
  const start = Date.parse(started ?? "") || (rows[0]?.t ?? 0);
  const choices = { all: "everything", console: "the console", dispatcher: "the dispatcher", problems: "problems" };
  const tools = Object.entries(choices).map(
    ([id, name]) =>
      `<label><input type="radio" name="only" id="only-${id}"${id === "all" ? " checked" : ""}> ${name}</label>`,
  );
  const lines = rows.map(
    (row, i) => (i === omitted.before && omitted.count > 0 ? gap(omitted.count) : "") + logRow(row, i, start),
  );
  return `<h2 id="log">Log</h2>
<div class="tools">${tools.join("")}</div>
<div class="log">
${lines.join("\n")}
</div>`;
}

const gap = (count: number) =>
  `<div class="gap">${count} lines of the console are left out from here on; console.cast and logs.yaml hold them.</div>\n`;

function logRow({ t, kind, text, anchor, word: how }: LogRow, index: number, start: number): string {
  const id = anchor ?? `l-${index}`;
  const name = kind === "error" ? "error-row" : kind;
  return `<div id="${esc(id)}" class="${name}${how ? ` ${esc(how)}` : ""}"><a href="#${esc(id)}">${((t - start) / 1000).toFixed(3)}</a><span>${esc(text)}</span></div>`;
}
