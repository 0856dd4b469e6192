import { type Observable, Subject } from "rxjs";
import type { Clock } from "../base/clock.js";
import { ConnectionClosedError } from "../base/errors.js";
import type { Logger } from "../base/log.js";
import { Utf8Decoder } from "../base/utf8-decoder.js";
import { patternCompiler } from "./compiled-pattern.js";
import { type EchoHabits, ERASE_LINE, type SenderHost, sendText } from "./console-sender.js";
import { inEcho } from "./echo-match.js";
import { LineSplitter } from "./line-splitter.js";
import { LooseReading } from "./loose-reading.js";
import { nearestMiss } from "./nearest-miss.js";
import { OutputChanges } from "./output-changes.js";
import { OutputHistory } from "./output-history.js";
import { OutputTeller } from "./output-teller.js";
import { type Hit, PatternScanner } from "./pattern-scanner.js";
import { PromptWaiter } from "./prompt-waiter.js";
import { seekers } from "./seekers.js";
import { SentLines } from "./sent-lines.js";
import { ESCAPE, KERNEL_LINE, lift } from "./terminal-text.js";
import type {
  CloseReason,
  Connection,
  Console,
  ConsoleEvent,
  ExpectOptions,
  Match,
  NearestMiss,
  Pattern,
  Relay,
  SendOptions,
  SendReport,
  Signal,
} from "./types.js";

export interface ConsoleOptions {
  clock: Clock;
  /** Told when typed text was garbled. */
  log?: Logger;
  /** Characters that `tail()` gives (default 2048). */
  tailBytes?: number;
  /**
   * Silence after which the end of the output counts as a prompt, ms (default 20). Longer than the gaps inside a burst
   * of a serial line (USB adapters deliver every 16 ms), short against what one would notice.
   */
  silenceMs?: number;
  /** Erases a line that arrived garbled (default Ctrl-U). */
  eraseLine?: string;
  /** Width at which the board's terminal wraps (default 80). */
  columns?: number;
}

/** Output that an `expect` still finds when it came before it asked, characters. */
const UNREAD = 512 * 1024;
/** Output in which the line is looked for that comes nearest to a pattern, characters. */
const NEAREST = 64 * 1024;
/** Silence after which the last line counts as it stands, ms. */
const SILENCE = 20;
/** Silence after which a line is shown as it stands, ms. */
const LINE_SILENCE = 250;
/** Characters before a match that its pattern may look back to. */
const GROWN_CONTEXT = 512;
const HIDDEN = "********";

/** Opens the console over a connection; reading begins at once. */
export const createConsole = (connection: Connection, options: ConsoleOptions): Console =>
  new ConnectionConsole(connection, options);

class ConnectionConsole implements Console {
  readonly name: string;
  readonly events: Observable<ConsoleEvent>;
  readonly signals: Observable<Signal>;
  readonly closed: Promise<CloseReason>;
  readonly #connection: Connection;
  readonly #options: ConsoleOptions;
  readonly #clock: Clock;
  readonly #decoder = new Utf8Decoder();
  readonly #history: OutputHistory;
  readonly #compile = patternCompiler();
  readonly #scanner: PatternScanner;
  readonly #prompts: PromptWaiter;
  readonly #teller: OutputTeller;
  readonly #sent: SentLines;
  readonly #changes: OutputChanges;
  readonly #loose: LooseReading;
  /** Offset up to which `expect` has taken the output. */
  #consumed = 0;
  /** Offset up to which readers of lines were given theirs. */
  #given = 0;
  /** Offset of the end of the last match; what was typed since may have been echoed behind it. */
  #matched = 0;
  #goOnTimer: unknown;
  /** Offset up to which lines have been told. */
  #toldTo = 0;
  /** When the last output came. */
  #time: number;
  #reason: CloseReason | undefined;
  readonly #habits: EchoHabits = {};
  #lastSent: string | undefined;
  #sending: Promise<unknown> = Promise.resolve();
  /** Takes the output instead of this console. */
  #relay: Subject<Uint8Array> | undefined;

  constructor(connection: Connection, options: ConsoleOptions) {
    this.name = connection.name;
    this.closed = connection.closed;
    this.#connection = connection;
    this.#options = options;
    this.#clock = options.clock;
    this.#time = options.clock.now();
    this.#history = new OutputHistory(Math.max(UNREAD, options.tailBytes ?? 0));
    this.#scanner = new PatternScanner(this.#history);
    this.#changes = new OutputChanges(this.#clock);
    this.#prompts = new PromptWaiter(this.#history, this.#clock, options.silenceMs ?? SILENCE, () => this.#settle());
    this.#sent = new SentLines(this.#history);
    this.#loose = new LooseReading(this.#history);
    this.#teller = new OutputTeller(
      {
        lineBefore: (offset) => lastLine(this.#history.slice(offset - 512, offset)),
        isEcho: (offset) => this.#sent.isEcho(offset),
        columns: options.columns ?? 80,
      },
      (end) => this.#loose.skip(end),
    );
    this.events = this.#teller.events;
    this.signals = this.#teller.signals;
    void connection.closed.then((reason) => this.#end(reason));
    connection.output.subscribe({ next: (bytes) => this.#read(bytes) });
  }

  get isClosed(): boolean {
    return this.#reason !== undefined;
  }

  send(text: string, options: SendOptions = {}): Promise<SendReport> {
    const sending = this.#sending.then(() => {
      this.#throwIfClosed();
      return sendText(this.#senderHost(), text, options);
    });
    this.#sending = sending.catch(() => {});
    return sending;
  }

  expect(patterns: Pattern[], signal: AbortSignal, options: ExpectOptions = {}): Promise<Match> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const leave = () => {
        this.#scanner.delete(seeker);
        this.#prompts.delete(prompts);
        signal.removeEventListener("abort", aborted);
        this.#changes.delete(ended);
      };
      const found = (found: Hit) => {
        leave();
        const hit: Hit = { ...found, sooner: this.#loose.at(compiled, found, from) };
        this.#consumed = Math.max(this.#consumed, hit.end);
        this.#matched = this.#consumed;
        if (hit.compiled.pattern.wholeLine)
          this.#lineEnded(hit, signal).then(() => resolve(this.#match(this.#grown(hit))), reject);
        else resolve(this.#match(hit));
      };
      const aborted = () => {
        leave();
        reject(signal.reason);
      };
      const ended = () => {
        if (!this.#reason) return;
        leave();
        reject(this.#closedError());
      };
      const from = Math.max(this.#consumed, this.#history.start);
      const finished = options.finished && { since: this.#clock.now(), ...options.finished };
      const compiled = patterns.map(this.#compile);
      const { seeker, prompts } = seekers(compiled, from, -1, found, finished);
      seeker.origin = this.#matched;
      prompts.loose = () => this.#loose.prompt(compiled);
      const echoed = inEcho(compiled, this.#history, this.#matched, this.#consumed);
      if (echoed) prompts.echoed = echoed;
      this.#prompts.add(prompts);
      signal.addEventListener("abort", aborted, { once: true });
      this.#changes.add(ended);
      this.#scanner.begin(seeker, this.isClosed);
      this.#scanned();
      this.#prompts.look();
      ended();
    });
  }

  forget(): void {
    this.#consumed = this.#history.end;
    this.#matched = this.#consumed;
    this.#loose.skip(this.#consumed);
  }

  /** Resolves when the line of a match has ended, or the board has been silent for a while. */
  async #lineEnded({ start, end }: Hit, signal: AbortSignal): Promise<void> {
    while (!this.#reason && this.#history.lineStart <= Math.max(start, end - 1)) {
      const left = this.#time + LINE_SILENCE - this.#clock.now();
      if (left <= 0) return;
      await this.#changes.next(left, signal);
    }
  }

  /** The match as its whole line has it: taken in the middle of a word, it may be longer now. */
  #grown(hit: Hit): Hit {
    const { here } = hit.compiled;
    const rest = /^[^\n]*\n?/.exec(this.#history.slice(hit.end))![0];
    const from = Math.max(this.#history.start, hit.start - GROWN_CONTEXT);
    here.lastIndex = hit.start - from;
    const groups = here.exec(this.#history.slice(from, hit.end + rest.length));
    const end = hit.start + (groups?.[0].length ?? 0);
    if (!groups || end <= hit.end) return hit;
    this.#consumed = Math.max(this.#consumed, end);
    this.#matched = Math.max(this.#matched, end);
    if (!hit.sooner) this.#loose.skip(end);
    return { ...hit, groups, end };
  }

  relay(): Relay {
    this.#throwIfClosed();
    const output = new Subject<Uint8Array>();
    this.#relay = output;
    return {
      output: output.asObservable(),
      write: (bytes) => this.#connection.write(bytes),
      end: () => {
        if (this.#relay === output) this.#relay = undefined;
        output.complete();
      },
    };
  }

  watch(patterns: Pattern[], callback: (match: Match, told: string[]) => void): () => void {
    // What came after the last match was heard by nobody, if no other watcher did.
    const from = Math.max(this.#consumed, this.#scanner.watched, this.#history.start);
    const heard = (hit: Hit) => callback(this.#match(hit), this.#told(hit));
    const { seeker, prompts } = seekers(patterns.map(this.#compile), from, from, heard);
    // An empty match says nothing, and there would be one at every place.
    seeker.patterns = seeker.patterns.filter((compiled) => !compiled.matchesEmpty);
    seeker.watches = true;
    // One that was begun before is told whole.
    seeker.from = Math.max(this.#history.start, Math.min(from, from - this.#scanner.reachOf(seeker)));
    this.#scanner.add(seeker);
    // What is watched beside everything else has to be sure.
    prompts.atEnd = true;
    prompts.after = this.#history.end;
    this.#prompts.add(prompts);
    this.#scanned();
    return () => {
      this.#scanner.delete(seeker);
      this.#prompts.delete(prompts);
    };
  }

  lines(callback: (lines: string[]) => void): () => void {
    const { lineStart, start } = this.#history;
    const from = Math.max(this.#consumed, this.#given, start);
    const known = new LineSplitter().write(this.#history.slice(from, lineStart));
    this.#given = lineStart;
    if (known.length > 0) callback(known);
    const told = this.events.subscribe((event) => {
      if (event.kind !== "lines") return;
      this.#given = this.#history.lineStart;
      callback(event.lines);
    });
    return () => told.unsubscribe();
  }

  /** The whole lines that were told already, from that of a match on. */
  #told({ start }: Hit): string[] {
    const before = this.#history.slice(start - 2048, start);
    const first = start - (before.length - before.lastIndexOf("\n") - 1);
    return first < this.#toldTo ? new LineSplitter().write(this.#history.slice(first, this.#toldTo)) : [];
  }

  async silence(ms: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      this.#throwIfClosed();
      const left = this.#time + ms - this.#clock.now();
      if (left <= 0) return;
      await this.#changes.next(left, signal);
    }
  }

  tail(): string {
    return this.#history.slice(this.#history.end - (this.#options.tailBytes ?? 2048));
  }

  lastLine(): string {
    return this.#prompts.lastUserLine();
  }

  lastSent(): string | undefined {
    return this.#lastSent;
  }

  nearest(patterns: Pattern[]): NearestMiss | undefined {
    return nearestMiss(patterns, this.#history.slice(this.#history.end - NEAREST));
  }

  async close(): Promise<void> {
    await this.#connection.close();
    this.#end(await this.closed);
  }

  /** The hot path: everything that the board says goes through here once. */
  #read(bytes: Uint8Array): void {
    this.#time = this.#clock.now();
    if (this.#relay) {
      this.#relay.next(bytes);
      return;
    }
    this.#take(this.#decoder.write(bytes), false);
  }

  #take(text: string, last: boolean): void {
    if (text !== "") this.#teller.tell({ kind: "output", text, time: this.#time });
    const offset = this.#history.end;
    this.#history.push(text);
    if (!this.#scanner.idle) this.#scanner.scan(last);
    this.#teller.tellLines(text, offset, this.#time, last);
    this.#toldTo = this.#history.lineStart;
    if (last) this.#scanner.goOn(true);
    this.#prompts.outputCame(this.#time, this.#scanner.holding);
    this.#scanned();
    this.#changes.tell();
  }

  /** Watchers do not wait long for somebody to go on from a match. */
  #scanned(): void {
    if (this.#scanner.holding) this.#prompts.hold();
    if (!this.#scanner.waiting) return;
    this.#goOnTimer ??= this.#clock.setTimeout(() => {
      this.#goOnTimer = undefined;
      this.#scanner.goOn();
    }, this.#options.silenceMs ?? SILENCE);
  }

  /** The output has been silent: matches that waited for more count as they are. */
  #settle(): void {
    this.#scanner.scan(true);
    this.#scanned();
  }

  #end(reason: CloseReason): void {
    if (this.#reason) return;
    this.#take(this.#decoder.end(), true);
    this.#reason = reason;
    this.#clock.clearTimeout(this.#goOnTimer);
    this.#prompts.end();
    this.#changes.tell();
    this.#relay?.complete();
    this.#teller.end();
  }

  #senderHost(): SenderHost {
    return {
      habits: this.#habits,
      eraseLine: this.#options.eraseLine ?? ERASE_LINE,
      clock: this.#clock,
      history: this.#history,
      log: this.#options.log,
      write: (text) => this.#connection.write(Buffer.from(text, "utf8")),
      change: async (ms) => {
        await this.#changes.next(ms);
        this.#throwIfClosed();
      },
      sleep: async (ms) => {
        for (const until = this.#clock.now() + ms; this.#clock.now() < until; ) {
          await this.#changes.next(until - this.#clock.now());
          this.#throwIfClosed();
        }
      },
      typing: (text, lineEnd, secret) => {
        this.#lastSent = secret ? HIDDEN : text;
        this.#prompts.typed();
        this.#loose.typed(text === "" || text === (this.#options.eraseLine ?? ERASE_LINE));
        this.#sent.add(text);
        this.#teller.tell({ kind: "input", text: this.#lastSent, lineEnd, secret, time: this.#clock.now() });
      },
      consume: (offset) => {
        this.#consumed = Math.max(this.#consumed, offset);
      },
    };
  }

  #match({ compiled, groups, end, start, ...known }: Hit): Match {
    return {
      index: compiled.pattern.index,
      pattern: compiled.pattern.source,
      text: groups[0],
      line: (known.in && known.line) ?? this.#history.lineAt(Math.max(start, end - 1)),
      groups: groups.slice(1).map((group) => group ?? ""),
      named: Object.fromEntries(Object.entries(groups.groups ?? {}).map(([name, text]) => [name, text ?? ""])),
      end,
      ...(known.in && { in: known.in }),
      ...(known.sooner && { sooner: known.sooner }),
    };
  }

  #throwIfClosed(): void {
    if (this.#reason) throw this.#closedError();
  }

  #closedError(): ConnectionClosedError {
    return new ConnectionClosedError(`Connection closed: ${this.#reason?.message ?? ""}`, {
      advice: "The console server or the emulator went away, or somebody else took the line.",
    });
  }
}

const NOISE = new RegExp(`${ESCAPE}|${KERNEL_LINE}`, "g");

function lastLine(text: string): string {
  const { text: clean } = lift(text, NOISE);
  return clean.slice(clean.lastIndexOf("\n") + 1).replace(/\r/g, "");
}
