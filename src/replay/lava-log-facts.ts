/** What a first pass finds in the log of a LAVA job. */
import type { ErrorRecord, ErrorType } from "../base/errors.js";
import { isMap, type JsonMap, own } from "../base/json.js";
import { KnownNamesReader } from "./known-names.js";
import type { LavaLogRecord } from "./lava-log-line.js";
import { RecordedResults } from "./recorded-results.js";
import { type RecordedAnswer, RecordingError, type RecordingFacts } from "./recording.js";
import { SentCopiesReader } from "./sent-copies.js";
import { Starts } from "./starts.js";

/** ms by which a record may be older than the one before it: clocks are set. */
const BACKWARDS = 1000;
/** How often it may be older at all. */
const BACKWARDS_TIMES = 3;
const MOST_ACTIONS = 100_000;

/** Level, name and namespace of an action. */
export const START = /^start: ([\d.]+) (\S+) \(timeout(?:[^[]*\[([^\]\s]+)\])?/;
const END = /^end: ([\d.]+) (\S+) \(duration/;
const CLASSES: { [type in ErrorType]?: string } = {
  Job: "JobError",
  Infrastructure: "InfrastructureError",
  Test: "TestError",
  Configuration: "ConfigurationError",
  Bug: "LAVABug",
  Canceled: "JobCanceled",
};

const classOf = (type: string): string | undefined => own(CLASSES as { [type: string]: string }, type);

/** A record and where it stands. */
export interface Placed extends LavaLogRecord {
  place: string;
}

/** Takes the records in their order. Throws RecordingError when that is not the one in which they were written. */
export class FactsReader {
  readonly #path: string;
  readonly #names = new KnownNamesReader();
  readonly #starts = new Starts();
  readonly #results = new RecordedResults();
  readonly #copies = new SentCopiesReader();
  /** Namespaces in which something was typed, and the number of the block in which that was first. */
  readonly typedIn = new Map<string, number>();
  #here = "";
  #block = 0;
  readonly #answers: RecordedAnswer[] = [];
  #open: { action: string; level: string; t: number; leaf: boolean }[] = [];
  #first: string | undefined;
  #verdict: RecordingFacts["verdict"];
  #invalid = false;
  #inputs = 0;
  #start: number | undefined;
  #end = 0;
  #backwards = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Whether what was typed stands among what the board said as well. */
  get sentCopies(): boolean {
    return this.#copies.found;
  }

  take({ t, level, message, place }: Placed): void {
    this.#start ??= t;
    if (t < this.#end) {
      this.#backwards += 1;
      if (this.#end - t > BACKWARDS || this.#backwards >= BACKWARDS_TIMES)
        throw new RecordingError(
          `${place}: this record is older than the one before it: the lines are in another order than they were written in.`,
          "Fetch the log again; logs of several jobs cannot be joined.",
        );
    }
    this.#end = Math.max(this.#end, t);
    if (level === "input") {
      this.#inputs += 1;
      if (!this.typedIn.has(this.#here)) this.typedIn.set(this.#here, this.#block);
      this.#names.typed(textOf(message));
      this.#copies.typed(textOf(message));
    } else if (level === "target") this.#copies.said(textOf(message));
    else if (typeof message === "string") this.#told(message, t);
    else if (level === "results" && isMap(message)) {
      this.#results.take(message);
      this.#result(message);
    }
  }

  #told(message: string, t: number): void {
    this.#names.told(message);
    const start = START.exec(message);
    if (start) {
      const [, level = "", action = "", namespace] = start;
      this.#first ??= action;
      this.#here = namespace ?? "";
      this.#block = Number.parseInt(level, 10);
      this.#starts.add(action, namespace);
      for (const outer of this.#open) outer.leaf = false;
      this.#open = [
        ...this.#open.filter((outer) => level.startsWith(`${outer.level}.`)),
        { action, level, t, leaf: true },
      ];
      return;
    }
    const end = END.exec(message);
    const ended = end && this.#open.find(({ level }) => level === end[1]);
    if (!ended) return;
    this.#open = this.#open.filter((action) => action !== ended);
    if (ended.leaf && this.#answers.length < MOST_ACTIONS)
      this.#answers.push({ action: ended.action, level: ended.level, outcome: "done", duration: t - ended.t });
  }

  #result({ definition, case: name, result, error_type, error_msg, level, extra }: JsonMap): void {
    if (definition !== "lava") return;
    if (name === "validate" && result === "fail") this.#invalid = true;
    if (name === "job" && (result === "pass" || result === "fail")) {
      const type = textOf(error_type);
      this.#verdict = {
        result,
        ...(type !== "" && {
          error: {
            ...(classOf(type) && { class: classOf(type) as string }),
            type,
            message: textOf(error_msg),
          },
        }),
      };
    } else if (result === "fail") {
      const failed = this.#answers.findLast((answer) => answer.action === name && answer.level === textOf(level));
      const fail = isMap(extra) ? extra.fail : undefined;
      if (failed && typeof fail === "string") {
        failed.outcome = "error";
        failed.error = { class: "", type: "Job", message: fail };
      }
    }
  }

  result(): RecordingFacts {
    if (this.#start === undefined)
      throw new RecordingError(
        `${this.#path} holds no record of a LAVA log.`,
        "Give logs.yaml or output.yaml of a job.",
      );
    const known = this.#names.result();
    const { error } = this.#verdict ?? {};
    return {
      start: this.#start,
      end: this.#end,
      timed: true,
      otherDevice: true,
      unloggedKeys: this.sentCopies,
      complete: this.#verdict !== undefined,
      ...(this.#names.jobId !== undefined && { jobId: this.#names.jobId }),
      ...(this.#first !== undefined && { firstAction: this.#first }),
      ...(this.#verdict && { verdict: this.#verdict }),
      results: this.#results.counts(),
      answers: this.#answers,
      validation: this.#invalid ? [validationError(error)] : [],
      inputs: this.#inputs,
      starts: this.#starts.all,
      consoles: new Set(this.typedIn.keys()),
      known,
    };
  }
}

export const textOf = (value: unknown): string =>
  typeof value === "string" ? value : value == null ? "" : String(value);

/** LAVA puts the list of what it found, as Python prints it, into the job's error. */
function validationError(error: { type: string; message: string } | undefined): ErrorRecord {
  const [, list = error?.message ?? "Validation failed"] =
    /^Invalid job data: \[["']?(.*?)["']?\]\s*$/s.exec(error?.message ?? "") ?? [];
  const type = (error?.type ?? "Job") as ErrorType;
  return { class: classOf(type) ?? "JobError", type, message: list };
}
