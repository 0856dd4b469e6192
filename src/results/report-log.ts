/** The log of report.html: the console's lines with what the dispatcher did between them; of a very long one both ends. */
import type { ErrorRecord } from "../base/errors.js";
import type { JournalRecord } from "../interpreter/journal-format.js";
import { type ConsoleLine, ConsoleLines } from "./console-lines.js";

export interface LogRow {
  /** ms since the Unix epoch. */
  t: number;
  kind: ConsoleLine["kind"] | "action" | "result" | "alarm" | "error";
  text: string;
  /** What links lead to. */
  anchor?: string;
  /** `pass`, `fail`, ... of a result; `failed` of an action. */
  word?: string;
}

export interface ReportLog {
  rows: LogRow[];
  /** Lines of the console left out in the middle, from the row of this index on. */
  omitted: { count: number; before: number };
}

const FIRST = 4000;
const LAST = 12_000;
/** A watcher tells of a line a moment after it came. */
const HEARD_WITHIN = 5000;

export const actionAnchor = (level: string, attempt: number): string => `a-${level}-${attempt}`;
export const resultAnchor = (seq: number): string => `r-${seq}`;

const isConsole = ({ kind }: LogRow) => kind === "target" || kind === "kernel" || kind === "input";

/** The first and the last rows, and of those in between what the dispatcher did: links lead there. */
class BoundedRows {
  readonly #first: LogRow[] = [];
  readonly #middle: LogRow[] = [];
  #last: LogRow[] = [];
  #dropped = 0;
  add(row: LogRow): void {
    if (this.#first.length < FIRST) this.#first.push(row);
    else {
      this.#last.push(row);
      if (this.#last.length >= 2 * LAST) this.#trim();
    }
  }
  #trim(): void {
    const left = this.#last.slice(0, -LAST);
    const notes = left.filter((row) => !isConsole(row));
    this.#dropped += left.length - notes.length;
    for (const note of notes) this.#middle.push(note);
    this.#last = this.#last.slice(-LAST);
  }
  take(): ReportLog {
    this.#trim();
    const rows = [...this.#first, ...this.#middle, ...this.#last];
    return { rows, omitted: { count: this.#dropped, before: this.#first.length } };
  }
}

/**
 * Joins the two files. What links lead to is kept, and of a long console its beginning and its end.
 * `cast`: lines of console.cast; none when there was no console.
 */
export async function readLog(
  records: AsyncIterable<string> | Iterable<string>,
  cast: AsyncIterable<string> | Iterable<string>,
): Promise<ReportLog> {
  const notes: LogRow[] = [];
  const anchors = new Set<string>();
  let begun: number | undefined;
  for await (const line of records) {
    const record = parse(line) as JournalRecord | undefined;
    if (typeof record?.kind !== "string" || typeof record.t !== "number") continue;
    begun ??= record.t;
    for (const note of notesOf(record)) notes.push(unique(note, anchors));
  }
  const heard = alarmsAround(notes.filter(({ kind }) => kind === "alarm"));
  const rows = new BoundedRows();
  let next = 0;
  let start = begun ?? 0;
  const tell = (row: LogRow) => {
    for (; next < notes.length && (notes[next] as LogRow).t < row.t; next++) rows.add(notes[next] as LogRow);
    rows.add(row);
  };
  const lines = new ConsoleLines(({ at, text, kind }) => {
    const t = start + at * 1000;
    tell({ t, text, kind: kind !== "input" && heard(t, text) ? "alarm" : kind });
  });
  for await (const line of cast) {
    const event = parse(line);
    if (Array.isArray(event)) {
      const [at, kind, text] = event;
      if (typeof at !== "number" || typeof text !== "string") continue;
      if (kind === "o") lines.output(at, text);
      else if (kind === "i") lines.input(at, text);
    } else start = startOf(event, begun);
  }
  lines.end();
  for (const note of notes.slice(next)) rows.add(note);
  return rows.take();
}

/** An action that runs again inside of one that is tried again has its number again: links lead to the first. */
function unique(note: LogRow, anchors: Set<string>): LogRow {
  const { anchor, ...rest } = note;
  if (anchor === undefined || anchors.has(anchor)) return rest;
  anchors.add(anchor);
  return note;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function startOf(header: unknown, begun: number | undefined): number {
  const { start_ms, timestamp } = (header ?? {}) as { start_ms?: unknown; timestamp?: unknown };
  if (typeof start_ms === "number") return start_ms;
  return begun ?? (typeof timestamp === "number" ? timestamp * 1000 : 0);
}

/** What of the journal is told between the console's lines. */
function notesOf(record: JournalRecord): LogRow[] {
  const { t } = record;
  if (record.kind === "action") return actionNotes(record);
  if (record.kind === "result") {
    const { definition, case: name, result, measurement, units } = record.result;
    const measured = measurement === undefined ? "" : `, ${measurement} ${units ?? ""}`.trimEnd();
    const text = `${definition} ${name}: ${result}${measured}`;
    return [{ t, kind: "result", text, word: String(result), anchor: resultAnchor(record.seq) }];
  }
  if (record.kind === "event" && (record.event.type === "watch.message" || record.event.type === "watch.alarm")) {
    const { kind, message, line } = record.event;
    return [{ t, kind: "alarm", text: `${kind}: ${String(message ?? line ?? "").trim()}` }];
  }
  if (record.kind === "verdict") {
    const { result, error } = record.verdict;
    return [{ t, kind: error ? "error" : "result", text: error ? errorText(error) : `job: ${result}`, word: result }];
  }
  return [];
}

function actionNotes({
  t,
  level,
  name,
  status,
  attempt,
  duration,
  error,
}: Extract<JournalRecord, { kind: "action" }>): LogRow[] {
  if (status === "start")
    return [{ t, kind: "action", text: `start: ${level} ${name}`, anchor: actionAnchor(level, attempt) }];
  if (status === "retry") {
    const text = `again: ${level} ${name}, attempt ${attempt}${error ? ` (${error.message})` : ""}`;
    return [{ t, kind: "action", text, anchor: actionAnchor(level, attempt), ...(error && { word: "failed" }) }];
  }
  const took = duration === undefined ? "" : `, ${duration.toFixed(2)} s`;
  const why = status === "failed" && error ? `: ${error.message}` : "";
  return [{ t, kind: "action", text: `${status}: ${level} ${name}${took}${why}`, word: status }];
}

const errorText = ({ class: name, message }: ErrorRecord): string => `${name}: ${message}`;

/** Alarms that one line is compared with: a board may print any number of them within a moment. */
const MOST_ALARMS = 100;

/** Tells whether a watcher spoke of a line; the lines come in order. */
function alarmsAround(alarms: LogRow[]): (t: number, text: string) => boolean {
  let first = 0;
  return (t, text) => {
    while (first < alarms.length && (alarms[first] as LogRow).t < t - 1) first++;
    const words = text.trim();
    if (words.length <= 5) return false;
    for (let i = first; i < alarms.length && i < first + MOST_ALARMS; i++) {
      const alarm = alarms[i] as LogRow;
      if (alarm.t - t >= HEARD_WITHIN) return false;
      if (alarm.text.includes(words)) return true;
    }
    return false;
  };
}
