/** Plays a console log that has neither times nor inputs: prompts and echoes show where something was typed. */
import { pythonRegExp } from "../base/python-regexp.js";
import { ESCAPE, KERNEL_LINE, lift } from "../connections/terminal-text.js";
import { Queue } from "./batches.js";
import {
  type Divergence,
  isLifeCheck,
  isPoke,
  type Player,
  type PlayerNotes,
  type Typed,
  type World,
} from "./player.js";
import type { RecordedEvent } from "./recording.js";

/** Lines that come within one virtual ms: a long log shall not use up the time of the action that hears it. */
const LINES_PER_MS = 50;
/** How long the log stands still at a prompt for the machine to type, virtual ms. */
const PAUSE = 1000;
/** Lines in which the echo of what was typed has to come. */
const LOOK_AHEAD = 64;
/** A longer text may be wrapped; so many characters of it must be in one line. */
const BEGINNING = 12;

const ESCAPES = new RegExp(ESCAPE, "g");
/** What a kernel says goes where it likes, also into the middle of what is typed. */
const NOISE = new RegExp(`${ESCAPE}|${KERNEL_LINE}`, "g");
const BLANKS = new RegExp(`^(?:[ \\t]|${ESCAPE})*`);

type Output = Extract<RecordedEvent, { kind: "output" }>;

/** Whether a line holds the echo of a text, or the beginning of a long one. */
function echoes(line: string, text: string): boolean {
  const clean = line.replace(ESCAPES, "");
  return clean.includes(text) || (text.length > BEGINNING && clean.includes(text.slice(0, BEGINNING)));
}

/**
 * A line of the log is a prompt and what was typed at it when a prompt that the machine waits for stands in it and more
 * follows. There the log waits; what the machine types must be what follows.
 */
export class EchoPlayer implements Player {
  divergence: Divergence | undefined;
  over = false;
  readonly notes: PlayerNotes = { inputs: 0, otherwise: 0, skipped: 0, unheard: 0, dropped: 0 };
  readonly #events: Queue<RecordedEvent>;
  readonly #world: World;
  #head: Output | undefined;
  /** What follows the prompt at which the log waits, since when. */
  #paused: { since: number } | undefined;
  #last: number;
  /** Lines since then. */
  #lines = 0;
  /** Typed, and its echo not seen yet. */
  #awaitsEcho: { text: string; lines: number; place: string | undefined; shown: string | undefined } | undefined;
  /** Something was typed and the machine has not begun to wait for the answer. */
  #answering = false;

  constructor(events: AsyncIterable<readonly RecordedEvent[]>, world: World) {
    this.#events = new Queue(events);
    this.#world = world;
    this.#last = world.now();
  }

  actionStarted(): void {}
  typed({ text, secret }: Typed): void {
    if (isLifeCheck(text)) {
      this.notes.unheard += 1;
      return;
    }
    this.#answering = true;
    const line = text.replace(/\r?\n$/, "");
    const rest = this.#paused && this.#head ? lift(this.#head.bytes.toString(), NOISE).text : undefined;
    this.#paused = undefined;
    if (secret) return;
    if (rest === undefined) {
      // A key that stops a countdown is not echoed; an empty line has no echo that could be told apart.
      if (line.trim() !== "" && !isPoke(text))
        this.#awaitsEcho = { text: line, lines: 0, place: this.#head?.place, shown: undefined };
      else if (isPoke(text)) this.notes.unheard += 1;
      return;
    }
    const recorded = rest.replace(/(?<!\r)\r*\n$/, "");
    const wrapped = line.length > BEGINNING && recorded.length >= BEGINNING && line.startsWith(recorded.trimEnd());
    const cut = rest.length < (this.#head?.bytes.length ?? 0) && line.startsWith(recorded) && recorded !== "";
    if (recorded.trimEnd() === line.trim() || wrapped || cut || (isPoke(text) && isPoke(recorded.trim()))) {
      this.notes.inputs += 1;
    } else if (isPoke(recorded.trim())) {
      if (rest !== "") this.notes.skipped += 1;
      this.#awaitsEcho = { text: line, lines: 0, place: this.#head?.place, shown: undefined };
    } else this.#diverge(line, recorded, this.#head?.place);
  }

  async due(): Promise<number | undefined> {
    if (this.divergence) return undefined;
    this.#head ??= await this.#next();
    if (!this.#head) {
      this.over = true;
      return undefined;
    }
    const awaited = this.#world.awaited();
    if (awaited.length > 0) this.#answering = false;
    if (!this.#world.isOpen({})) return undefined;
    if (awaited.length === 0 && !this.#answering && !this.#world.isSettling()) return undefined;
    const next = Math.max(this.#world.now(), this.#last + (this.#lines >= LINES_PER_MS ? 1 : 0));
    return this.#paused ? Math.max(next, this.#paused.since + PAUSE) : next;
  }

  play(): void {
    const head = this.#head;
    if (!head) return;
    const now = this.#world.now();
    this.#lines = now === this.#last ? this.#lines + 1 : 0;
    this.#last = now;
    const wasPaused = this.#paused !== undefined;
    this.#paused = undefined;
    const at = wasPaused || this.#awaitsEcho ? -1 : this.#promptEnd(head.bytes.toString());
    if (at > 0) {
      const text = head.bytes.toString();
      this.#world.say(Buffer.from(text.slice(0, at)), {});
      this.#head = { ...head, bytes: Buffer.from(text.slice(at)) };
      this.#paused = { since: now };
      return;
    }
    this.#world.say(head.bytes, head);
    this.#head = undefined;
    this.#lookForEcho(head);
  }

  /** Where what was typed begins, in a line with a prompt that is waited for; -1 in others. */
  #promptEnd(line: string): number {
    for (const { source, kind } of this.#world.awaited()) {
      if (kind !== "prompt") continue;
      const pattern = pythonRegExp(source);
      const found = pattern.exec(line);
      if (!found || found[0] === "") continue;
      const end = found.index + found[0].length;
      const typed = end + (BLANKS.exec(line.slice(end))?.[0].length ?? 0);
      if (typed < line.length) return typed;
    }
    return -1;
  }

  #lookForEcho({ bytes, place }: Output): void {
    const awaited = this.#awaitsEcho;
    if (!awaited) return;
    const line = bytes.toString();
    if (echoes(line, awaited.text)) {
      this.notes.inputs += 1;
      this.#awaitsEcho = undefined;
      return;
    }
    awaited.shown ??= line.trim() === "" ? undefined : line.replace(ESCAPES, "").trimEnd();
    awaited.lines += 1;
    if (awaited.lines >= LOOK_AHEAD) this.#diverge(awaited.text, awaited.shown ?? "", awaited.place ?? place);
  }

  async #next(): Promise<Output | undefined> {
    for (;;) {
      const event = await this.#events.next();
      if (!event || event.kind === "output") return event;
    }
  }

  #diverge(got: string, expected: string, place: string | undefined): void {
    this.divergence ??= { got: JSON.stringify(got), expected: JSON.stringify(expected), ...(place && { place }) };
  }
}
