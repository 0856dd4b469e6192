/** Recordings that LAVA made: the log of a job as a server serves it (spec output.md §1). */
import type { ErrorRecord, ErrorType } from "../base/errors.js";
import { isMap, type JsonMap } from "../base/json.js";
import { withEchoes } from "./echo-places.js";
import { KnownNamesReader } from "./known-names.js";
import { type LavaLogRecord, parseLavaRecord } from "./lava-log-line.js";
import { readLines } from "./read-lines.js";
import {
  type RecordedAnswer,
  type RecordedEvent,
  type Recording,
  RecordingError,
  type RecordingFacts,
} from "./recording.js";

/** ms by which a record may be older than the one before it: clocks are set. */
const BACKWARDS = 1000;
/** How often it may be older at all. */
const BACKWARDS_TIMES = 3;
const LONGEST_ITEM = 2 ** 20;
const MOST_ACTIONS = 100_000;

const START = /^start: ([\d.]+) (\S+) \(timeout/;
const END = /^end: ([\d.]+) (\S+) \(duration/;
const CANCELED = /^(?:JobCanceled: )?The job was cancel/i;
const CLOSED = /connection (?:was )?closed/i;
const CLASSES: { [type in ErrorType]?: string } = {
  Job: "JobError",
  Infrastructure: "InfrastructureError",
  Test: "TestError",
  Configuration: "ConfigurationError",
  Bug: "LAVABug",
  Canceled: "JobCanceled",
};

interface Placed extends LavaLogRecord {
  place: string;
}

/** The records of a log, in order. Throws RecordingError. */
async function* readLog(path: string): AsyncGenerator<Placed> {
  let item = "";
  let line = 0;
  let found = false;
  const flush = (whole: boolean): Placed | undefined => {
    if (item === "") return undefined;
    const record = parseLavaRecord(item);
    item = "";
    if (record) {
      found = true;
      return { ...record, place: `${path}:${line}` };
    }
    if (whole)
      throw new RecordingError(
        `${path}:${line}: this is no record of a LAVA log.`,
        found ? "Fetch the log again: a part of it is damaged." : "Give logs.yaml or output.yaml of a job.",
      );
    return undefined;
  };
  let last = true;
  for await (const { text, number, whole } of readLines(path)) {
    last = whole;
    if (text.startsWith("-") && !text.startsWith("---")) {
      const record = flush(true);
      if (record) yield record;
      item = text;
      line = number;
    } else if (/^\s+\S/.test(text) && item !== "") {
      item += `\n${text}`;
      if (item.length > LONGEST_ITEM)
        throw new RecordingError(`${path}:${line}: a record of more than ${LONGEST_ITEM} bytes.`);
    } else if (text.trim() !== "" && !/^(---|\.\.\.|#)/.test(text)) {
      const record = flush(true);
      if (record) yield record;
      if (whole)
        throw new RecordingError(`${path}:${number}: this is no line of a LAVA log.`, "Give logs.yaml of a job.");
    }
  }
  const record = flush(last);
  if (record) yield record;
}

class FactsReader {
  readonly #path: string;
  readonly #names = new KnownNamesReader();
  readonly #starts = new Map<string, number>();
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
      this.#names.typed(textOf(message));
    } else if (typeof message === "string") this.#told(message, t);
    else if (level === "results" && isMap(message)) this.#result(message);
  }

  #told(message: string, t: number): void {
    this.#names.told(message);
    const start = START.exec(message);
    if (start) {
      const [, level = "", action = ""] = start;
      this.#first ??= action;
      if (this.#starts.size < MOST_ACTIONS) this.#starts.set(action, (this.#starts.get(action) ?? 0) + 1);
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
            ...(CLASSES[type as ErrorType] && { class: CLASSES[type as ErrorType] as string }),
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
      complete: this.#verdict !== undefined,
      ...(this.#names.jobId !== undefined && { jobId: this.#names.jobId }),
      ...(this.#first !== undefined && { firstAction: this.#first }),
      ...(this.#verdict && { verdict: this.#verdict }),
      answers: this.#answers,
      validation: this.#invalid ? [validationError(error)] : [],
      inputs: this.#inputs,
      starts: this.#starts,
      known,
    };
  }
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : value == null ? "" : String(value));

/** LAVA puts the list of what it found, as Python prints it, into the job's error. */
function validationError(error: { type: string; message: string } | undefined): ErrorRecord {
  const [, list = error?.message ?? "Validation failed"] =
    /^Invalid job data: \[["']?(.*?)["']?\]\s*$/s.exec(error?.message ?? "") ?? [];
  const type = (error?.type ?? "Job") as ErrorType;
  return { class: CLASSES[type] ?? "JobError", type, message: list };
}

/** LAVA leaves ESC out of what it logs; these sequences cannot be anything else: cursor queries, modes, colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the character that is missing
const WITHOUT_ESC = /(?<!\x1b)\[(?:6n|\?\d{1,4}[hl]|\d{1,3}(?:;\d{1,3})*m)/g;
const withEscapes = (text: string): string => (text.includes("[") ? text.replace(WITHOUT_ESC, "\x1b$&") : text);

/** Opens a log; a first pass finds what is wrong with it. Throws RecordingError. */
export async function openLavaLog(name: string, path: string): Promise<Recording> {
  const reader = new FactsReader(path);
  for await (const record of readLog(path)) reader.take(record);
  const facts = reader.result();
  const canceled = facts.verdict?.error?.type === "Canceled";
  return { name, format: "lava-log", facts, events: (resets) => withEchoes(logEvents(path, resets, canceled)) };
}

async function* logEvents(path: string, resets: ReadonlySet<string>, canceled: boolean): AsyncGenerator<RecordedEvent> {
  let last = 0;
  let over = false;
  for await (const { t: told, level, message, place } of readLog(path)) {
    const t = Math.max(last, told);
    last = t;
    const text = textOf(message);
    if (level === "target" || level === "feedback")
      yield { kind: "output", t, bytes: Buffer.from(`${withEscapes(text)}\r\n`), place };
    else if (level === "input") yield { kind: "input", t, text: `${text}\n`, place };
    else if (level === "debug" || level === "info") {
      const [, , action] = START.exec(text) ?? [];
      if (action !== undefined && resets.has(action)) yield { kind: "reset", t, action, place };
    } else if ((level === "exception" || level === "error") && !over) {
      over = true;
      if (canceled && CANCELED.test(text))
        yield {
          kind: "cancel",
          t,
          error: { class: "JobCanceled", type: "Canceled", message: text.replace(/^JobCanceled: /, "") },
          place,
        };
      else if (CLOSED.test(text)) yield { kind: "closed", t, message: text, place };
      else over = false;
    }
  }
}
