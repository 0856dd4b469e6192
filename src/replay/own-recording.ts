/** Recordings of our own: console.cast (asciicast 2), and journal.jsonl where it is there. */

import { CONSOLE_MARK, FIRST_CONSOLE } from "../results/console-marks.js";
import { Kept, type Stage, through } from "./batches.js";
import { KnownNamesReader } from "./known-names.js";
import { Moments } from "./moments.js";
import { type ActionMark, type JournalMark, readJournal } from "./read-journal.js";
import { type Line, readLines } from "./read-lines.js";
import { type RecordedEvent, type Recording, RecordingError, type RecordingFacts } from "./recording.js";

const CAST_VERSION = 2;
/** Events that are made ready at a time. */
const BATCH = 1024;

interface CastEvent {
  /** Seconds since the beginning of the recording. */
  seconds: number;
  kind: string;
  text: string;
  place: string;
  console: string;
}

interface CastHeader {
  version?: unknown;
  timestamp?: unknown;
}

/** Reads a cast line by line. */
class CastReader {
  header: CastHeader | undefined;
  readonly #path: string;
  #last = 0;
  #console = FIRST_CONSOLE;
  /** Those that have said something; none where no marker tells them apart. */
  readonly consoles = new Set<string>();
  several = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** Undefined for a line that is no event, and for a marker of another console. Throws RecordingError. */
  take({ text, number, whole }: Line): CastEvent | undefined {
    if (text === "") return undefined;
    const place = `${this.#path}:${number}`;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      if (!whole) return undefined; // killed while it wrote
      throw new RecordingError(`${place}: this is no line of an asciicast.`, "Take the recording as it was made.");
    }
    if (number === 1) {
      this.header = value as CastHeader;
      if (this.header.version !== CAST_VERSION)
        throw new RecordingError(
          `${place}: this asciicast has version ${String(this.header.version)}; this program reads version ${CAST_VERSION}.`,
          "Convert it: asciinema convert --output-format asciicast-v2",
        );
      return undefined;
    }
    const [seconds, kind, data] = Array.isArray(value) ? value : [];
    if (typeof seconds !== "number" || typeof kind !== "string" || typeof data !== "string")
      throw new RecordingError(`${place}: this is no event of an asciicast.`);
    if (seconds < this.#last)
      throw new RecordingError(
        `${place}: ${seconds} s comes after ${this.#last} s: the lines are in another order than they were recorded in.`,
        "Take the recording as it was made; parts of several recordings cannot be joined.",
      );
    this.#last = seconds;
    if (kind === "m" && data.startsWith(CONSOLE_MARK)) {
      this.#console = data.slice(CONSOLE_MARK.length);
      this.several = true;
    }
    if (kind !== "i" && kind !== "o") return undefined;
    this.consoles.add(this.#console);
    return { seconds, kind, text: data, place, console: this.#console };
  }
}

/** The events of a cast. Throws RecordingError. */
async function* readCast(path: string, reader = new CastReader(path)): AsyncGenerator<CastEvent[]> {
  for await (const lines of readLines(path)) {
    const events: CastEvent[] = [];
    for (const line of lines) {
      const event = reader.take(line);
      if (event) events.push(event);
    }
    yield events;
  }
}

/** Opens a cast with its journal; a first pass over both finds what is wrong with them. Throws RecordingError. */
export async function openOwnRecording(name: string, cast: string, journal: string | undefined): Promise<Recording> {
  const { facts, marks } = journal === undefined ? { facts: undefined, marks: [] } : await readJournal(journal);
  const names = new KnownNamesReader();
  const reader = new CastReader(cast);
  const kept = new Kept<CastEvent>();
  let inputs = 0;
  let seconds = 0;
  for await (const batch of readCast(cast, reader))
    for (const event of batch) {
      kept.add(event, event.text.length);
      seconds = event.seconds;
      if (event.kind !== "i") continue;
      inputs += 1;
      names.typed(event.text);
    }
  const began = reader.header?.timestamp;
  const start = facts?.start ?? (typeof began === "number" ? began * 1000 : 0);
  const end = start + seconds * 1000;
  const learned = names.result();
  const all: RecordingFacts = facts
    ? { ...facts, inputs, end: Math.max(facts.end, end), known: { ...learned, ...facts.known } }
    : {
        start,
        end,
        timed: true,
        complete: false,
        ...(names.jobId !== undefined && { jobId: names.jobId }),
        answers: [],
        validation: [],
        inputs,
        starts: new Map(),
        consoles: new Set(),
        known: learned,
      };
  if (reader.several) all.consoles = reader.consoles;
  return {
    name,
    format: "own",
    facts: all,
    events: (resets) =>
      through(castEvents(kept, cast, { start, several: reader.several }), new Merge(marks, resets), new Moments()),
  };
}

/** What was said and typed: as it was kept, or read once more. */
async function* castEvents(
  { items }: Kept<CastEvent>,
  path: string,
  cast: { start: number; several: boolean },
): AsyncGenerator<RecordedEvent[]> {
  const made = (batch: CastEvent[]) => batch.map((event) => recordedEvent(event, cast));
  if (items) for (let at = 0; at < items.length; at += BATCH) yield made(items.slice(at, at + BATCH));
  else for await (const batch of readCast(path)) yield made(batch);
}

function recordedEvent(
  { seconds, kind, text, place, console }: CastEvent,
  { start, several }: { start: number; several: boolean },
): RecordedEvent {
  const t = start + seconds * 1000;
  const at = several ? { console } : {};
  return kind === "o"
    ? { kind: "output", t, bytes: Buffer.from(text), place, ...at }
    : { kind: "input", t, text, place, ...at };
}

/** Puts what the journal tells between what was said; of the actions only those that reset the board. */
class Merge implements Stage<RecordedEvent> {
  readonly #marks: RecordedEvent[];
  #next = 0;

  constructor(marks: JournalMark[], resets: ReadonlySet<string>) {
    this.#marks = marks.flatMap((mark): RecordedEvent[] =>
      mark.kind !== "action" ? [mark] : resets.has(mark.action) ? [resetOf(mark)] : [],
    );
  }

  take(batch: readonly RecordedEvent[]): RecordedEvent[] {
    const merged: RecordedEvent[] = [];
    for (const event of batch) {
      for (let mark = this.#marks[this.#next]; mark && mark.t <= event.t; mark = this.#marks[++this.#next])
        merged.push(mark);
      merged.push(event);
    }
    return merged;
  }

  end(): RecordedEvent[] {
    return this.#marks.slice(this.#next);
  }
}
const resetOf = ({ t, action, place, namespace }: ActionMark): RecordedEvent => ({
  kind: "reset",
  t,
  action,
  place,
  ...(namespace !== undefined && { namespace }),
});
