/** The report of a run, made from the records of its journal. */
import { isMap, type JsonMap } from "../base/json.js";
import { JOURNAL_VERSION, type JournalNode, type JournalRecord, type Verdict } from "../interpreter/journal-format.js";
import { NOT_KEPT } from "../interpreter/result-bound.js";
import {
  type ActionReport,
  type AttemptReport,
  type CaseReport,
  LAVA_SUITE,
  noCounts,
  REPORT_VERSION,
  RESULT_WORDS,
  type ResultWord,
  type RunReport,
  type SuiteReport,
} from "./report-model.js";
import { concludeRun } from "./report-verdict.js";

type Header = Extract<JournalRecord, { kind: "header" }>;
type ActionRecord = Extract<JournalRecord, { kind: "action" }>;
type ResultRecord = Extract<JournalRecord, { kind: "result" }>;

interface Suite {
  report: SuiteReport;
  /** The cases that count, so far. */
  current: CaseReport[];
  ended: boolean;
  /** Announced by the header, so its end must be seen. */
  announced: boolean;
  /** It was told not to have come to its end. */
  broken?: boolean;
  level?: string;
}

const isoTime = (t: number) => new Date(t).toISOString();
const seconds = (ms: number) => Math.round(ms) / 1000;
const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const numberOf = (value: unknown): number | undefined => {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
};
const below = (level: string | undefined, top: string) => level === top || (level?.startsWith(`${top}.`) ?? false);

/** Takes the records one by one, live or from a file; `report` may be asked at any time. */
export class ReportBuilder {
  #header: Header | undefined;
  #verdict: Verdict | undefined;
  #first: number | undefined;
  #last = 0;
  readonly #actions = new Map<string, ActionReport>();
  readonly #suites = new Map<string, Suite>();
  readonly #problems: string[] = [];

  problem(text: string): void {
    this.#problems.push(text);
  }

  add(record: JournalRecord): void {
    this.#first ??= record.t;
    this.#last = record.t;
    if (record.kind === "header") this.#start(record);
    else if (record.kind === "action") this.#action(record);
    else if (record.kind === "result") this.#result(record);
    else if (record.kind === "verdict") this.#verdict = record.verdict;
    else if (record.kind === "event" && typeof record.event.incomplete === "string") {
      const suite = this.#suite(record.event.incomplete);
      Object.assign(suite.report, { started: true });
      Object.assign(suite, { broken: true, ...(record.level && { level: record.level }) });
    }
  }

  /** The verdict as it is after everything was closed: what went wrong then stands in no journal. */
  conclude(verdict: Verdict): void {
    this.#verdict = verdict;
  }

  #start(header: Header): void {
    this.#header = header;
    if (header.v !== JOURNAL_VERSION)
      this.problem(
        `The journal's version is ${header.v}, this program reads ${JOURNAL_VERSION}: some of it may be missing here.`,
      );
    const walk = (nodes: JournalNode[]) => {
      for (const node of nodes) {
        const { children, ...own } = node;
        this.#actions.set(node.level, { ...own, status: "not run", duration: 0, attempts: [] });
        walk(children ?? []);
      }
    };
    walk(header.tree);
    for (const name of header.suites) this.#suite(name).announced = true;
  }

  #action(record: ActionRecord): void {
    const action = this.#actions.get(record.level) ?? this.#unannounced(record);
    const { attempt, error } = record;
    if (record.status === "start") {
      if (action.status === "failed") this.#supersede(record.level);
      action.attempts.push({ attempt, status: "running", started: isoTime(record.t) });
      action.status = "running";
    } else if (record.status === "retry") {
      // It ends an attempt and begins the next one; a `repeat` does so without an error, and then all attempts count.
      if (error) this.#supersede(record.level);
      this.#end(action, record, error ? "failed" : "done");
      action.attempts.push({ attempt, status: "running", started: isoTime(record.t) });
      action.status = "running";
    } else {
      this.#end(action, record, record.status);
      action.status = record.status;
    }
  }

  #end(action: ActionReport, { t, attempt, error }: ActionRecord, status: AttemptReport["status"]): void {
    let open = action.attempts.at(-1);
    if (open?.status !== "running") {
      open = { attempt, status, started: isoTime(t) };
      action.attempts.push(open);
    }
    open.status = status;
    open.duration = seconds(t - Date.parse(open.started));
    action.duration = seconds((action.duration + open.duration) * 1000);
    if (error) open.error = error;
  }

  #unannounced({ level, name }: ActionRecord): ActionReport {
    const action: ActionReport = {
      level,
      name,
      summary: name,
      section: "",
      namespace: "",
      timeout: 0,
      max_retries: 1,
      status: "not run",
      duration: 0,
      attempts: [],
    };
    this.#actions.set(level, action);
    return action;
  }

  /** What an action and those below it brought before it was tried again is kept, and counts no more. */
  #supersede(level: string): void {
    for (const suite of this.#suites.values()) {
      suite.current = suite.current.filter((item) => {
        item.final = !below(item.level, level);
        return item.final;
      });
      if (below(suite.level, level)) Object.assign(suite, { ended: false, broken: false });
    }
  }

  #suite(name: string): Suite {
    let suite = this.#suites.get(name);
    if (!suite) {
      const report: SuiteReport = {
        name,
        state: "incomplete",
        started: false,
        attempt: 1,
        counts: noCounts(),
        cases: [],
      };
      suite = { report, current: [], ended: false, announced: false };
      this.#suites.set(name, suite);
    }
    return suite;
  }

  #result(record: ResultRecord): void {
    const { result } = record;
    const definition = textOf(result.definition);
    const name = textOf(result.case);
    const word = textOf(result.result) as ResultWord;
    if (definition === undefined || name === undefined || !RESULT_WORDS.includes(word)) {
      this.problem(`Record ${record.seq} is no result: definition, case or result is missing.`);
      return;
    }
    const suite = this.#suite(definition);
    suite.report.started = true;
    suite.report.attempt = record.attempt;
    suite.level = record.level;
    const item = caseOf(record, name, word);
    suite.report.cases.push(item);
    suite.current.push(item);
    if (definition === LAVA_SUITE && (this.#suites.has(name) || "uuid" in result)) this.#testRun(record, name, word);
  }

  /** The line that ends a suite; LAVA writes `fail` for one that did not come to its end (spec output.md §3). */
  #testRun(record: ResultRecord, name: string, word: ResultWord): void {
    const suite = this.#suite(name);
    const { uuid, path, revision, commit_id, duration } = record.result;
    suite.level = record.level;
    suite.ended = word === "pass";
    Object.assign(suite.report, {
      started: true,
      attempt: record.attempt,
      ...pick({ uuid, path, revision, commit_id }, textOf),
      ...pick({ duration }, numberOf),
    });
  }

  report(): RunReport {
    const header = this.#header;
    if (!header) this.problem("The journal has no header: what ran, and on what, is not known.");
    const suites = [...this.#suites.values()].map((suite) => this.#closed(suite));
    const tests = suites.filter(({ name }) => name !== LAVA_SUITE);
    const counts = { ...noCounts(), incomplete_suites: tests.filter(({ state }) => state === "incomplete").length };
    for (const suite of tests) for (const word of RESULT_WORDS) counts[word] += suite.counts[word];
    return {
      version: REPORT_VERSION,
      dispatcher: header?.dispatcher ?? "",
      job: {
        id: header?.job_id ?? "",
        name: header?.job_name ?? "",
        device: header?.device ?? "",
        file: header?.job_file ?? "",
        device_file: header?.device_file ?? "",
        ...(header?.gold && { gold: header.gold }),
        timeout: header?.timeout ?? 0,
        ...(this.#first !== undefined && { started: isoTime(this.#first), ended: isoTime(this.#last) }),
        duration: seconds(this.#last - (this.#first ?? this.#last)),
      },
      verdict: concludeRun(
        this.#verdict,
        suites,
        this.#running(),
        (level) => this.#actions.get(level)?.section === "finalize",
      ),
      counts,
      suites,
      actions: [...this.#actions.values()],
      problems: [...new Set(this.#problems)],
    };
  }

  #running(): ActionReport | undefined {
    return [...this.#actions.values()].filter(({ status }) => status === "running").at(-1);
  }

  #closed({ report, ended, announced, broken, level }: Suite): SuiteReport {
    const counts = noCounts();
    for (const item of report.cases) if (item.final) counts[item.result] += item.count ?? 1;
    // Monitors end with their action; LAVA's own suite ends with the job.
    const complete =
      ended ||
      (report.name === LAVA_SUITE
        ? this.#verdict !== undefined
        : !broken && !announced && report.started && this.#actions.get(level ?? "")?.status === "done");
    return { ...report, counts, state: complete ? "complete" : "incomplete" };
  }
}

const pick = <T>(from: JsonMap | { [key: string]: unknown }, read: (value: unknown) => T | undefined) =>
  Object.fromEntries(
    Object.entries(from).flatMap(([key, value]) => (read(value) === undefined ? [] : [[key, read(value)]])),
  );

function caseOf({ result, level, attempt, log_line }: ResultRecord, name: string, word: ResultWord): CaseReport {
  const start = numberOf(result.starttc);
  const end = numberOf(result.endtc);
  const count = name === NOT_KEPT && isMap(result.extra) ? numberOf(result.extra.count) : undefined;
  return {
    name,
    result: word,
    ...pick({ set: result.set, units: result.units, reference: result.reference }, textOf),
    ...pick({ measurement: result.measurement, duration: result.duration }, numberOf),
    level: textOf(result.level) ?? level,
    attempt,
    final: true,
    log: { line: log_line, ...(start !== undefined && { start }), ...(end !== undefined && { end }) },
    ...(result.extra !== undefined && { extra: result.extra }),
    ...(count !== undefined && { count }),
  };
}
