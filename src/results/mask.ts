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
  /** Every string of a JSON value, keys too, but not the words under the keys `kept`. */
  json<T extends Json | undefined>(value: T, kept?: ReadonlySet<string>): T;
  /** A YAML text: what stands behind a key such as `password:` as well. */
  yaml(text: string): string;
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

/** Longer ones are looked for one by one: together they would be too large a regular expression. */
const LONGEST_IN_PATTERN = 256;

const YAML_PAIR = /^([ \t]*(?:-[ \t]+)?["']?([\w-]+)["']?[ \t]*:[ \t]+)(?![|>&*!{[])(\S.*)$/gm;

/**
 * Makes the masker of these secrets; empty ones are ignored. The forms of a secret in URLs are hidden as well.
 * @param keys what stands under such a key is hidden in JSON and YAML, whatever it is
 */
export function createMasker(secrets: Iterable<string>, keys?: RegExp): Masker {
  const words = [...new Set([...secrets].filter((secret) => secret.trim() !== "").flatMap(variants))];
  // The longest first: one secret may hold another.
  words.sort((a, b) => b.length - a.length);
  const same = <T>(value: T) => value;
  if (words.length === 0 && !keys)
    return { active: false, text: same, json: same, yaml: same, stream: () => ({ push: same, end: () => "" }) };
  const text = hiderOf(words);
  const json = (value: Json | undefined, kept?: ReadonlySet<string>): Json | undefined => {
    if (typeof value === "string") return text(value);
    if (Array.isArray(value)) return value.map((item) => json(item, kept) ?? null);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        if (typeof item === "string" && kept?.has(key)) return [key, item];
        const secret = typeof item === "string" && item !== "" && keys?.test(key);
        return [text(key), secret ? MASKED : (json(item, kept) as Json)];
      }),
    );
  };
  const yaml = (source: string) =>
    text(source).replace(YAML_PAIR, (line, before: string, key: string) =>
      keys?.test(key) ? `${before}${MASKED}` : line,
    );
  const stream = () => (words.length === 0 ? { push: same, end: () => "" } : new MaskedStream(words, text));
  return { active: true, text, json: json as Masker["json"], yaml, stream };
}

/** Hides the words, the longest first. */
function hiderOf(words: string[]): (text: string) => string {
  const long = words.filter(({ length }) => length > LONGEST_IN_PATTERN);
  const short = words.slice(long.length);
  const pattern = short.length === 0 ? undefined : new RegExp(short.map(escapeRegExp).join("|"), "g");
  return (text) => {
    let hidden = text;
    for (const word of long) if (hidden.length >= word.length) hidden = hidden.replaceAll(word, MASKED);
    return pattern ? hidden.replace(pattern, MASKED) : hidden;
  };
}

class MaskedStream implements MaskedText {
  readonly #words: string[];
  readonly #hide: (text: string) => string;
  #held = "";
  constructor(words: string[], hide: (text: string) => string) {
    this.#words = words;
    this.#hide = hide;
  }
  push(text: string): string {
    const all = this.#held + text;
    const cut = this.#cut(all);
    this.#held = all.slice(cut);
    return this.#hide(all.slice(0, cut));
  }
  end(): string {
    const rest = this.#hide(this.#held);
    this.#held = "";
    return rest;
  }
  /** Where the text may be cut without cutting a secret: whole ones come first, as in a text that comes at once. */
  #cut(text: string): number {
    let open = this.#openAt(text, 0);
    for (const { start, end } of this.#wholeIn(text)) {
      if (start >= open) break;
      if (end > open) open = this.#openAt(text, end);
    }
    return open;
  }
  /** The secrets that stand in the text whole, from left to right, the longest at each place. */
  *#wholeIn(text: string): Generator<{ start: number; end: number }> {
    const next = this.#words.map((word) => text.indexOf(word));
    for (let at = 0; ; ) {
      let first = -1;
      for (const [index, word] of this.#words.entries()) {
        if (next[index]! >= 0 && next[index]! < at) next[index] = text.indexOf(word, at);
        if (next[index]! >= 0 && (first < 0 || next[index]! < next[first]!)) first = index;
      }
      if (first < 0) return;
      const start = next[first]!;
      at = start + this.#words[first]!.length;
      yield { start, end: at };
    }
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
/** The same of a result: its word, and the suite where it is LAVA's own. */
const RESULT_WORDS: ReadonlySet<string> = new Set(["result", "level"]);
const LAVA_RESULT_WORDS: ReadonlySet<string> = new Set([...RESULT_WORDS, "definition"]);

/** A journal record with its secrets masked; what readers go by stays, so verdict and counts are those of the run. */
export function maskRecord(record: JournalRecord, masker: Masker): JournalRecord {
  const masked: { [key: string]: unknown } = { ...record };
  const mask = (keys: string[], kept?: ReadonlySet<string>) => {
    for (const key of keys) if (key in masked) masked[key] = masker.json(masked[key] as Json, kept);
  };
  mask(["job_name", "device", "job_file", "device_file", "suites", "input", "output"]);
  mask(["tree", "event", "error", "verdict"], WORDS);
  if (record.kind === "result")
    mask(["result"], record.result.definition === "lava" ? LAVA_RESULT_WORDS : RESULT_WORDS);
  return masked as JournalRecord;
}
