/**
 * What test signals mean (spec test-shell.md §4, §6): a pure function from the state of a namespace's tests and one
 * signal to the next state and what is to be told. Times are ms since the Unix epoch.
 */
import type { Json, JsonMap } from "../base/json.js";
import { isMap } from "../base/json.js";
import type { LogLevel } from "../base/log.js";

export interface TestRun {
  /** `<index>_<name>`: the suite. */
  id: string;
  uuid: string;
  since: number;
  /** Results so far, of a definition that names the cases it expects. */
  cases: { [id: string]: string };
  /** It has reported something. */
  told?: true;
}

export interface TestState {
  run: TestRun | null;
  /** Suites that have begun. */
  seen: string[];
  set: string | null;
  /** The case between STARTTC and ENDTC/TESTCASE. */
  current: string | null;
  /** Log lines of STARTTC, ENDTC and TESTCASE by case (spec output.md §2). */
  marks: { [id: string]: { start?: number; end?: number; case?: number } };
  /** Suites whose installation failed. */
  installFailed: boolean;
  /** Told by the last step. */
  out: { results: JsonMap[]; logs: { level: LogLevel; message: string }[] };
}

export const noTests = (): TestState => ({
  run: null,
  seen: [],
  set: null,
  current: null,
  marks: {},
  installFailed: false,
  out: { results: [], logs: [] },
});

export interface SignalInput {
  name: string;
  params: string[];
  complete: boolean;
  raw: string;
  /** Number of the log line of the signal, from 0. */
  line: number;
}

export interface SignalScope {
  now: number;
  /** Of the action that takes them. */
  level: string;
  namespace: string;
  connectionNamespace?: string;
  /** `data.tests` of the namespace: what is known of each definition. */
  tests: JsonMap;
}

/** The dispatcher's own suite. */
const LAVA = "lava";
const FIXUP = new Map<string, Json>([
  ["PASS", "pass"],
  ["FAIL", "fail"],
  ["SKIP", "skip"],
  ["UNKNOWN", "unknown"],
]);
const RESULTS = new Set(["pass", "fail", "skip", "unknown"]);
const seconds = (ms: number) => (ms / 1000).toFixed(2);

const definitionOf = (tests: JsonMap, id: string | undefined): JsonMap => {
  for (const test of Object.values(tests)) if (isMap(test) && test.id === id) return test;
  return {};
};
/**
 * Whether the job has this test. A script may print what it likes: only the job says which suites there are, and none is
 * `lava`, the dispatcher's own. Where nothing is known of the tests (a recording), every other name will do.
 */
const isDefined = (tests: JsonMap, id: string | undefined): boolean =>
  Object.keys(tests).length === 0 ? id !== LAVA : Object.values(tests).some((test) => isMap(test) && test.id === id);
/** The suite that a report belongs to: the test that runs, or else ran last. */
const suiteOf = ({ run, seen }: TestState): string => run?.id ?? seen.at(-1) ?? LAVA;
const textList = (value: Json | undefined): string[] | undefined =>
  Array.isArray(value) ? value.map(String) : undefined;

/** One signal taken. */
export function takeSignal(state: TestState, signal: SignalInput, scope: SignalScope): TestState {
  const next: TestState = { ...state, out: { results: [], logs: [] } };
  const say = (level: LogLevel, message: string) => next.out.logs.push({ level, message });
  const { params } = signal;
  if (signal.complete) say("debug", `Received signal: <${signal.name}> ${params.join(" ")}`);
  else say("warning", `A signal could not be read in full: ${JSON.stringify(signal.raw)}`);
  switch (signal.name) {
    case "STARTRUN": {
      if (signal.complete && !isDefined(scope.tests, params[0])) {
        say("warning", `'${params[0] ?? ""}' is no test of this job: what it reports belongs to the test that runs`);
        break;
      }
      if (state.run) next.out.results.push(unfinished(state.run, scope));
      if (signal.complete) startRun(next, params[0] ?? "", params[1] ?? "", scope.now, say);
      else startNextRun(next, scope, say);
      break;
    }
    case "ENDRUN":
      if (signal.complete && next.run && params[0] !== next.run.id && !isDefined(scope.tests, params[0]))
        say("warning", `The end of '${params[0] ?? ""}', which is no test of this job, ends nothing`);
      else endRun(next, params[0] ?? "", scope, say);
      break;
    case "STARTTC":
    case "ENDTC": {
      const id = params[0] ?? "";
      const mark = signal.name === "STARTTC" ? { start: signal.line } : { end: signal.line };
      next.marks = withMark(state.marks, id, mark);
      next.current = signal.name === "STARTTC" ? id : null;
      break;
    }
    case "TESTCASE":
      if (!next.run) startNextRun(next, scope, say);
      takeCase(next, signal, scope, say);
      break;
    case "TESTSET":
      if (params[0] === "START") {
        next.set = params[1] ?? null;
        say("info", `Starting test_set ${next.set}`);
      } else {
        say("info", `Closing test_set ${next.set ?? ""}`.trim());
        next.set = null;
      }
      break;
    case "TESTREFERENCE": {
      const [id, result, reference] = params;
      if (params.length === 3 && id && result && reference) {
        const fixed = FIXUP.get(result) ?? result;
        next.out.results.push({
          case: id,
          definition: suiteOf(next),
          result: fixed,
          reference,
          ...(state.set && { set: state.set }),
        });
      } else say("error", `A test reference has three words (case, result, reference), this one: ${params.join(" ")}`);
      break;
    }
    case "TESTEVENT":
      say("event", params.join(" "));
      break;
    case "RUNNER_INSTALL_FAIL":
      next.installFailed = true;
      break;
    case "RUNNER_EXIT":
      next.set = null;
      break;
    default:
  }
  return next;
}

/** Cases that are open at a time; a script may open one after the other and close none. */
const MOST_MARKS = 100;

function withMark(marks: TestState["marks"], id: string, mark: TestState["marks"][string]): TestState["marks"] {
  const others = Object.entries(marks).filter(([name]) => name !== id);
  const known = Object.hasOwn(marks, id) ? marks[id] : undefined;
  return Object.fromEntries([...others.slice(-MOST_MARKS), [id, { ...known, ...mark }]]);
}

function startRun(next: TestState, id: string, uuid: string, now: number, say: (l: LogLevel, m: string) => void) {
  next.run = { id, uuid, since: now, cases: {} };
  next.seen = [...next.seen, id];
  next.set = null;
  next.current = null;
  next.marks = {};
  say("info", `Starting test lava.${id} (${uuid})`);
}

/** The start of a run was lost on the line: definitions run in order, so its cases belong to the next one. */
function startNextRun(next: TestState, scope: SignalScope, say: (l: LogLevel, m: string) => void) {
  const tests = Object.entries(scope.tests).sort(([a], [b]) => Number(a) - Number(b));
  const test = tests.map(([, value]) => value).find((value) => isMap(value) && !next.seen.includes(String(value.id)));
  if (!isMap(test)) return;
  say("warning", `The start of test ${String(test.id)} was not read: it is taken as begun`);
  startRun(next, String(test.id), String(test.uuid ?? ""), scope.now, say);
}

function takeCase(next: TestState, signal: SignalInput, scope: SignalScope, say: (l: LogLevel, m: string) => void) {
  const run = next.run;
  const values: { [key: string]: string } = {};
  for (const word of signal.params) {
    const at = word.indexOf("=");
    if (at > 0) values[word.slice(0, at).toLowerCase()] = word.slice(at + 1);
  }
  const id = values.test_case_id;
  if (!signal.complete) {
    // A damaged report says nothing about the test: never a fail (meta-qcom#2250).
    if (run) next.run = { ...run, told: true };
    next.out.results.push({
      definition: suiteOf(next),
      case: id || next.current || "unreadable-signal",
      result: "unknown",
      ...(next.set && { set: next.set }),
      raw: signal.raw,
    });
    return;
  }
  if (!id || !values.result) {
    say("error", `A test case needs test_case_id and result: ${signal.params.join(" ")}`);
    return;
  }
  const definition = definitionOf(scope.tests, run?.id);
  const fixup = isMap(definition.fixupdict) ? new Map(Object.entries(definition.fixupdict)) : FIXUP;
  let result = String(fixup.get(values.result) ?? values.result);
  if (!RESULTS.has(result)) {
    say("error", `Test case ${id}: "${values.result}" is not a result (pass, fail, skip or unknown): taken as unknown`);
    result = "unknown";
  }
  const expected = textList(definition.expected);
  if (expected && !expected.includes(id)) {
    say("warning", `Test case ${id} is not in the expected list: reported as fail`);
    result = "fail";
  }
  const known = Object.hasOwn(next.marks, id) ? next.marks[id] : undefined;
  const mark = { ...known, case: signal.line };
  const { [id]: _, ...marks } = next.marks;
  next.marks = marks;
  next.current = next.current === id ? null : next.current;
  const record: JsonMap = { definition: suiteOf(next), case: id, result };
  if (values.measurement !== undefined) {
    const measurement = Number(values.measurement);
    if (Number.isFinite(measurement) && values.measurement !== "") {
      record.measurement = measurement;
      if (values.units !== undefined) record.units = values.units;
    } else say("error", `Test case ${id}: measurement "${values.measurement}" is not a number`);
  }
  if (next.set) record.set = next.set;
  record.starttc = mark.start ?? mark.case;
  record.endtc = mark.end ?? mark.case;
  next.out.results.push(record);
  // Of thousands of cases nobody asks for, none is kept: each step would copy all that came before.
  if (run && expected?.includes(id)) next.run = { ...run, cases: { ...run.cases, [id]: result }, told: true };
  else if (run && !run.told) next.run = { ...run, told: true };
}

function endRun(next: TestState, id: string, scope: SignalScope, say: (l: LogLevel, m: string) => void) {
  const definition = definitionOf(scope.tests, id);
  if (!next.run && definition.id === id && !next.seen.includes(id)) {
    say("warning", `The start of test ${id} was not read`);
    startRun(next, id, String(definition.uuid ?? ""), scope.now, say);
  }
  const { run } = next;
  if (!run) return;
  for (const missing of (textList(definition.expected) ?? []).filter((name) => !Object.hasOwn(run.cases, name)).sort())
    next.out.results.push(missingCase(run.id, missing, next.set, scope));
  const duration = seconds(scope.now - run.since);
  if (!run.told) say("warning", `Test lava.${id} ended without a single result`);
  say("info", `Ending test lava.${id} (${run.uuid}), duration ${duration}`);
  next.out.results.push({
    definition: "lava",
    case: run.id,
    uuid: run.uuid,
    repository: definition.repository ?? null,
    path: definition.path ?? null,
    duration,
    result: "pass",
    revision: definition.revision ?? "unspecified",
    namespace: scope.namespace,
    ...(scope.connectionNamespace && { "connection-namespace": scope.connectionNamespace }),
    ...(definition.commit_id !== undefined && { commit_id: definition.commit_id }),
  });
  next.run = null;
  next.set = null;
  next.current = null;
}

const missingCase = (definition: string, id: string, set: string | null, { level }: SignalScope): JsonMap => ({
  definition,
  case: id,
  result: "fail",
  level,
  ...(set && { set }),
  extra: { reason: "missing expected test cases are reported as 'fail' by LAVA." },
});

const unfinished = (run: TestRun, scope: SignalScope): JsonMap => ({
  definition: "lava",
  case: run.id,
  uuid: run.uuid,
  result: "fail",
  ...(definitionOf(scope.tests, run.id).commit_id !== undefined && {
    commit_id: definitionOf(scope.tests, run.id).commit_id as Json,
  }),
  duration: seconds(scope.now - run.since),
});

/** The tests were left before their end: the open case is unknown, the open run a fail; nothing is lost. */
export function abandonTests(state: TestState, scope: SignalScope): TestState {
  const next: TestState = { ...state, run: null, set: null, current: null, out: { results: [], logs: [] } };
  if (!state.run) return next;
  if (state.current)
    next.out.results.push({
      definition: state.run.id,
      case: state.current,
      result: "unknown",
      ...(state.set && { set: state.set }),
    });
  next.out.results.push(unfinished(state.run, scope));
  const { cases, id } = state.run;
  const definition = definitionOf(scope.tests, id);
  if (definition.expected_by_job === true)
    for (const missing of (textList(definition.expected) ?? []).filter((name) => !Object.hasOwn(cases, name)).sort())
      next.out.results.push(missingCase(id, missing, state.set, scope));
  return next;
}

/** A line that the definition's own `parse.pattern` matched (spec test-shell.md §4). */
export function takePattern(state: TestState, groups: JsonMap, line: number, scope: SignalScope): TestState {
  const id = String(groups.test_case_id ?? "").trim();
  if (!state.run || !id || /\s/.test(id)) return { ...state, out: { results: [], logs: [] } };
  const params = [`test_case_id=${id}`, `result=${String(groups.result ?? "")}`];
  for (const key of ["measurement", "units"]) if (groups[key] != null) params.push(`${key}=${String(groups[key])}`);
  return takeSignal(state, { name: "TESTCASE", params, complete: true, raw: "", line }, scope);
}
