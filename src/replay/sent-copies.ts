/**
 * LAVA of some ages logs what it types twice: as input, and among what the board says, where it cuts the board's own line
 * in two: `=> setenv x` and `setenv x`, of one line that says `=> setenv x`. Here that copy is taken out again.
 */
import type { Stage } from "./batches.js";
import { consoleOf, type RecordedEvent } from "./recording.js";

type Output = Extract<RecordedEvent, { kind: "output" }>;
type Input = Extract<RecordedEvent, { kind: "input" }>;

/** A shorter text may end a line by chance. */
const SHORTEST = 3;
const LINE_END = "\r\n";
/** A control key: it is typed without a line end. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: keys are control characters
const KEY = /^[\x00-\x08\x0b\x0c\x0e-\x1f]$/;

/** Counts of how many inputs the lines after them hold twice, and of how many once. */
export class SentCopiesReader {
  #typed = "";
  #seen = false;
  #twice = 0;
  #once = 0;

  typed(text: string): void {
    this.#typed = text.trim();
    this.#seen = false;
  }

  said(line: string): void {
    if (this.#typed.length < SHORTEST) return;
    const holds = line.trimEnd().endsWith(this.#typed);
    if (holds && !this.#seen) {
      this.#seen = true;
      return;
    }
    if (this.#seen) holds ? this.#twice++ : this.#once++;
    this.#typed = "";
  }

  get found(): boolean {
    return this.#twice > this.#once;
  }
}

/** Takes the copies out of a log that has them: what the board's line began with comes before the input. */
export class SentCopies implements Stage<RecordedEvent> {
  /** Typed, with their copies still to come, by console. */
  readonly #open = new Map<string, Input[]>();
  #here = "";

  take(batch: readonly RecordedEvent[]): RecordedEvent[] {
    return batch.flatMap((event) => this.#of(event));
  }

  end(): RecordedEvent[] {
    const left = [...this.#open.values()].flat();
    this.#open.clear();
    return left;
  }

  #of(event: RecordedEvent): RecordedEvent[] {
    if (event.kind !== "cancel") this.#here = consoleOf(event);
    const open = this.#open.get(this.#here) ?? [];
    this.#open.delete(this.#here);
    if (event.kind === "input") {
      this.#open.set(this.#here, [...open, event]);
      return [];
    }
    return event.kind === "output" && open.length > 0 ? withoutCopies(event, open) : [...open, event];
  }
}

/** Keys and a text that were typed in one line of the board: each at its place. */
function withoutCopies(output: Output, inputs: Input[]): RecordedEvent[] {
  const events: RecordedEvent[] = [];
  let rest = output.bytes.toString();
  const [first] = inputs;
  const t = Math.min(output.t, first?.t ?? output.t);
  const say = (text: string, time = output.t) => {
    if (text !== "") events.push({ ...output, t: time, bytes: Buffer.from(text) });
  };
  for (const input of inputs) {
    const typed = input.text.slice(0, -1);
    const copy = KEY.test(typed) ? rest.indexOf(typed) : copyAt(rest, typed);
    if (copy >= 0) {
      say(rest.slice(0, copy), t);
      rest = rest.slice(copy + typed.length + (KEY.test(typed) ? 0 : LINE_END.length));
    }
    events.push(input);
  }
  say(rest);
  return events;
}

/** Where the copy of a line begins: it ends the line that it stands in. */
function copyAt(text: string, typed: string): number {
  const end = text.length - LINE_END.length - typed.length;
  return end >= 0 && text.endsWith(typed + LINE_END) ? end : -1;
}
