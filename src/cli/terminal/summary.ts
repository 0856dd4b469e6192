/** The end of a run in words: suites and cases, what went wrong and what to do, and where everything is. */
import type { ErrorRecord } from "../../base/errors.js";
import { errorDetails, goldLines } from "../../results/error-text.js";
import { LAVA_SUITE, type RunReport, type SuiteReport, type VerdictClass } from "../../results/report-model.js";
import { harmless, mark, type Paint, type Style, shortTime } from "./paint.js";
import { caseLine } from "./result-line.js";

const WORDS: { [verdict in VerdictClass]: { text: string; style: Style } } = {
  pass: { text: "PASSED", style: "green" },
  fail: { text: "FAILED", style: "red" },
  job: { text: "JOB ERROR", style: "red" },
  infrastructure: { text: "INFRASTRUCTURE ERROR", style: "magenta" },
  test: { text: "TEST ERROR", style: "red" },
  bug: { text: "BUG", style: "magenta" },
  canceled: { text: "CANCELLED", style: "yellow" },
};

/** Passed cases of a suite are listed one by one up to this many. */
const LISTED = 20;

export interface SummaryOptions {
  paint: Paint;
  /** Shown as the place of the outputs. */
  directory?: string;
  verbose?: boolean;
}

/** Lines without line ends. */
export function summaryLines(report: RunReport, { paint, directory, verbose = false }: SummaryOptions): string[] {
  const tests = report.suites.filter(({ name }) => name !== LAVA_SUITE);
  const lines = [""];
  for (const suite of tests) lines.push(...suiteLines(suite, paint, verbose));
  lines.push(...lavaFailures(report, paint));
  const { verdict } = report;
  if (verdict.error) lines.push("", ...errorLines(verdict.error, WORDS[verdict.class].style, paint));
  lines.push(...goldLines(report).map((line) => detail(line, paint)));
  if (verdict.further.length) lines.push("", paint("bold", "besides:"));
  for (const error of verdict.further) lines.push(...errorLines(error, "yellow", paint));
  for (const problem of report.problems) lines.push(`${paint("yellow", "warning")} ${problem}`);
  lines.push("", verdictLine(report, paint));
  if (directory !== undefined) lines.push(`${paint("dim", "results in")} ${directory}`);
  return lines;
}

function suiteLines(suite: SuiteReport, paint: Paint, verbose: boolean): string[] {
  const cases = suite.cases.filter(({ final }) => final);
  const listed = verbose || cases.length <= LISTED ? cases : cases.filter(({ result }) => result !== "pass");
  const time = suite.duration === undefined ? "" : `  ${shortTime(suite.duration * 1000)}`;
  const again = suite.attempt > 1 ? `  ${paint("yellow", `attempt ${suite.attempt}`)}` : "";
  const left = cases.length - listed.length;
  return [
    `${paint("bold", harmless(suite.name))}${paint("dim", time)}${again}`,
    ...listed.map((item) => `  ${caseLine(item, paint)}`),
    ...(left ? [`  ${mark(paint, "pass")} ${left} more passed`] : []),
    ...(suite.state === "incomplete"
      ? [`  ${mark(paint, "incomplete")} ${suite.started ? "did not end" : "did not start"}`]
      : []),
  ];
}

/** LAVA's own results that kept a job that ran to its end from passing, e.g. kernel messages. */
function lavaFailures({ suites, verdict }: RunReport, paint: Paint): string[] {
  if (verdict.error) return [];
  const lava = suites.find(({ name }) => name === LAVA_SUITE);
  return (lava?.cases ?? [])
    .filter(({ final, result, name }) => final && result === "fail" && name !== "job")
    .map(({ name, level }) => `${mark(paint, "fail")} ${LAVA_SUITE}/${name} (${level})`);
}

function errorLines(error: ErrorRecord, style: Style, paint: Paint): string[] {
  return [
    `${paint(style, error.class)}: ${error.message.trimEnd().split("\n").map(harmless).join("\n  ")}`,
    ...errorDetails(error).map((line) => detail(line, paint)),
  ];
}

const detail = (line: string, paint: Paint): string =>
  `  ${harmless(line).replace(/^(\w[\w ]*:)/, (label) => paint("dim", label))}`;

function verdictLine({ verdict, counts, job, actions }: RunReport, paint: Paint): string {
  const { text, style } = WORDS[verdict.class];
  const parts = (["pass", "fail", "skip", "unknown"] as const)
    .filter((word) => counts[word])
    .map((word) => `${counts[word]} ${word}`);
  if (counts.incomplete_suites) parts.push(`${counts.incomplete_suites} incomplete`);
  const line = `${paint("bold", paint(style, text))}  ${[...parts, `in ${shortTime(job.duration * 1000)}`].join(", ")}`;
  const badEnds = actions.filter(({ section, status }) => section === "finalize" && status === "failed");
  if (badEnds.length === 0) return line;
  return `${line}\n${paint("bold", paint("red", `the job's end failed: ${badEnds.map(({ name }) => name).join(", ")}`))} (above)`;
}
