/** Recordings of our own: console.cast (asciicast 2), and journal.jsonl where it is there. */
import { KnownNamesReader } from "./known-names.js";
import { inMoments } from "./moments.js";
import { type ActionMark, type JournalMark, readJournal } from "./read-journal.js";
import { readLines } from "./read-lines.js";
import { type RecordedEvent, type Recording, RecordingError, type RecordingFacts } from "./recording.js";

const CAST_VERSION = 2;

interface CastEvent {
  /** Seconds since the beginning of the recording. */
  seconds: number;
  kind: string;
  text: string;
  place: string;
}

interface CastHeader {
  version?: unknown;
  timestamp?: unknown;
}

/** The header and the events of a cast. Throws RecordingError. */
async function* readCast(path: string): AsyncGenerator<{ header: CastHeader } | CastEvent> {
  let last = 0;
  for await (const { text, number, whole } of readLines(path)) {
    if (text === "") continue;
    const place = `${path}:${number}`;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      if (!whole) return; // killed while it wrote
      throw new RecordingError(`${place}: this is no line of an asciicast.`, "Take the recording as it was made.");
    }
    if (number === 1) {
      const header = value as CastHeader;
      if (header.version !== CAST_VERSION)
        throw new RecordingError(
          `${place}: this asciicast has version ${String(header.version)}; this program reads version ${CAST_VERSION}.`,
          "Convert it: asciinema convert --output-format asciicast-v2",
        );
      yield { header };
      continue;
    }
    const [seconds, kind, data] = Array.isArray(value) ? value : [];
    if (typeof seconds !== "number" || typeof kind !== "string" || typeof data !== "string")
      throw new RecordingError(`${place}: this is no event of an asciicast.`);
    if (seconds < last)
      throw new RecordingError(
        `${place}: ${seconds} s comes after ${last} s: the lines are in another order than they were recorded in.`,
        "Take the recording as it was made; parts of several recordings cannot be joined.",
      );
    last = seconds;
    yield { seconds, kind, text: data, place };
  }
}

/** Opens a cast with its journal; a first pass over both finds what is wrong with them. Throws RecordingError. */
export async function openOwnRecording(name: string, cast: string, journal: string | undefined): Promise<Recording> {
  const { facts, marks } = journal === undefined ? { facts: undefined, marks: [] } : await readJournal(journal);
  const names = new KnownNamesReader();
  let inputs = 0;
  let seconds = 0;
  let start = facts?.start ?? 0;
  for await (const item of readCast(cast)) {
    if ("header" in item) {
      if (!facts && typeof item.header.timestamp === "number") start = item.header.timestamp * 1000;
      continue;
    }
    seconds = item.seconds;
    if (item.kind !== "i") continue;
    inputs += 1;
    names.typed(item.text);
  }
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
        known: learned,
      };
  return {
    name,
    format: "own",
    facts: all,
    events: (resets) => inMoments(merge(castEvents(cast, start), only(marks, resets))),
  };
}

async function* castEvents(path: string, start: number): AsyncGenerator<RecordedEvent> {
  for await (const item of readCast(path)) {
    if ("header" in item) continue;
    const { kind, text, place } = item;
    const t = start + item.seconds * 1000;
    if (kind === "o") yield { kind: "output", t, bytes: Buffer.from(text), place };
    else if (kind === "i") yield { kind: "input", t, text, place };
  }
}

/** Of the actions only those that reset the board. */
const only = (marks: JournalMark[], resets: ReadonlySet<string>): RecordedEvent[] =>
  marks.flatMap((mark): RecordedEvent[] =>
    mark.kind !== "action" ? [mark] : resets.has(mark.action) ? [resetOf(mark)] : [],
  );
const resetOf = ({ t, action, place }: ActionMark): RecordedEvent => ({ kind: "reset", t, action, place });

async function* merge(console: AsyncGenerator<RecordedEvent>, marks: RecordedEvent[]): AsyncGenerator<RecordedEvent> {
  let next = 0;
  for await (const event of console) {
    for (; next < marks.length && (marks[next] as RecordedEvent).t <= event.t; next++)
      yield marks[next] as RecordedEvent;
    yield event;
  }
  yield* marks.slice(next);
}
