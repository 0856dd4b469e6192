/** What the journal says of every moment of a run. Pure: the page and the inspector's events are made from it. */
import type { ErrorRecord } from "../base/errors.js";
import { deepMerge, isMap, type Json, type JsonMap, own } from "../base/json.js";
import type { JournalNode, JournalRecord, Verdict } from "../interpreter/journal-format.js";

export type JournalHeader = Extract<JournalRecord, { kind: "header" }>;
export type ResultRecord = Extract<JournalRecord, { kind: "result" }>;
export type ActionStatus = "running" | "done" | "failed" | "skipped";

/** One attempt of an action; times are ms since the Unix epoch. */
export interface Span {
  level: string;
  name: string;
  /** 0 for top-level actions. */
  depth: number;
  attempt: number;
  start: number;
  end?: number;
  status: ActionStatus;
  error?: ErrorRecord;
}

export interface ActionMoment {
  status: ActionStatus;
  attempt: number;
  /** When it was entered: its deadline counts from here, over all attempts. */
  entered: number;
  error?: ErrorRecord;
}

/** A run at one moment. */
export interface Moment {
  t: number;
  /** Records up to here were taken. */
  count: number;
  /** Paths of the leaf states, and those before the last event. */
  active: string[];
  before: string[];
  lastEvent?: { type: string; level?: string; t: number; seq: number };
  actions: Map<string, ActionMoment>;
  /** Namespace data. */
  data: { [namespace: string]: JsonMap };
  /** Variables of the dialogues, by level. */
  dialogues: { [level: string]: JsonMap };
  kernel: { t: number; level: string; kind: string; message: string }[];
  /** The error being handled, and the one that ended the job. */
  error?: ErrorRecord;
  verdict?: Verdict;
}

/** A moment is kept for every so many records: going back in time starts from there. */
const KEEP_EVERY = 256;

const FIRST_STATES = ["working.validating"];
const begin = (t: number): Moment => ({
  t,
  count: 0,
  active: FIRST_STATES,
  before: [],
  actions: new Map(),
  data: {},
  dialogues: {},
  kernel: [],
});

/** Takes a journal's records one by one, live or from a file, and tells of any moment. */
export class Timeline {
  readonly records: JournalRecord[] = [];
  readonly spans: Span[] = [];
  readonly results: ResultRecord[] = [];
  readonly nodes = new Map<string, JournalNode>();
  header: JournalHeader | undefined;
  verdict: Verdict | undefined;
  /** Lines that could not be read. */
  broken = 0;
  /** Each record's time; never less than the one before. */
  readonly #times: number[] = [];
  readonly #kept: Moment[] = [];
  readonly #open = new Map<string, Span>();

  get start(): number {
    return this.#times[0] ?? 0;
  }
  get end(): number {
    return this.#times.at(-1) ?? 0;
  }

  /** Takes a line of journal.jsonl; one that cannot be read is counted and passed over. */
  addLine(line: string): void {
    if (line.trim() === "") return;
    try {
      const record = JSON.parse(line) as JournalRecord;
      if (typeof record?.kind !== "string" || !Number.isFinite(record.t)) throw new Error("no record");
      this.add(record);
    } catch {
      this.broken++;
    }
  }

  add(record: JournalRecord): void {
    if (record.kind === "header") {
      this.header = record;
      const walk = (nodes: JournalNode[]) => {
        for (const node of nodes) {
          this.nodes.set(node.level, node);
          walk(node.children ?? []);
        }
      };
      walk(record.tree ?? []);
    }
    const before = this.#kept.at(-1);
    if (this.records.length % KEEP_EVERY === 0)
      this.#kept.push(before ? this.#run(before, this.records.length) : begin(record.t));
    this.records.push(record);
    this.#times.push(Math.max(record.t, this.end));
    if (record.kind === "result") this.results.push(record);
    else if (record.kind === "verdict") this.verdict = record.verdict;
    else if (record.kind === "action") this.#span(record);
  }

  #span({ level, name, status, attempt, t, error }: Extract<JournalRecord, { kind: "action" }>): void {
    const open = this.#open.get(level);
    if (open && status !== "start") {
      open.end = t;
      open.status = status === "retry" ? (error ? "failed" : "done") : status;
      if (error) open.error = error;
      this.#open.delete(level);
    }
    if (status !== "start" && status !== "retry") return;
    const depth = level.split(".").length - 1;
    const span: Span = { level, name, depth, attempt, start: t, status: "running" };
    this.spans.push(span);
    this.#open.set(level, span);
  }

  /** How many records had come by then. */
  countAt(t: number): number {
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] as number) <= t) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  timeOf(index: number): number {
    return this.#times[Math.min(Math.max(index, 0), this.#times.length - 1)] ?? 0;
  }

  at(t: number): Moment {
    return { ...this.afterRecords(this.countAt(t)), t };
  }

  /** The moment after the first `count` records. */
  afterRecords(count: number): Moment {
    const kept = this.#kept[Math.min(Math.floor(count / KEEP_EVERY), this.#kept.length - 1)];
    return kept ? this.#run(kept, count) : begin(this.start);
  }

  #run(from: Moment, count: number): Moment {
    const moment: Moment = { ...from, actions: new Map(from.actions), kernel: [...from.kernel] };
    for (let i = moment.count; i < count; i++) this.#take(moment, this.records[i] as JournalRecord);
    moment.count = count;
    moment.t = this.timeOf(count - 1);
    return moment;
  }

  #take(moment: Moment, record: JournalRecord): void {
    if (record.kind === "action") takeAction(moment, record);
    else if (record.kind === "event") {
      moment.before = moment.active;
      moment.active = Array.isArray(record.state) ? record.state : [];
      moment.lastEvent = {
        type: record.event.type,
        t: record.t,
        seq: record.seq,
        ...(record.level !== undefined && { level: record.level }),
      };
      this.#takeEvent(moment, record.t, record.event);
    } else if (record.kind === "verdict") {
      moment.before = moment.active;
      moment.active = ["ended"];
      moment.verdict = record.verdict;
      if (record.verdict.error) moment.error = record.verdict.error;
      else delete moment.error;
    }
  }

  /** What the event does to the chart's context, as far as it is shown. */
  #takeEvent(moment: Moment, t: number, event: { type: string } & JsonMap): void {
    const actor = /^xstate\.done\.actor\.([\w-]+):([\d.]+)/.exec(event.type);
    const level = actor?.[2] ?? (typeof event.level === "string" ? event.level : "");
    const save = (value: Json | undefined) => {
      const namespace = this.nodes.get(level)?.namespace;
      if (namespace !== undefined && isMap(value))
        moment.data = { ...moment.data, [namespace]: deepMerge(own(moment.data, namespace) ?? {}, value) };
    };
    const vary = (value: Json | undefined) => {
      if (isMap(value)) moment.dialogues = { ...moment.dialogues, [level]: { ...moment.dialogues[level], ...value } };
    };
    if (actor?.[1] === "prepare") vary(event.output);
    else if (actor?.[1] === "pause") delete moment.error;
    else if (actor && isMap(event.output)) save(event.output.data);
    if (event.type === "dialogue.take") {
      vary(event.assign);
      save(event.save);
    }
    if (event.type === "watch.message" || event.type === "watch.alarm")
      moment.kernel.push({ t, level, kind: String(event.kind), message: String(event.message ?? event.line ?? "") });
    if (isMap(event.error)) moment.error ??= event.error as unknown as ErrorRecord;
  }
}

function takeAction(moment: Moment, { level, status, attempt, t, error }: Extract<JournalRecord, { kind: "action" }>) {
  if (status === "start") moment.actions.set(level, { status: "running", attempt, entered: t });
  else {
    const entered = moment.actions.get(level)?.entered ?? t;
    const next = status === "retry" ? attempt : (moment.actions.get(level)?.attempt ?? attempt);
    moment.actions.set(level, {
      status: status === "retry" ? "running" : status,
      attempt: next,
      entered,
      ...(error && { error }),
    });
    // What is tried again has not been done.
    if (status === "retry")
      for (const inner of moment.actions.keys()) if (inner.startsWith(`${level}.`)) moment.actions.delete(inner);
  }
}
