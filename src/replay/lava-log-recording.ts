/** Recordings that LAVA made: the log of a job as a server serves it (spec output.md §1). */
import { Kept, through } from "./batches.js";
import { EchoPlacers } from "./echo-places.js";
import { FactsReader, type Placed, START, textOf } from "./lava-log-facts.js";
import { parseLavaRecord } from "./lava-log-line.js";
import { type Line, readLines } from "./read-lines.js";
import { type RecordedEvent, type Recording, RecordingError } from "./recording.js";
import { SentCopies } from "./sent-copies.js";

const LONGEST_ITEM = 2 ** 20;
/** Records that are made ready at a time. */
const BATCH = 1024;
/** Levels of records that matter to a player. */
const PLAYED: ReadonlySet<string> = new Set(["target", "feedback", "input", "debug", "info", "exception", "error"]);

const CANCELED = /^(?:JobCanceled: )?The job was cancel/i;
const CLOSED = /connection (?:was )?closed/i;
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

/** LAVA leaves ESC out of what it logs; these sequences cannot be anything else: cursor queries, modes, colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the character that is missing
const WITHOUT_ESC = /(?<!\x1b)\[(?:6n|\?\d{1,4}[hl]|\d{1,3}(?:;\d{1,3})*m)/g;
const withEscapes = (text: string): string => (text.includes("[") ? text.replace(WITHOUT_ESC, "\x1b$&") : text);

/**
 * An input without its line end, which logs of some ages have. Those name a key that is pressed with Ctrl by its letter,
 * without a line end.
 */
function typedText(message: string, withLineEnds: boolean): string {
  if (withLineEnds && /^[a-z@[\\\]^_]$/i.test(message)) return String.fromCharCode(message.charCodeAt(0) & 0x1f);
  return message.replace(/\r?\n$/, "");
}

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
    events: (resets) =>
      through(
        eventBatches(records(), new LogEvents(resets, canceled, reader)),
        ...(reader.sentCopies ? [new SentCopies()] : []),
        new EchoPlacers(),
      ),
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
  readonly #typedIn: ReadonlyMap<string, number>;
  readonly #withLineEnds: boolean;
  #here: { namespace?: string } = {};

  constructor(
    resets: ReadonlySet<string>,
    canceled: boolean,
    { typedIn, sentCopies }: Pick<FactsReader, "typedIn" | "sentCopies">,
  ) {
    this.#resets = resets;
    this.#canceled = canceled;
    this.#typedIn = typedIn;
    this.#withLineEnds = sentCopies;
  }

  of({ t: told, level, message, place, ns }: Placed): RecordedEvent | undefined {
    if (!PLAYED.has(level)) return undefined;
    const t = Math.max(this.#last, told);
    this.#last = t;
    const text = textOf(message);
    if (level === "target" || level === "feedback") {
      const at = level === "feedback" && ns !== undefined ? { console: ns } : this.#here;
      return { kind: "output", t, bytes: Buffer.from(`${withEscapes(text)}\r\n`), place, ...at };
    }
    if (level === "input")
      return { kind: "input", t, text: `${typedText(text, this.#withLineEnds)}\n`, place, ...this.#here };
    if (level === "debug" || level === "info") {
      const [, number = "", action, namespace] = START.exec(text) ?? [];
      if (action === undefined) return undefined;
      if (this.#hasConsole(namespace, Number.parseInt(number, 10))) this.#here = { namespace };
      return this.#resets.has(action) ? { kind: "reset", t, action, place, ...this.#here } : undefined;
    }
    return this.#over ? undefined : this.#ending(t, text, place);
  }

  /** A namespace has a console from that block on in which something is typed there; `finalize` has none. */
  #hasConsole(namespace: string | undefined, block: number): namespace is string {
    return namespace !== undefined && block >= (this.#typedIn.get(namespace) ?? Number.POSITIVE_INFINITY);
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
    return this.#over ? { kind: "closed", t, message: text, place, ...this.#here } : undefined;
  }
}
