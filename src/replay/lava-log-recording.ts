/** Recordings that LAVA made: the log of a job as a server serves it (spec output.md §1). */
import type { ErrorRecord, ErrorType } from "../base/errors.js";
import { isMap, type JsonMap } from "../base/json.js";
import { Kept, through } from "./batches.js";
import { EchoPlacer } from "./echo-places.js";
import { KnownNamesReader } from "./known-names.js";
import { type LavaLogRecord, parseLavaRecord } from "./lava-log-line.js";
import { type Line, readLines } from "./read-lines.js";
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
/** Records that are made ready at a time. */
const BATCH = 1024;
/** Levels of records that matter to a player. */
const PLAYED: ReadonlySet<string> = new Set(["target", "feedback", "input", "debug", "info", "exception", "error"]);

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

/** Puts the lines of a log together to its records. */
class LogReader {
  readonly #path: string;
  #item = "";
  #line = 0;
  #found = false;
  #whole = true;

  constructor(path: string) {
    this.#path = path;
  }

  /** The record that this line ends by beginning another one. Throws RecordingError. */
  take({ text, number, whole }: Line): Placed | undefined {
    this.#whole = whole;
    if (text.startsWith("-") && !text.startsWith("---")) {
      const record = this.#flush(true);
      this.#item = text;
      this.#line = number;
      return record;
    }
    if (this.#item !== "" && /^\s+\S/.test(text)) {
      this.#item += `\n${text}`;
      if (this.#item.length > LONGEST_ITEM)
        throw new RecordingError(`${this.#path}:${this.#line}: a record of more than ${LONGEST_ITEM} bytes.`);
      return undefined;
    }
    if (text.trim() === "" || /^(---|\.\.\.|#)/.test(text)) return undefined;
    const record = this.#flush(true);
    if (whole)
      throw new RecordingError(`${this.#path}:${number}: this is no line of a LAVA log.`, "Give logs.yaml of a job.");
    return record;
  }

  end(): Placed | undefined {
    return this.#flush(this.#whole);
  }

  #flush(whole: boolean): Placed | undefined {
    if (this.#item === "") return undefined;
    const record = parseLavaRecord(this.#item);
    this.#item = "";
    const place = `${this.#path}:${this.#line}`;
    if (record) {
      this.#found = true;
      return { ...record, place };
    }
    if (whole)
      throw new RecordingError(
        `${place}: this is no record of a LAVA log.`,
        this.#found ? "Fetch the log again: a part of it is damaged." : "Give logs.yaml or output.yaml of a job.",
      );
    return undefined;
  }
}

/** The records of a log, in order. Throws RecordingError. */
async function* readLog(path: string): AsyncGenerator<Placed[]> {
  const reader = new LogReader(path);
  for await (const lines of readLines(path)) yield lines.flatMap((line) => reader.take(line) ?? []);
  yield [reader.end()].flatMap((record) => record ?? []);
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
  const kept = new Kept<Placed>();
  for await (const records of readLog(path))
    for (const record of records) {
      reader.take(record);
      if (PLAYED.has(record.level)) kept.add(record, typeof record.message === "string" ? record.message.length : 0);
    }
  const facts = reader.result();
  const canceled = facts.verdict?.error?.type === "Canceled";
  const records = (): AsyncIterable<Placed[]> | Placed[][] => (kept.items ? [kept.items] : readLog(path));
  return {
    name,
    format: "lava-log",
    facts,
    events: (resets) => through(eventBatches(records(), new LogEvents(resets, canceled)), new EchoPlacer()),
  };
}

async function* eventBatches(
  batches: AsyncIterable<Placed[]> | Placed[][],
  events: LogEvents,
): AsyncGenerator<RecordedEvent[]> {
  for await (const batch of batches)
    for (let at = 0; at < batch.length; at += BATCH)
      yield batch.slice(at, at + BATCH).flatMap((record) => events.of(record) ?? []);
}

/** What the records tell a player. */
class LogEvents {
  readonly #resets: ReadonlySet<string>;
  readonly #canceled: boolean;
  #last = 0;
  #over = false;

  constructor(resets: ReadonlySet<string>, canceled: boolean) {
    this.#resets = resets;
    this.#canceled = canceled;
  }

  of({ t: told, level, message, place }: Placed): RecordedEvent | undefined {
    if (!PLAYED.has(level)) return undefined;
    const t = Math.max(this.#last, told);
    this.#last = t;
    const text = textOf(message);
    if (level === "target" || level === "feedback")
      return { kind: "output", t, bytes: Buffer.from(`${withEscapes(text)}\r\n`), place };
    if (level === "input") return { kind: "input", t, text: `${text}\n`, place };
    if (level === "debug" || level === "info") {
      const [, , action] = START.exec(text) ?? [];
      return action !== undefined && this.#resets.has(action) ? { kind: "reset", t, action, place } : undefined;
    }
    return this.#over ? undefined : this.#ending(t, text, place);
  }

  #ending(t: number, text: string, place: string): RecordedEvent | undefined {
    const cancels = this.#canceled && CANCELED.test(text);
    this.#over = cancels || CLOSED.test(text);
    if (cancels)
      return {
        kind: "cancel",
        t,
        error: { class: "JobCanceled", type: "Canceled", message: text.replace(/^JobCanceled: /, "") },
        place,
      };
    return this.#over ? { kind: "closed", t, message: text, place } : undefined;
  }
}
