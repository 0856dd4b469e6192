/** What a terminal shows of a run, gathered from its events. */
import type { Json } from "../../base/json.js";
import type { RunEvent } from "../../interpreter/events.js";
import type { JournalNode, JournalRecord } from "../../interpreter/journal-format.js";
import { ReportBuilder } from "../../results/report-builder.js";
import { type Counts, LAVA_SUITE, noCounts, RESULT_WORDS, type ResultWord } from "../../results/report-model.js";
import type { Progress } from "../../services/types.js";
import { harmless } from "./paint.js";

export interface ActionView {
  level: string;
  name: string;
  depth: number;
  parent?: string;
  children: string[];
  /** ms. */
  timeout: number;
  maxRetries: number;
  status: "pending" | "running" | "done" | "failed" | "skipped";
  attempt: number;
  /** ms since the epoch. */
  started: number;
  /** ms; of the last attempt, when it has ended. */
  duration: number;
  message?: string;
  progress?: ProgressView;
}

export interface ProgressView extends Progress {
  started: number;
  /** Bytes a second. */
  rate: number;
}

/** Lines of the console that are kept. */
const TAIL = 20;

export class RunView {
  header: Extract<JournalRecord, { kind: "header" }> | undefined;
  /** In the order of the tree. */
  readonly actions = new Map<string, ActionView>();
  readonly console: string[] = [];
  /** Counts of the last attempt, by suite. */
  readonly suites = new Map<string, { level: string; counts: Counts }>();
  readonly report = new ReportBuilder();
  started = 0;
  ended = false;

  /** Takes an event; `now` is the time at which progress was told. */
  add(event: RunEvent, now: number): void {
    if (event.type === "journal") this.#record(event.record);
    else if (event.type === "progress") this.#progress(event.level, event.progress, now);
    else if (event.type === "log" && (event.level === "target" || event.level === "feedback"))
      this.#line(messageText(event.message));
  }

  #record(record: JournalRecord): void {
    this.report.add(record);
    if (record.kind === "header") {
      this.header = record;
      this.started = record.t;
      for (const node of record.tree) this.#node(node, 0);
    } else if (record.kind === "action") {
      const action = this.actions.get(record.level);
      if (!action) return;
      action.attempt = record.attempt;
      if (record.status === "start") {
        Object.assign(action, { status: "running", started: record.t, duration: 0 });
        delete action.message;
        delete action.progress;
        for (const child of action.children) this.#forget(child);
        return;
      }
      if (record.status === "retry") {
        // The limit stands over all attempts: the time runs on.
        action.status = "running";
        for (const child of action.children) this.#forget(child);
        if (record.error)
          for (const [name, { level }] of this.suites)
            if (level.startsWith(`${record.level}.`)) this.suites.delete(name);
        return;
      }
      action.status = record.status;
      action.duration = record.duration !== undefined ? record.duration * 1000 : record.t - action.started;
      if (record.error) action.message = record.error.message;
      else delete action.message;
      delete action.progress;
    } else if (record.kind === "result") {
      const { definition, result } = record.result;
      if (typeof definition !== "string" || definition === LAVA_SUITE) return;
      const suite = this.suites.get(definition) ?? { level: record.level, counts: noCounts() };
      if (RESULT_WORDS.includes(result as ResultWord)) suite.counts[result as ResultWord]++;
      this.suites.set(definition, suite);
    } else if (record.kind === "verdict") this.ended = true;
  }

  #node(node: JournalNode, depth: number, parent?: string): void {
    const { level, name, timeout, max_retries, children = [] } = node;
    this.actions.set(level, {
      level,
      name,
      depth,
      ...(parent !== undefined && { parent }),
      children: children.map((child) => child.level),
      timeout: timeout * 1000,
      maxRetries: max_retries,
      status: "pending",
      attempt: 1,
      started: 0,
      duration: 0,
    });
    for (const child of children) this.#node(child, depth + 1, level);
  }

  /** An action that begins again has nothing done below it. */
  #forget(level: string): void {
    const action = this.actions.get(level);
    if (!action) return;
    Object.assign(action, { status: "pending", duration: 0 });
    delete action.message;
    for (const child of action.children) this.#forget(child);
  }

  #progress(level: string, progress: Progress, now: number): void {
    const action = this.actions.get(level);
    if (!action) return;
    const before = action.progress?.label === progress.label ? action.progress : undefined;
    const started = before && before.done <= progress.done ? before.started : now;
    const elapsed = (now - started) / 1000;
    action.progress = { ...progress, started, rate: elapsed > 0.2 ? progress.done / elapsed : 0 };
  }

  #line(text: string): void {
    this.console.push(harmless(text));
    if (this.console.length > TAIL) this.console.shift();
  }
}

export const messageText = (message: Json): string => (typeof message === "string" ? message : JSON.stringify(message));
