import type { Clock } from "../base/clock.js";
import { isMap, type Json, type JsonMap } from "../base/json.js";
import type { Logger, LogLevel } from "../base/log.js";
import { parentLevel } from "../pipeline/action-nodes.js";
import type { JobContext } from "../statechart/job-context.js";
import type { RunEvent } from "./events.js";
import type { Journal } from "./journal.js";
import { boundReached, isDropped, type OutputBound } from "./output-bound.js";
import { type ReportedResult, type ResultBound, resultsReached } from "./result-bound.js";

/** The number of the attempt that an action belongs to: that of the nearest retry action around it. */
export function attemptOf(level: string, context: JobContext): number {
  for (let at = level; at !== "0"; at = parentLevel(at)) {
    const attempt = context.attempts[at];
    if (attempt !== undefined) return attempt;
  }
  return 1;
}

/** Log and result lines of a run, numbered as logs.yaml has them. */
export class RunLog implements Logger {
  #clock: Clock;
  #journal: Journal;
  #emit: (event: RunEvent) => void;
  #lines = 0;
  #bound: OutputBound | undefined;
  #results: ResultBound;
  #full = false;
  constructor(
    clock: Clock,
    journal: Journal,
    emit: (event: RunEvent) => void,
    { results, outputs }: { results: ResultBound; outputs?: OutputBound | undefined },
  ) {
    this.#bound = outputs;
    this.#results = results;
    this.#clock = clock;
    this.#journal = journal;
    this.#emit = emit;
  }
  /** Number of the last log line, from 0. */
  lastLine(): number {
    return Math.max(0, this.#lines - 1);
  }
  log(level: LogLevel, message: Json, options?: { ns?: string }): void {
    if (isDropped(level) && this.#isFull()) return;
    this.#line(level, message, options);
  }
  /** Whether the job has written as much as it may. */
  #isFull(): boolean {
    if (this.#full || !this.#bound?.full()) return this.#full;
    this.#full = true;
    this.#line("warning", boundReached(this.#bound));
    return true;
  }
  #line(level: LogLevel, message: Json, options?: { ns?: string }): void {
    this.#emit({ type: "log", t: this.#clock.now(), level, message, line: this.#lines++, ...options });
  }
  debug(message: Json): void {
    this.log("debug", message);
  }
  info(message: Json): void {
    this.log("info", message);
  }
  warning(message: Json): void {
    this.log("warning", message);
  }
  error(message: Json): void {
    this.log("error", message);
  }
  /** A LAVA result line; the journal's record says to which log line it belongs. */
  result(level: string, result: JsonMap, context: JobContext): void {
    const attempt = attemptOf(level, context);
    if (this.#results.keeps({ level, attempt, result })) {
      // The dispatcher's own result ends a suite, or the job: all of what came before it is told first.
      if (result.definition === "lava") for (const counted of this.#results.counted()) this.#book(counted);
      this.#book({ level, attempt, result });
    } else if (this.#results.reached) this.#line("warning", resultsReached(this.#results));
  }
  #book({ level, attempt, result }: ReportedResult): void {
    this.log("results", result);
    this.#journal.add({ kind: "result", t: this.#clock.now(), level, attempt, result, log_line: this.lastLine() });
  }
  /** One result line or several; what is null in it is left out. */
  results(level: string, results: Json, context: JobContext): void {
    for (const result of Array.isArray(results) ? results : [results])
      if (isMap(result))
        this.result(level, Object.fromEntries(Object.entries(result).filter(([, value]) => value !== null)), context);
  }
}
