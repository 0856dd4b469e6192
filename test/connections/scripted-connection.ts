import { Observable, Subject } from "rxjs";
import type { Clock } from "../../src/base/clock.js";
import { ConnectionClosedError } from "../../src/base/errors.js";
import type { CloseReason, Connection } from "../../src/connections/types.js";

/** What the scripted board answers to one line. The first rule that fits is used. */
export interface Rule {
  /** The line typed, without its line end. */
  input: string | RegExp;
  /** Printed after the echo; several texts come one after the other. */
  output?: string | string[] | ((line: string) => string | string[]);
  /** ms before each text (default 1). */
  delay?: number;
  /** How often the rule may be used (default: always). */
  times?: number;
  /** The line ends after the output. */
  close?: boolean;
  /** What is typed from here on is neither shown nor answered. */
  dies?: boolean;
}

export interface ScriptOptions {
  clock: Clock;
  name?: string;
  rules?: Rule[];
  /** What the board shows of the text typed, character by character (default: the same). `false`: no echo. */
  echo?: false | ((text: string) => string);
  /** ms from a character to its echo (default 0: at once). */
  echoDelay?: number;
  /** Printed at the beginning. */
  greeting?: string;
}

/** A board for tests: it answers typed lines from a script, in the time of the clock it is given. */
export class ScriptedConnection implements Connection {
  readonly name: string;
  readonly output: Observable<Uint8Array>;
  readonly closed: Promise<CloseReason>;
  /** All that was typed. */
  written = "";
  /** Lines typed, after erasing. */
  readonly lines: string[] = [];
  paused = false;
  readonly #options: ScriptOptions;
  readonly #rules: (Rule & { used: number })[];
  readonly #output = new Subject<Uint8Array>();
  #held: Uint8Array[] = [];
  #line = "";
  #returned = false;
  #dead = false;
  #reason: CloseReason | undefined;
  #resolveClosed!: (reason: CloseReason) => void;

  constructor(options: ScriptOptions) {
    this.name = options.name ?? "scripted board";
    this.#options = options;
    this.#rules = (options.rules ?? []).map((rule) => ({ ...rule, used: 0 }));
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    let greeted = false;
    this.output = new Observable((subscriber) => {
      const subscription = this.#output.subscribe(subscriber);
      if (!greeted && options.greeting !== undefined) this.say(options.greeting);
      greeted = true;
      return subscription;
    });
  }

  /** The board prints a text or bytes, now or after some ms. */
  say(output: string | Uint8Array, after = 0): void {
    const bytes = typeof output === "string" ? Buffer.from(output, "utf8") : output;
    if (after > 0) this.#options.clock.setTimeout(() => this.#emit(bytes), after);
    else this.#emit(bytes);
  }

  /** The peer ends the line. */
  end(reason: CloseReason = { kind: "eof", message: "the peer closed the connection" }): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#resolveClosed(reason);
    this.#output.complete();
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#reason) throw new ConnectionClosedError(`${this.name} is closed: ${this.#reason.message}`);
    const text = Buffer.from(bytes).toString("utf8");
    this.written += text;
    if (!this.#dead) for (const char of text) this.#typed(char);
  }

  async close(): Promise<void> {
    this.end({ kind: "closed", message: "closed by the dispatcher" });
  }

  pause(): void {
    this.paused = true;
  }
  resume(): void {
    this.paused = false;
    const held = this.#held;
    this.#held = [];
    for (const bytes of held) this.#emit(bytes);
  }

  #typed(char: string): void {
    const { echo = (text: string) => text, echoDelay = 0 } = this.#options;
    if (char === "\x15") {
      if (echo && this.#line !== "")
        this.say(`\x08 \x08`.repeat(this.#line.replaceAll("\x0c", "^L").length), echoDelay);
      this.#line = "";
    } else if (char === "\x0c") {
      this.#line += char;
      if (echo) this.say("^L", echoDelay);
    } else if (char === "\n" && this.#returned) {
      // The second half of one line end.
    } else if (char === "\n" || char === "\r") {
      if (echo) this.say("\r\n", echoDelay);
      this.#answer(this.#line, echo ? echoDelay : 0);
      this.#line = "";
    } else {
      const shown = echo ? echo(char) : "";
      // What the board shows is what it read: a lost character is lost for the command too.
      this.#line += echo ? shown : char;
      if (shown !== "") this.say(shown, echoDelay);
    }
    this.#returned = char === "\r";
  }

  #answer(line: string, after: number): void {
    this.lines.push(line);
    const rule = this.#rules.find(
      ({ input, used, times = Number.POSITIVE_INFINITY }) =>
        used < times && (typeof input === "string" ? input === line : input.test(line)),
    );
    if (!rule) return;
    rule.used += 1;
    const { output = [], delay = 1, dies = false } = rule;
    this.#dead = dies;
    const texts = [typeof output === "function" ? output(line) : output].flat();
    texts.forEach((text, index) => void this.say(text, after + delay * (index + 1)));
    if (rule.close) this.#options.clock.setTimeout(() => this.end(), after + delay * (texts.length + 1));
  }

  #emit(bytes: Uint8Array): void {
    if (this.#reason) return;
    if (this.paused) this.#held.push(bytes);
    else this.#output.next(bytes);
  }
}
