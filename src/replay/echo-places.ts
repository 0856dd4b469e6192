/**
 * LAVA logs the console by whole lines: a prompt stands in the log only once its line has ended, together with the echo
 * of what was typed at it, and so after the input. Here the prompt is put back before the input.
 */
import { KERNEL_STAMP } from "../connections/terminal-text.js";
import type { RecordedEvent } from "./recording.js";

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
/** Between a prompt and what LAVA types at it, ms. */
const TYPED_AFTER = 50;
/** The end of a line that asks for something: a prompt's sign, then only blanks and escapes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals send them
const ASKING = /[#$%>:\]?](?:\s|\x1b\[[0-9;?]*[A-Za-z])*\r\n$/;
const KERNEL = new RegExp(`^${KERNEL_STAMP}`);
const LINE_END = 2;

/** Where in a line the echo of a text begins; -1 when it is not there. */
function echoAt(line: string, typed: string): number {
  const text = typed.trimStart();
  if (text.length < SHORTEST) return line.trimEnd().endsWith(text) ? line.trimEnd().length - text.length : -1;
  const whole = line.lastIndexOf(text);
  return whole >= 0 || text.length <= BEGINNING ? whole : line.indexOf(text.slice(0, BEGINNING));
}

/** The end of a line that stood there when a blank was typed; -1 for one that the board began afterwards. */
const standing = (line: string): number => (line.trim() === "" || KERNEL.test(line) ? -1 : line.length - LINE_END);

const textOf = (output: Output): string => output.bytes.toString();

class EchoPlacer {
  /** Inputs whose echo has not come, each with the lines after it. */
  #open: { input: Input; lines: Output[] }[] = [];
  #last = 0;

  take(event: RecordedEvent): RecordedEvent[] {
    if (event.kind === "input") {
      this.#open.push({ input: event, lines: [] });
      return this.#open.length > TYPED_AHEAD ? this.#giveUp() : [];
    }
    if (event.kind !== "output") return [...this.end(), ...this.#given([event])];
    if (this.#open.length === 0) return this.#given([event]);
    for (const [index, { input, lines }] of this.#open.entries()) {
      const at = this.#echo(event, input, lines);
      if (at < 0) continue;
      const before = this.#open.slice(0, index).flatMap(() => this.#giveUp());
      this.#open.shift();
      return [...before, ...this.#place(input, event, at, lines, [])];
    }
    const last = this.#open.at(-1);
    last?.lines.push(event);
    return (last?.lines.length ?? 0) >= LOOK_AHEAD ? this.end() : [];
  }

  end(): RecordedEvent[] {
    const all: RecordedEvent[] = [];
    while (this.#open.length > 0) all.push(...this.#giveUp());
    return all;
  }

  #echo(line: Output, input: Input, lines: Output[]): number {
    const typed = input.text.slice(0, -1);
    if (typed.trim() !== "") return echoAt(textOf(line), typed);
    return lines.length === 0 && this.#open[0]?.input === input ? standing(textOf(line)) : -1;
  }

  /** No echo comes: a prompt right after the input was typed at without one, e.g. for a password. */
  #giveUp(): RecordedEvent[] {
    const { input, lines } = this.#open.shift() as { input: Input; lines: Output[] };
    const [first, ...others] = lines;
    if (first && ASKING.test(textOf(first)))
      return this.#place(input, first, textOf(first).length - LINE_END, [], others);
    return this.#given([input, ...lines]);
  }

  #place(input: Input, line: Output, at: number, between: Output[], after: Output[]): RecordedEvent[] {
    const text = textOf(line);
    const prompt = {
      ...line,
      t: Math.min(input.t, Math.max(this.#last, input.t - TYPED_AFTER)),
      bytes: Buffer.from(text.slice(0, at)),
    };
    const rest = { ...line, bytes: Buffer.from(text.slice(at)) };
    return this.#given([...(at > 0 ? [prompt] : []), input, ...between, rest, ...after]);
  }

  /** What was typed ahead comes in another order than it happened in: no time goes back for that. */
  #given(events: RecordedEvent[]): RecordedEvent[] {
    return events.map((event) => {
      this.#last = Math.max(this.#last, event.t);
      return event.t === this.#last ? event : { ...event, t: this.#last };
    });
  }
}

/** Puts each prompt before the input that was typed at it. */
export async function* withEchoes(events: AsyncIterable<RecordedEvent>): AsyncGenerator<RecordedEvent> {
  const placer = new EchoPlacer();
  for await (const event of events) yield* placer.take(event);
  yield* placer.end();
}
