/** Secrets never reach an output: each becomes `[MASKED]` in everything that is written (spec output.md §1). */
import type { Json } from "../base/json.js";
import type { RunEvent, RunSink } from "../interpreter/events.js";
import type { JournalRecord } from "../interpreter/journal-format.js";

export const MASKED = "[MASKED]";

/** Lines of a secret of several lines are secrets of their own from this length on: a console shows them one by one. */
const SHORTEST_LINE = 8;

export interface Masker {
  /** False when there is nothing to hide. */
  readonly active: boolean;
  text(text: string): string;
  /** Every string of a JSON value, keys too. */
  json<T extends Json | undefined>(value: T): T;
  /** A masker of a stream: holds back what may be the beginning of a secret, at most as much as the longest one. */
  stream(): MaskedText;
}

export interface MaskedText {
  push(text: string): string;
  end(): string;
}

const escapeRegExp = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

function variants(secret: string): string[] {
  const lines = secret.split(/\r?\n/).filter((line) => line.length >= SHORTEST_LINE);
  let encoded = secret;
  try {
    encoded = encodeURIComponent(secret);
  } catch {
    // A lone surrogate has no such form.
  }
  return [secret, secret.replace(/\r?\n/g, "\r\n"), encoded, ...lines];
}

/** Makes the masker of these secrets; empty ones are ignored. The forms of a secret in URLs are hidden as well. */
export function createMasker(secrets: Iterable<string>): Masker {
  const words = [...new Set([...secrets].filter((secret) => secret.trim() !== "").flatMap(variants))];
  // The longest first: one secret may hold another.
  words.sort((a, b) => b.length - a.length);
  if (words.length === 0) {
    const same = <T>(value: T) => value;
    return { active: false, text: same, json: same, stream: () => ({ push: same, end: () => "" }) };
  }
  const pattern = new RegExp(words.map(escapeRegExp).join("|"), "g");
  const text = (value: string) => value.replace(pattern, MASKED);
  const json = (value: Json | undefined): Json | undefined => {
    if (typeof value === "string") return text(value);
    if (Array.isArray(value)) return value.map((item) => json(item) ?? null);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [text(key), json(item) as Json]));
  };
  return {
    active: true,
    text,
    json: json as Masker["json"],
    stream: () => new MaskedStream(words, pattern),
  };
}

class MaskedStream implements MaskedText {
  readonly #words: string[];
  readonly #pattern: RegExp;
  #held = "";
  constructor(words: string[], pattern: RegExp) {
    this.#words = words;
    this.#pattern = pattern;
  }
  push(text: string): string {
    const all = this.#held + text;
    const cut = this.#cut(all);
    this.#held = all.slice(cut);
    return all.slice(0, cut).replace(this.#pattern, MASKED);
  }
  end(): string {
    const rest = this.#held.replace(this.#pattern, MASKED);
    this.#held = "";
    return rest;
  }
  /** Where the text may be cut without cutting a secret: whole ones come first, as in a text that comes at once. */
  #cut(text: string): number {
    let open = this.#openAt(text, 0);
    for (const match of text.matchAll(this.#pattern)) {
      if (match.index >= open) break;
      const end = match.index + match[0].length;
      if (end > open) open = this.#openAt(text, end);
    }
    return open;
  }
  /** Where, from `start` on, the earliest secret begins that the text's end leaves open; the text's length if none does. */
  #openAt(text: string, start: number): number {
    const longest = this.#words[0]!.length;
    for (let at = Math.max(start, text.length - longest + 1); at < text.length; at++) {
      const left = text.length - at;
      if (this.#words.some((word) => word.length > left && text.endsWith(word.slice(0, left)))) return at;
    }
    return text.length;
  }
}

/** Puts the masker before the sinks: each event is masked once, and all of them see the same. */
export function maskSinks(sinks: RunSink[], masker: Masker): RunSink {
  const consoles = new Map<string, { output: MaskedText; input: MaskedText }>();
  let last = 0;
  const toAll = (event: RunEvent) => {
    for (const sink of sinks) sink.write(event);
  };
  const toConsole = (t: number, console: string, direction: "output" | "input", text: string) => {
    if (text !== "") toAll({ type: "console", t, direction, text, secret: false, console });
  };
  return {
    write(event) {
      if (!masker.active) toAll(event);
      else if (event.type === "log") toAll({ ...event, message: masker.json(event.message) });
      else if (event.type === "journal") toAll({ type: "journal", record: maskRecord(event.record, masker) });
      else if (event.type === "console" && !event.secret) {
        last = event.t;
        const { console, direction } = event;
        const streams = consoles.get(console) ?? { output: masker.stream(), input: masker.stream() };
        consoles.set(console, streams);
        toConsole(event.t, console, direction, streams[direction].push(event.text));
      } else toAll(event);
    },
    async close() {
      for (const [console, streams] of consoles)
        for (const direction of ["output", "input"] as const)
          toConsole(last, console, direction, streams[direction].end());
      const closed = await Promise.allSettled(sinks.map((sink) => sink.close()));
      const failed = closed.find((outcome) => outcome.status === "rejected");
      if (failed) throw failed.reason;
    },
  };
}

/** Fields of errors, verdicts and nodes that hold words of ours: a short secret (`1`) must not break what readers go by. */
const WORDS: ReadonlySet<string> = new Set(["class", "type", "level", "board", "result"]);

/** A journal record with its secrets masked; what readers go by stays. */
export function maskRecord(record: JournalRecord, masker: Masker): JournalRecord {
  const mask = (value: unknown): unknown => {
    if (typeof value === "string") return masker.text(value);
    if (Array.isArray(value)) return value.map(mask);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, WORDS.has(key) && typeof item === "string" ? item : mask(item)]),
    );
  };
  const masked: { [key: string]: unknown } = { ...record };
  for (const key of ["job_name", "device", "job_file", "device_file", "tree", "event", "error", "verdict"])
    if (key in masked) masked[key] = mask(masked[key]);
  for (const key of ["input", "output", "result"]) if (key in masked) masked[key] = masker.json(masked[key] as Json);
  return masked as JournalRecord;
}
