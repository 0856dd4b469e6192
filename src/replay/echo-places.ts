/**
 * LAVA logs the console by whole lines: a prompt stands in the log only once its line has ended, together with the echo
 * of what was typed at it, and so after the input. Here the prompt is put back before the input.
 */
import { KERNEL_LINE, KERNEL_STAMP, lift } from "../connections/terminal-text.js";
import type { Stage } from "./batches.js";
import { consoleOf, type RecordedEvent } from "./recording.js";

type Output = Extract<RecordedEvent, { kind: "output" }>;
type Input = Extract<RecordedEvent, { kind: "input" }>;

/** Lines after an input in which its echo is looked for: a kernel may print some in between. */
const LOOK_AHEAD = 64;
/** Inputs that may be typed ahead of their echoes. */
const TYPED_AHEAD = 8;
/** A text of more characters may be wrapped; so many of it must be in one line. */
const BEGINNING = 12;
/** A shorter text is only known as an echo at the end of its line. */
const SHORTEST = 3;
/** A countdown is stopped with so many keys at most. */
const MOST_KEYS = 16;
/** Between a prompt and what LAVA types at it, ms. */
const TYPED_AFTER = 50;
/** The end of a line that asks for something: a prompt's sign, then only blanks and escapes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals send them
const ASKING = /[#$%>:\]?](?:\s|\x1b\[[0-9;?]*[A-Za-z])*\r\n$/;
const KERNEL = new RegExp(`^${KERNEL_STAMP}`);
const KERNEL_LINES = new RegExp(KERNEL_LINE, "g");
const LINE_END = 2;
/** Control characters that nothing echoes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: keys are control characters
const UNECHOED = /^[\x00-\x08\x0b\x0c\x0e-\x1f]+$/;

/** What stopped a countdown goes out with the first line after it: LAVA logs it together with that. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: keys are control characters
const KEYS_BEFORE = /^[\s\x00-\x1f]+/;

/** Where in a line the echo of a text begins; -1 when it is not there. */
function echoAt(line: string, typed: string): number {
  const text = typed.replace(KEYS_BEFORE, "");
  if (text.length < SHORTEST) return line.trimEnd().endsWith(text) ? line.trimEnd().length - text.length : -1;
  const whole = line.lastIndexOf(text);
  return whole >= 0 || text.length <= BEGINNING ? whole : line.indexOf(text.slice(0, BEGINNING));
}

/** Where a line begins that was logged behind the keys that stopped a countdown, e.g. `s` of `ssetenv x`; -1 for others. */
function echoBehindKeys(line: string, typed: string): number {
  const shown = line.trimEnd();
  for (let keys = 1; keys <= MOST_KEYS && typed.length - keys >= SHORTEST; keys++)
    if (shown.endsWith(typed.slice(keys).trimEnd())) return shown.length - typed.slice(keys).trimEnd().length;
  return -1;
}

/** The end of a line that stood there when a blank was typed; -1 for one that the board began afterwards. */
const standing = (line: string): number => (line.trim() === "" || KERNEL.test(line) ? -1 : line.length - LINE_END);

const textOf = (output: Output): string => output.bytes.toString();

/** Where the echo of an input stands in the lines after it. */
interface Echo {
  /** Offset at which the console line begins that it is in. */
  line: number;
  /** Offset at which it begins itself. */
  begin: number;
}

/** The echo in these lines, whatever lines of the kernel are mixed into it. */
function findEcho(lines: string, typed: string): Echo | undefined {
  const lifted = lift(lines, KERNEL_LINES);
  const at = echoAt(lifted.text, typed);
  if (at < 0) return undefined;
  const line = lifted.text.lastIndexOf("\n", at - 1) + 1;
  return { line: line === 0 ? 0 : lifted.at(line), begin: lifted.at(at) };
}

/** What a line has not of a text whose beginning it ends with. */
function wrappedRest(line: string, typed: string, t: number): { text: string; t: number } | undefined {
  const shown = line.slice(0, -LINE_END);
  const at = typed.length > BEGINNING ? shown.indexOf(typed.slice(0, BEGINNING)) : -1;
  const begun = at < 0 ? "" : shown.slice(at);
  return at >= 0 && begun.length < typed.length && typed.startsWith(begun)
    ? { text: typed.slice(begun.length), t }
    : undefined;
}

class EchoPlacer {
  /** Inputs whose echo has not come, each with the lines after it. */
  #open: { input: Input; lines: Output[] }[] = [];
  #last = 0;
  /** What is left of an echo that the terminal wrapped, and when its line came. */
  #wrapped: { text: string; t: number } | undefined;
  /** Nothing was typed since the board was reset: keys may go before the first line. */
  #fresh = true;

  take(taken: RecordedEvent): RecordedEvent[] {
    const event = this.#unwrapped(taken);
    if (event.kind === "input") {
      this.#open.push({ input: event, lines: [] });
      return this.#open.length > TYPED_AHEAD ? this.#giveUp() : [];
    }
    if (event.kind !== "output") {
      const before = this.end();
      this.#fresh = event.kind === "reset";
      return [...before, ...this.#given([event])];
    }
    if (this.#open.length === 0) return this.#given([event]);
    for (const [index, { input, lines }] of this.#open.entries()) {
      const all = index === this.#open.length - 1 ? [...lines, event] : [event];
      const echo = this.#echo(all, input, index);
      if (!echo) continue;
      const keys = this.#keysBefore(index);
      const before = this.#open.slice(0, index - keys.length).flatMap(() => this.#giveUp());
      this.#open.splice(0, keys.length + 1);
      this.#fresh = false;
      const between = all.length > 1 || lines.length === 0 ? [] : lines;
      this.#wrapped = wrappedRest(textOf(event), input.text.slice(0, -1), event.t);
      return [...before, ...this.#place(input, all, echo, between, keys)];
    }
    const last = this.#open.at(-1);
    last?.lines.push(event);
    return (last?.lines.length ?? 0) >= LOOK_AHEAD ? this.end() : [];
  }

  /** The rest of a wrapped echo was there with its beginning, whenever its line ended. */
  #unwrapped(event: RecordedEvent): RecordedEvent {
    const wrapped = this.#wrapped;
    this.#wrapped = undefined;
    if (!wrapped || event.kind !== "output") return event;
    const text = textOf(event).slice(0, -LINE_END);
    if (text === "" || !wrapped.text.startsWith(text)) return event;
    const left = wrapped.text.slice(text.length);
    if (left !== "") this.#wrapped = { text: left, t: wrapped.t };
    return { ...event, t: wrapped.t };
  }

  end(): RecordedEvent[] {
    const all: RecordedEvent[] = [];
    while (this.#open.length > 0) all.push(...this.#giveUp());
    return all;
  }

  #echo(lines: Output[], input: Input, index: number): Echo | undefined {
    const typed = input.text.slice(0, -1);
    if (typed.trim() !== "")
      return findEcho(lines.map(textOf).join(""), typed) ?? this.#behindKeys(lines, typed, index);
    const [first] = lines;
    const begin = first && lines.length === 1 && index === 0 ? standing(textOf(first)) : -1;
    return begin < 0 ? undefined : { line: 0, begin };
  }

  #behindKeys(lines: Output[], typed: string, index: number): Echo | undefined {
    if (!this.#fresh || index > 0) return undefined;
    const line = lines.at(-1);
    const at = line ? echoBehindKeys(textOf(line), typed) : -1;
    const before = lines.slice(0, -1).reduce((sum, each) => sum + textOf(each).length, 0);
    return at < 0 ? undefined : { line: before, begin: before + at };
  }

  /** Keys without an echo that were typed right before this input, with no line between. */
  #keysBefore(index: number): Input[] {
    let first = index;
    for (let at = index - 1; at >= 0; at--) {
      const open = this.#open[at];
      if (!open || open.lines.length > 0 || !UNECHOED.test(open.input.text.slice(0, -1))) break;
      first = at;
    }
    return this.#open.slice(first, index).map(({ input }) => input);
  }

  /** No echo comes: a prompt right after the input was typed at without one, e.g. for a password. */
  #giveUp(): RecordedEvent[] {
    const { input, lines } = this.#open.shift() as { input: Input; lines: Output[] };
    const [first] = lines;
    if (first && ASKING.test(textOf(first)))
      return this.#place(input, lines, { line: 0, begin: textOf(first).length - LINE_END }, []);
    return this.#given([input, ...lines]);
  }

  /**
   * The lines with the input at its place: what its console line began with comes before it. Keys were pressed where the
   * board began to take that back: firmware takes away its line that asks for one.
   */
  #place(input: Input, lines: Output[], { line, begin }: Echo, between: Output[], keys: Input[] = []): RecordedEvent[] {
    const prompt: Output[] = [];
    const after: RecordedEvent[] = [];
    let offset = 0;
    const t = Math.min(input.t, Math.max(this.#last, input.t - TYPED_AFTER));
    for (const each of lines) {
      const text = textOf(each);
      const from = Math.max(0, Math.min(text.length, line - offset));
      const to = Math.max(0, Math.min(text.length, begin - offset));
      const piece = (part: string, time: number) => ({ ...each, t: time, bytes: Buffer.from(part) });
      if (from > 0) after.push(piece(text.slice(0, from), each.t));
      if (to > from) prompt.push(piece(text.slice(from, to), t));
      if (to < text.length && to >= from) after.push(piece(text.slice(to), each.t));
      offset += text.length;
    }
    const [asked, ...rest] = prompt;
    const text = asked ? textOf(asked) : "";
    const taken = keys.length > 0 ? text.indexOf("\b") : -1;
    if (!asked || taken < 0) return this.#given([...keys, ...prompt, input, ...between, ...after]);
    const part = (bytes: string) => ({ ...asked, bytes: Buffer.from(bytes) });
    const pressed = [part(text.slice(0, taken)), ...keys, part(text.slice(taken)), ...rest];
    return this.#given([...pressed, input, ...between, ...after]);
  }

  /** What was typed ahead comes in another order than it happened in: no time goes back for that. */
  #given(events: RecordedEvent[]): RecordedEvent[] {
    return events.map((event) => {
      this.#last = Math.max(this.#last, event.t);
      return event.t === this.#last ? event : { ...event, t: this.#last };
    });
  }
}

/** Puts each prompt before the input that was typed at it, on each console. */
export class EchoPlacers implements Stage<RecordedEvent> {
  readonly #placers = new Map<string, EchoPlacer>();
  #here = "";

  take(batch: readonly RecordedEvent[]): RecordedEvent[] {
    const placed: RecordedEvent[] = [];
    for (const event of batch) {
      if (event.kind !== "cancel") this.#here = consoleOf(event);
      const placer = this.#placers.get(this.#here) ?? new EchoPlacer();
      this.#placers.set(this.#here, placer);
      for (const each of placer.take(event)) placed.push(each);
    }
    return placed;
  }

  end(): RecordedEvent[] {
    return [...this.#placers.values()].flatMap((placer) => placer.end());
  }
}
