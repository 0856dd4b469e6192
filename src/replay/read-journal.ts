/** The facts of a recording of our own, from its journal. */
import type { ErrorRecord } from "../base/errors.js";
import { isMap, type Json, type JsonMap } from "../base/json.js";
import { JOURNAL_VERSION, type JournalNode, type JournalRecord } from "../interpreter/journal-format.js";
import { dig } from "../services/overlay/inputs.js";
import { readLines } from "./read-lines.js";
import { RecordedResults } from "./recorded-results.js";
import { type RecordedAnswer, type RecordedEvent, RecordingError, type RecordingFacts } from "./recording.js";
import { Starts } from "./starts.js";

/** Characters of records that are kept for the whole replay. */
const MOST_KEPT = 64 * 2 ** 20;

type Header = Extract<JournalRecord, { kind: "header" }>;
type Effect = Extract<JournalRecord, { kind: "effect" }>;

/** What happened beside the console; an action is only of interest when it resets the board. */
export type JournalMark = Extract<RecordedEvent, { kind: "cancel" | "closed" }> | ActionMark;
export interface ActionMark {
  kind: "action";
  t: number;
  action: string;
  place: string;
  namespace?: string;
}

export interface JournalFacts {
  facts: RecordingFacts;
  marks: JournalMark[];
}

const byLevel = (nodes: JournalNode[], into = new Map<string, JournalNode>()): Map<string, JournalNode> => {
  for (const node of nodes) {
    into.set(node.level, node);
    byLevel(node.children ?? [], into);
  }
  return into;
};

class JournalReader {
  readonly marks: JournalMark[] = [];
  readonly #path: string;
  #header: Header | undefined;
  #nodes = new Map<string, JournalNode>();
  #begun = new Map<string, Extract<Effect, { phase: "start" }>>();
  #answers: RecordedAnswer[] = [];
  #validation: ErrorRecord[] = [];
  #verdict: RecordingFacts["verdict"];
  #dispatcherIp: string | undefined;
  readonly #starts = new Starts();
  readonly #results = new RecordedResults();
  #seq = -1;
  #last = 0;
  #kept = 0;

  constructor(path: string) {
    this.#path = path;
  }

  take(text: string, number: number): void {
    const place = `${this.#path}:${number}`;
    const record = this.#parse(text, place);
    if (record.seq !== this.#seq + 1)
      throw new RecordingError(
        `${place}: record ${record.seq} follows record ${this.#seq}: lines of the journal are missing or in another order.`,
        "Take the journal as the dispatcher wrote it.",
      );
    this.#seq = record.seq;
    this.#last = Math.max(this.#last, record.t);
    if (record.kind === "header") this.#begin(record, place);
    else if (record.kind === "effect") this.#effect(record, text.length);
    else if (record.kind === "action" && record.status === "start") {
      const at = this.#at(record.level);
      this.#starts.add(record.name, at.namespace);
      this.marks.push({ kind: "action", t: record.t, action: record.name, place, ...at });
    } else if (record.kind === "event") this.#event(record, place);
    else if (record.kind === "result") this.#results.take(record.result as Json);
    else if (record.kind === "verdict") this.#verdict = record.verdict;
    if (this.marks.length > 1_000_000 || this.#kept > MOST_KEPT)
      throw new RecordingError(`${this.#path} holds more actions and effects than any job has.`);
  }

  #parse(text: string, place: string): JournalRecord {
    let record: unknown;
    try {
      record = JSON.parse(text);
    } catch {
      throw new RecordingError(
        `${place}: this is no line of a journal.`,
        "Take the journal as the dispatcher wrote it.",
      );
    }
    if (!isMap(record) || typeof record.kind !== "string" || typeof record.t !== "number")
      throw new RecordingError(`${place}: this is no record of a journal.`);
    return record as unknown as JournalRecord;
  }

  #begin(header: Header, place: string): void {
    if (header.v !== JOURNAL_VERSION)
      throw new RecordingError(
        `${place}: this journal has version ${header.v}; this program reads version ${JOURNAL_VERSION}.`,
        "Replay it with the lava-dispatch that made it, or record the job again.",
      );
    this.#header = header;
    this.#nodes = byLevel(header.tree);
  }

  #effect(record: Effect, size: number): void {
    this.#kept += size;
    if (record.phase === "start") {
      this.#begun.set(record.id, record);
      return;
    }
    const start = this.#begun.get(record.id);
    this.#begun.delete(record.id);
    const { level, src, outcome, output, error } = record;
    const address = dig(output as Json, "data", "bootloader", "substitutions", "{LAVA_DISPATCHER_IP}");
    if (typeof address === "string") this.#dispatcherIp ??= address;
    this.#answers.push({
      action: this.#nodes.get(level)?.name ?? "",
      level,
      service: src,
      ...(start?.input !== undefined && { input: start.input }),
      outcome,
      ...(output !== undefined && { output }),
      ...(error && { error }),
      duration: record.t - (start?.t ?? record.t),
    });
  }

  #event({ t, event, level }: Extract<JournalRecord, { kind: "event" }>, place: string): void {
    const { type, output, error } = event as JsonMap;
    if (type === "xstate.done.actor.validate:0" && Array.isArray(output))
      this.#validation = output as unknown as ErrorRecord[];
    if (!isMap(error)) return;
    const record = error as unknown as ErrorRecord;
    if (type === "job.cancel") this.marks.push({ kind: "cancel", t, error: record, place });
    else if (type === "dialogue.failed" && record.class === "ConnectionClosedError")
      this.marks.push({
        kind: "closed",
        t,
        message: record.message.replace(/^connection closed: /i, ""),
        place,
        ...this.#at(level),
      });
  }

  #at(level = ""): { namespace?: string } {
    const namespace = this.#nodes.get(level)?.namespace;
    return namespace === undefined ? {} : { namespace };
  }

  result(): JournalFacts {
    const header = this.#header;
    if (!header)
      throw new RecordingError(`${this.#path} has no header: it is no journal, or its beginning is missing.`);
    // An effect that was under way when the journal ends never came back.
    for (const { level, src, input, t } of this.#begun.values())
      this.#answers.push({
        action: this.#nodes.get(level)?.name ?? "",
        level,
        service: src,
        ...(input !== undefined && { input }),
        outcome: "stopped",
        duration: this.#last - t,
      });
    const [first] = header.tree;
    const facts: RecordingFacts = {
      start: header.t,
      end: this.#last,
      timed: true,
      complete: this.#verdict !== undefined,
      jobId: header.job_id,
      jobName: header.job_name,
      device: header.device,
      jobFile: header.job_file,
      deviceFile: header.device_file,
      ...(first && { firstAction: first.name }),
      ...(this.#verdict && { verdict: this.#verdict }),
      results: this.#results.counts(),
      answers: this.#answers,
      validation: this.#validation,
      inputs: 0,
      starts: this.#starts.all,
      consoles: new Set(),
      known: { ...(this.#dispatcherIp && { dispatcherIp: this.#dispatcherIp }) },
    };
    return { facts, marks: this.marks };
  }
}

/** Reads a whole journal once; a last line that was cut off is passed over. Throws RecordingError. */
export async function readJournal(path: string): Promise<JournalFacts> {
  const reader = new JournalReader(path);
  for await (const lines of readLines(path))
    for (const { text, number, whole } of lines) {
      if (text === "" || (!whole && !isWholeJson(text))) continue;
      reader.take(text, number);
    }
  return reader.result();
}

function isWholeJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
