/**
 * results.junit.xml. A test that failed is a `<failure>`; everything that is not the test's word is an `<error>`: a lab
 * fault, a broken job, a suite that did not end, a result that could not be read.
 */
import { isMap } from "../base/json.js";
import { errorDetails } from "./error-text.js";
import { type CaseReport, LAVA_SUITE, type RunReport, type SuiteReport } from "./report-model.js";

/** XML 1.0 has no way to say these characters, not even as entities. */
const ILLEGAL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are meant
  /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const ENTITIES: { [char: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
  "\r": "&#13;",
  "\t": "&#9;",
};

const text = (value: string) => value.replace(ILLEGAL, "").replace(/[&<>\r]/g, (char) => ENTITIES[char]!);
const attribute = (value: string) => value.replace(ILLEGAL, "").replace(/[&<>"\n\r\t]/g, (char) => ENTITIES[char]!);

type Attributes = { [name: string]: string | number | undefined };
const open = (tag: string, attributes: Attributes) =>
  `<${tag}${Object.entries(attributes)
    .map(([name, value]) => (value === undefined ? "" : ` ${name}="${attribute(String(value))}"`))
    .join("")}`;

function element(indent: string, tag: string, attributes: Attributes, content: string[] | string = []): string {
  const head = `${indent}${open(tag, attributes)}`;
  if (typeof content === "string") return `${head}>${text(content)}</${tag}>`;
  return content.length ? `${head}>\n${content.join("\n")}\n${indent}</${tag}>` : `${head}/>`;
}

interface JunitCase {
  kind: "pass" | "failure" | "error" | "skipped";
  xml: string;
}

/** The whole file. */
export function junitXml(report: RunReport): string {
  const suites = report.suites.map((suite) => ({ suite, cases: casesOf(suite, report) }));
  const whole = report.suites.some(({ name }) => name === LAVA_SUITE)
    ? suites
    : [{ suite: emptySuite(), cases: [verdictCase(report)] }, ...suites];
  const count = (cases: JunitCase[], kind: JunitCase["kind"]) => cases.filter((item) => item.kind === kind).length;
  const totals = (cases: JunitCase[]) => ({
    tests: cases.length,
    failures: count(cases, "failure"),
    errors: count(cases, "error"),
    skipped: count(cases, "skipped"),
  });
  const body = whole.map(({ suite, cases }) =>
    element(
      "  ",
      "testsuite",
      {
        name: suite.name,
        ...totals(cases),
        ...(suite.duration !== undefined && { time: suite.duration.toFixed(3) }),
        ...(report.job.started && { timestamp: report.job.started.slice(0, 19) }),
        hostname: report.job.device || undefined,
      },
      [...suiteProperties(suite, report), ...cases.map(({ xml }) => xml)],
    ),
  );
  const attributes = {
    name: report.job.name || report.job.id,
    ...totals(whole.flatMap(({ cases }) => cases)),
    time: report.job.duration.toFixed(3),
  };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("", "testsuites", attributes, body)}\n`;
}

const emptySuite = (): SuiteReport => ({
  name: LAVA_SUITE,
  state: "incomplete",
  started: false,
  attempt: 1,
  counts: { pass: 0, fail: 0, skip: 0, unknown: 0 },
  cases: [],
});

function suiteProperties(suite: SuiteReport, report: RunReport): string[] {
  const values: Attributes =
    suite.name === LAVA_SUITE
      ? { "job id": report.job.id, "verdict class": report.verdict.class, "verdict result": report.verdict.result }
      : {
          state: suite.state,
          attempt: suite.attempt,
          uuid: suite.uuid,
          path: suite.path,
          revision: suite.revision,
          commit_id: suite.commit_id,
        };
  const properties = Object.entries(values).filter(([, value]) => value !== undefined);
  return [
    element(
      "    ",
      "properties",
      {},
      properties.map(([name, value]) => element("      ", "property", { name, value })),
    ),
  ];
}

/** The final cases of a suite, with the word of earlier attempts beside them, and what is missing as an error. */
function casesOf(suite: SuiteReport, report: RunReport): JunitCase[] {
  const lava = suite.name === LAVA_SUITE;
  const earlier = earlierOf(suite);
  const cases = suite.cases
    .filter((item) => item.final && !(lava && item.name === "job"))
    .map((item) => caseXml(suite.name, item, earlier.get(keyOf(item))));
  if (lava) return [...cases, verdictCase(report)];
  if (suite.state === "incomplete") cases.push(incompleteCase(suite, report));
  return cases;
}

/** Results of earlier attempts that are told of one case: a name may have come any number of times. */
const MOST_EARLIER = 20;

/** What earlier attempts said of each case, in words. */
function earlierOf({ cases }: SuiteReport): Map<string, string> {
  const found = new Map<string, CaseReport[]>();
  for (const item of cases) {
    if (item.final) continue;
    const key = keyOf(item);
    const known = found.get(key);
    if (known) known.push(item);
    else found.set(key, [item]);
  }
  const words = new Map<string, string>();
  for (const [key, items] of found) {
    const told = items.slice(-MOST_EARLIER).map(({ attempt, result }) => `${attempt}: ${result}`);
    const left = items.length - told.length;
    words.set(key, [...(left > 0 ? [`${left} more`] : []), ...told].join(", "));
  }
  return words;
}

const keyOf = ({ name, set, level }: CaseReport) => JSON.stringify([name, set, level]);

function caseXml(suite: string, item: CaseReport, earlier: string | undefined): JunitCase {
  const { log } = item;
  const where =
    log.start !== undefined && log.end !== undefined
      ? `logs.yaml: lines ${log.start} to ${log.end}`
      : `logs.yaml: line ${log.line}`;
  // What fails in LAVA's own suite is an action, not a test.
  const failed = suite === LAVA_SUITE ? "error" : "failure";
  const kind = ({ pass: "pass", fail: failed, skip: "skipped", unknown: "error" } as const)[item.result];
  const verdict = {
    pass: () => [],
    fail: () => [element("      ", failed, { type: "fail", message: failureText(item) }, where)],
    skip: () => [element("      ", "skipped", { message: "skipped" })],
    unknown: () => [element("      ", "error", { type: "unknown", message: "the result is not known" }, where)],
  }[item.result]();
  const values: Attributes = {
    set: item.set,
    measurement: item.measurement,
    units: item.units,
    reference: item.reference,
    level: item.level,
    attempt: item.attempt,
    "earlier attempts": earlier,
  };
  const properties = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => element("        ", "property", { name, value }));
  const name = item.set === undefined ? item.name : `${item.set}/${item.name}`;
  const xml = element(
    "    ",
    "testcase",
    { name, classname: suite, ...(item.duration !== undefined && { time: item.duration.toFixed(3) }) },
    [element("      ", "properties", {}, properties), ...verdict],
  );
  return { kind, xml };
}

/** An action says why it failed. */
const failureText = ({ extra }: CaseReport): string =>
  isMap(extra) && typeof extra.fail === "string" ? extra.fail : "failed";

/** How the job ended, as the case `job` of the suite `lava`. */
function verdictCase({ verdict, job }: RunReport): JunitCase {
  const attributes = { name: "job", classname: LAVA_SUITE, time: job.duration.toFixed(3) };
  const { error } = verdict;
  if (!error && verdict.result === "pass") return { kind: "pass", xml: element("    ", "testcase", attributes) };
  const message = error?.message ?? verdict.summary;
  const details = error ? errorDetails(error).join("\n") : "";
  const child = element("      ", "error", { type: error?.class ?? verdict.class, message }, details);
  return { kind: "error", xml: element("    ", "testcase", attributes, [child]) };
}

function incompleteCase(suite: SuiteReport, { verdict }: RunReport): JunitCase {
  const message = suite.started ? "the suite did not end" : "the suite did not start";
  const child = element("      ", "error", { type: "incomplete", message }, verdict.error?.message ?? "");
  return { kind: "error", xml: element("    ", "testcase", { name: "(suite)", classname: suite.name }, [child]) };
}
