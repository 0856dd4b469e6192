import { withoutLineEnds } from "../base/line-ends.js";
import { KERNEL_LINE } from "../connections/terminal-text.js";
import { alike, uncheckedAnswer } from "./alike.js";
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
import { MASKED_INPUT, type RecordedEvent, type RecordingFacts } from "./recording.js";

/** How long a recorded reset or wake-up waits for the machine to do the same, virtual ms. */
const PATIENCE = 10_000;

/** A machine that says nothing for so long where the recorded one typed will not say it any more, virtual ms. */
const SILENT = 20_000;

/** Patterns that are named. */
const SHOWN = 3;

/** What stops a countdown, typed without a line end. */
const KEYS = /^[^\r\n]{1,16}$/;
/** Outputs in which the echo of a text that was typed otherwise is looked for. */
const ECHO_WITHIN = 64;

const KERNEL_LINES = new RegExp(KERNEL_LINE, "g");

const quoted = (text: string): string => JSON.stringify(text.replace(/\n$/, ""));

/**
 * Plays a recording that has times and inputs. Inputs are where machine and recording meet: what the board said after
 * one comes once the machine has typed the same, with the recorded gaps. So does what it said after a reset.
 */
export class TimedPlayer implements Player {
  divergence: Divergence | undefined;
  over = false;
  readonly notes: PlayerNotes = { inputs: 0, otherwise: 0, skipped: 0, unheard: 0, dropped: 0 };
  readonly #events: Queue<RecordedEvent>;
  readonly #world: World;
  readonly #resets: ReadonlySet<string>;
  readonly #otherDevice: boolean;
  readonly #unloggedKeys: boolean;
  /** Resets that the recording has in all. */
  readonly #allResets: number;
  #head: RecordedEvent | undefined;
  /** Characters of the input at the head that were typed already. */
  #offset = 0;
  #typed: Typed[] = [];
  /** Typed otherwise than recorded: its echo is put right. */
  #echo: { recorded: string; typed: string; answer: string; outputs: number } | undefined;
  #resetsDone = 0;
  #resetsPassed = 0;
  /** Recorded resets that were passed before the machine came to its own. */
  #resetsOwed = 0;
  /** Recorded time and virtual time that belong together. */
  #anchor: { recorded: number; virtual: number };
  /** Since when the head waits for the machine. */
  #since: number | undefined;

  constructor(
    events: AsyncIterable<readonly RecordedEvent[]>,
    facts: Pick<RecordingFacts, "start" | "starts" | "otherDevice" | "unloggedKeys">,
    resets: ReadonlySet<string>,
    world: World,
    /** Namespace of its resets, where there are others. */
    namespace?: string,
  ) {
    this.#events = new Queue(events);
    this.#world = world;
    this.#resets = resets;
    this.#otherDevice = facts.otherDevice === true;
    this.#unloggedKeys = facts.unloggedKeys === true;
    this.#allResets = 0;
    for (const [within, starts] of facts.starts)
      if (namespace === undefined || within === namespace)
        for (const name of resets) this.#allResets += starts.get(name) ?? 0;
    this.#anchor = { recorded: facts.start, virtual: world.now() };
  }

  typed(typed: Typed): void {
    this.#typed.push(typed);
  }

  actionStarted(name: string): void {
    // A recording without any reset says nothing about them, e.g. a cast without its journal.
    if (!this.#resets.has(name) || this.#allResets === 0) return;
    if (this.#resetsOwed > 0) {
      this.#resetsOwed -= 1;
      return;
    }
    this.#resetsDone += 1;
    if (this.#resetsDone > this.#allResets) this.#diverge(`a reset of the board (${name})`);
  }

  async due(): Promise<number | undefined> {
    while (!this.divergence) {
      this.#head ??= await this.#events.next();
      const head = this.#head;
      if (!head) {
        this.#atEnd();
        return undefined;
      }
      // The machine has reset the board: what it would have said until the recorded reset, it cannot say any more.
      if (this.#resetsDone > this.#resetsPassed && head.kind !== "reset") {
        if (head.kind === "input" && !isPoke(head.text)) this.notes.dropped += 1;
        if (head.kind !== "cancel") {
          this.#pass();
          continue;
        }
      }
      const ready = this.#readiness(head);
      if (ready !== "passed") return ready;
    }
    return undefined;
  }

  /** When the head comes; `passed` when it is dealt with. */
  #readiness(head: RecordedEvent): number | undefined | "passed" {
    const now = this.#world.now();
    const planned = this.#planned(head);
    if (head.kind === "reset") {
      if (this.#resetsDone > this.#resetsPassed) return this.#meet(head);
      if (this.#world.awaited().length > 0) return this.#wait(planned);
      // It does something else, and may come to its reset.
      this.#since = undefined;
      return undefined;
    }
    if (head.kind === "input") return this.#input(head, planned);
    if (head.kind === "output" && !this.#world.isOpen(head)) return undefined;
    // Something was typed that the recording has further on: what the board said before it is due.
    if (head.kind === "output" && this.#typed.some(({ text }) => !isPoke(text))) return now;
    // Asked for a sign of life, the board that was not says what it said next, if it said anything.
    if (head.kind === "output" && this.#typed.some(({ text }) => isLifeCheck(text))) {
      if (Buffer.from(head.bytes).toString().replace(KERNEL_LINES, "").trim() !== "") {
        this.#typed = this.#typed.filter(({ text }) => !isLifeCheck(text));
        this.notes.unheard += 1;
      }
      this.#anchor = { recorded: head.t, virtual: now };
      return now;
    }
    return Math.max(now, planned);
  }

  /** When it comes if nothing holds it up. */
  #planned({ t }: RecordedEvent): number {
    return this.#anchor.virtual + (t - this.#anchor.recorded);
  }

  #input(head: Extract<RecordedEvent, { kind: "input" }>, planned: number): number | undefined | "passed" {
    const [typed] = this.#typed;
    const rest = head.text.slice(this.#offset);
    if (!typed) return this.#untyped(head, rest, planned);
    if (
      typed.secret ||
      head.text === MASKED_INPUT ||
      sameText(rest, typed.text) ||
      (isPoke(rest) && isPoke(typed.text))
    ) {
      this.#typed.shift();
      this.notes.inputs += 1;
      return this.#meet(head);
    }
    if (this.#unloggedKeys && this.#offset === 0 && KEYS.test(typed.text)) {
      this.#typed.shift();
      this.notes.unheard += 1;
      return "passed";
    }
    if (this.#otherDevice && this.#offset === 0) {
      const how = alike(rest, typed.text);
      if (how) {
        this.#typed.shift();
        this.notes[how === "device" ? "otherwise" : "inputs"] += 1;
        const [recorded, now] = [withoutEnd(rest), withoutEnd(typed.text)];
        this.#echo = { recorded, typed: now, answer: uncheckedAnswer(recorded, now) ?? "", outputs: ECHO_WITHIN };
        return this.#meet(head);
      }
    }
    if (rest.startsWith(typed.text) && typed.text !== "") {
      this.#typed.shift();
      this.#offset += typed.text.length;
      return "passed";
    }
    if (rest !== "" && typed.text.startsWith(rest)) {
      this.#typed[0] = { ...typed, text: typed.text.slice(rest.length) };
      return this.#meet(head);
    }
    if (isPoke(typed.text)) {
      this.#typed.shift();
      this.notes.unheard += 1;
      return "passed";
    }
    if (isPoke(rest)) {
      this.notes.skipped += 1;
      return this.#meet(head);
    }
    this.#diverge(quoted(typed.text), head);
    return undefined;
  }

  /** The recorded machine typed here, and this one has not. */
  #untyped(head: Extract<RecordedEvent, { kind: "input" }>, rest: string, planned: number): number | undefined {
    if (isPoke(rest) && this.#offset === 0) return this.#wait(planned);
    const awaited = this.#world.awaited();
    if (awaited.length === 0) {
      this.#since = undefined;
      return undefined;
    }
    this.#since ??= Math.max(planned, this.#world.now());
    const end = this.#since + SILENT;
    if (this.#world.now() < end) return end;
    // The prompts say most, and stand after the texts of errors.
    const shown = awaited.map(({ source }) => JSON.stringify(source)).slice(-SHOWN);
    const more = awaited.length > SHOWN ? ` and ${awaited.length - SHOWN} more` : "";
    this.#diverge(`nothing: it waits for ${shown.join(", ")}${more}`, head);
    return undefined;
  }

  /** Waits for the machine to do the same, but not forever: it may have another idea of when to wake a board. */
  #wait(planned: number): number {
    this.#since ??= Math.max(planned, this.#world.now());
    return this.#since + PATIENCE;
  }

  play(): void {
    const head = this.#head;
    if (!head) return;
    const now = this.#world.now();
    if (head.kind === "output") {
      this.#world.say(this.#withEcho(head.bytes), head);
      // Only what comes at another time than planned moves the rest: rounding must not add up.
      if (Math.abs(now - this.#planned(head)) > 1) this.#anchor = { recorded: head.t, virtual: now };
    } else if (head.kind === "cancel") this.#world.cancel(head.error);
    else if (head.kind === "closed") this.#world.hangUp(head.message, head);
    else if (head.kind === "input" && !isPoke(head.text))
      return; // its time is over: told by `due`
    else {
      if (head.kind === "input") this.notes.skipped += 1;
      else {
        this.#resetsPassed += 1;
        this.#resetsDone += 1;
        this.#resetsOwed += 1;
      }
      this.#anchor = { recorded: head.t, virtual: now };
    }
    this.#pass();
  }

  /** The board echoes what is typed now. */
  #withEcho(bytes: Uint8Array): Uint8Array {
    const echo = this.#echo;
    if (!echo) return bytes;
    const text = Buffer.from(bytes).toString();
    const found = text.includes(echo.recorded);
    echo.outputs -= 1;
    if (found || echo.outputs === 0) this.#echo = undefined;
    return found ? Buffer.from(text.replace(echo.recorded, () => echo.typed) + echo.answer) : bytes;
  }

  /** Machine and recording are at the same place. */
  #meet(head: RecordedEvent): "passed" {
    if (head.kind === "reset") this.#resetsPassed += 1;
    this.#anchor = { recorded: head.t, virtual: this.#world.now() };
    this.#pass();
    return "passed";
  }

  #pass(): void {
    this.#head = undefined;
    this.#offset = 0;
    this.#since = undefined;
  }

  #atEnd(): void {
    this.over = true;
    for (const { text, secret } of this.#typed)
      if (isPoke(text)) this.notes.unheard += 1;
      else {
        this.#diverge(secret ? "a secret" : quoted(text));
        break;
      }
    this.#typed = [];
  }

  #diverge(got: string, head?: RecordedEvent): void {
    this.divergence ??= {
      got,
      expected: head?.kind === "input" ? quoted(head.text.slice(this.#offset)) : undefined,
      ...(head && { place: head.place }),
    };
  }
}

const withoutEnd = (text: string): string => withoutLineEnds(text);

/** Logs do not say whether a line end followed what was typed: a key that stops a countdown has none. */
const sameText = (recorded: string, typed: string): boolean =>
  recorded === typed || (withoutEnd(recorded) === withoutEnd(typed) && withoutEnd(typed) !== "");
