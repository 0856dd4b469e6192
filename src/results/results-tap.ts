/** results.tap (TAP version 13): every final case, every suite that did not end, and the job itself. */
import { errorDetails } from "./error-text.js";
import { type CaseReport, LAVA_SUITE, type RunReport, type SuiteReport } from "./report-model.js";

/** A description must not begin a directive, nor the next line. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
const describe = (value: string) => value.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, " ").replace(/[\\#]/g, "\\$&");

function diagnostics(values: { [key: string]: string | number | string[] | undefined }): string[] {
  const lines = Object.entries(values).flatMap(([key, value]) => {
    if (value === undefined) return [];
    return [`  ${key}: ${JSON.stringify(value)}`];
  });
  return lines.length ? ["  ---", ...lines, "  ..."] : [];
}

/** The whole file. */
export function tap(report: RunReport): string {
  const points: { ok: boolean; name: string; directive?: string; details: string[] }[] = [];
  const comments = new Map<number, string>();
  for (const suite of report.suites) {
    comments.set(points.length, `# suite ${describe(suite.name)}`);
    const lava = suite.name === LAVA_SUITE;
    for (const item of suite.cases)
      if (item.final && !(lava && item.name === "job")) points.push(casePoint(suite, item));
    if (!lava && suite.state === "incomplete")
      points.push({
        ok: false,
        name: `${describe(suite.name)} (${suite.started ? "the suite did not end" : "the suite did not start"})`,
        details: diagnostics({ severity: "incomplete" }),
      });
  }
  const { verdict } = report;
  comments.set(points.length, "# job");
  points.push({
    ok: !verdict.error && verdict.result === "pass",
    name: `${LAVA_SUITE}/job`,
    details: verdict.error
      ? diagnostics({ severity: verdict.class, message: verdict.error.message, details: errorDetails(verdict.error) })
      : [],
  });
  const lines = ["TAP version 13", `1..${points.length}`];
  for (const [index, { ok, name, directive, details }] of points.entries()) {
    const comment = comments.get(index);
    if (comment) lines.push(comment);
    lines.push(`${ok ? "ok" : "not ok"} ${index + 1} - ${name}${directive ? ` # ${directive}` : ""}`, ...details);
  }
  return `${lines.join("\n")}\n`;
}

function casePoint(suite: SuiteReport, item: CaseReport) {
  const name = describe([suite.name, item.set, item.name].filter((part) => part !== undefined).join("/"));
  const { log, measurement, units } = item;
  const directive = { pass: "", fail: "", skip: "SKIP", unknown: "TODO unknown result" }[item.result];
  const details = diagnostics({
    measurement,
    units,
    ...(item.result === "fail" || item.result === "unknown"
      ? { log: `lines ${log.start ?? log.line} to ${log.end ?? log.line} of logs.yaml` }
      : {}),
    ...(item.attempt > 1 && { attempt: item.attempt }),
  });
  return { ok: item.result === "pass" || item.result === "skip", name, directive, details };
}
