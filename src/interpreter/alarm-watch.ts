import type { Clock } from "../base/clock.js";
import { type ErrorRecord, makeError, toErrorRecord } from "../base/errors.js";
import type { JsonMap } from "../base/json.js";
import { pythonRegExp } from "../base/python-regexp.js";
import { KERNEL_LINE } from "../connections/terminal-text.js";
import type { Console, Match } from "../connections/types.js";
import type { ActionNode } from "../pipeline/action-tree.js";
import { evaluateCel } from "../strategies/cel.js";
import type { AlarmGrace, WatcherDefinition } from "../strategies/machines-types.js";
import { renderText } from "../strategies/text.js";
import { asList, controls, openQuestion } from "./open-question.js";
import type { Runtime } from "./runtime.js";

/** Reads an alarm's message. */
export interface AlarmText {
  done: Promise<string>;
  /** Whether the line of the alarm was told. */
  readonly begun: boolean;
  /** What came so far. */
  text(): string;
  finish(): void;
}

/** An alarm that counts; a `settle` actor reads its message to the end. */
export interface Alarm {
  watcher: WatcherDefinition;
  match: Match;
  done: Promise<string>;
  after: Afterlife;
}

interface Raised extends Pick<Alarm, "watcher" | "match" | "after"> {
  reader: AlarmText;
  /** Aborted when the board proved to live. */
  over: AbortController;
  /** Another watcher saw something since: a board that starts anew speaks, too. */
  followed?: true;
}

export interface AlarmEvents {
  /** @param line the alarm's first one */
  raised(line: string): void;
  /** It was none. */
  withdrawn(): void;
  /** It ends the action. */
  counts(alarm: { kind: string; line: string }): void;
}

/**
 * The alarms of one action. One that was raised ends the action only when what is awaited does not come within its
 * grace: a board may survive a banner, and text that looks like a panic need not be one.
 */
export class AlarmWatch {
  readonly #runtime: Runtime;
  readonly #node: ActionNode;
  readonly #console: Console;
  readonly #told: AlarmEvents;
  #alarm: Raised | undefined;
  /** How often each watcher was right since what was awaited came last. */
  #times = new Map<WatcherDefinition, number>();

  constructor(runtime: Runtime, node: ActionNode, console: Console, told: AlarmEvents) {
    this.#runtime = runtime;
    this.#node = node;
    this.#console = console;
    this.#told = told;
  }

  raise(watcher: WatcherDefinition, match: Match, read: () => AlarmText): void {
    const times = (this.#times.get(watcher) ?? 0) + 1;
    this.#times.set(watcher, times);
    const { grace = {} } = watcher;
    if (this.#alarm) {
      // It belongs to what is under way: a panic is followed by a reboot.
      const { over } = this.#alarm;
      if (watcher !== this.#alarm.watcher) this.#alarm.followed = true;
      if (grace.strikes !== undefined && times >= grace.strikes) this.#count();
      // The board stands where it does not go on by itself.
      else if (grace.silence === undefined)
        void this.#sleep(grace.after ?? 0, over.signal).then(
          () => this.#alarm?.over === over && this.#count(),
          () => {},
        );
      return;
    }
    const after = new Afterlife(this.#console, this.#runtime.clock);
    const alarm = { watcher, match, after, reader: read(), over: new AbortController() };
    this.#alarm = alarm;
    this.#told.raised(match.line);
    void alarm.reader.done.then(() => after.begin());
    void this.#wait(alarm, grace, times)
      .then(() => this.#answers(alarm))
      .then(
        (lives) => {
          if (this.#alarm !== alarm) return;
          if (lives) this.#withdraw();
          else this.#count();
        },
        () => {},
      );
  }

  /** Whether the board, where its watcher asks it for a sign of life before the alarm counts, gives one. */
  async #answers(alarm: Raised): Promise<boolean> {
    const { watcher, match, reader, over } = alarm;
    const { ask } = watcher.grace ?? {};
    if (!ask || this.#console.isClosed || openQuestion(this.#runtime, this.#node, this.#console)) return false;
    const scope = this.#runtime.scope(this.#node, { ...match } as unknown as JsonMap);
    const echo = pythonRegExp(String(evaluateCel(ask.echo, scope)));
    const restarts = pythonRegExp(String(evaluateCel(ask.restarts, scope)), "m").test(reader.text());
    // It has started anew already: what would answer is another system.
    if ((restarts || alarm.followed) && alarm.after.began) return false;
    const typed = controls(asList(evaluateCel(ask.control, scope)));
    const answer = new Afterlife(this.#console, this.#runtime.clock, (said) => {
      return echo.test(withoutKernel(said)) || (!restarts && !alarm.followed && isAlive(said) && !BEGINNING.test(said));
    });
    this.#runtime.log.debug(
      `Sending ${JSON.stringify(typed)}: only a board that lives answers, and this looks like its end: ${match.line.trim()}`,
    );
    const speaks = answer.speaks(ask.wait, over.signal);
    // Nobody waits for a line that takes nothing any more.
    void this.#console.send(typed, { lineEnd: "" }).catch(() => {});
    const lives = await speaks;
    over.signal.throwIfAborted();
    return lives;
  }

  /** Resolves when the alarm counts. */
  async #wait({ reader, over, match }: Raised, grace: AlarmGrace, times: number): Promise<void> {
    const message = await reader.done;
    over.signal.throwIfAborted();
    const { silence, after = 0, sure, pause, strikes } = grace;
    if (strikes !== undefined && times >= strikes) return;
    const scope = this.#runtime.scope(this.#node, { ...match } as unknown as JsonMap);
    const found = (source: string | undefined) =>
      source === undefined ? null : pythonRegExp(String(evaluateCel(source, scope)), "m").exec(message);
    if (silence === undefined || found(sure)) return this.#sleep(after, over.signal);
    const seconds = Number(found(pause)?.[1] ?? 0);
    await this.#console.silence(silence + seconds * 1000, over.signal);
  }

  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const { clock } = this.#runtime;
      const timer = clock.setTimeout(resolve, ms);
      signal.addEventListener("abort", () => {
        clock.clearTimeout(timer);
        reject(signal.reason);
      });
    });
  }

  /**
   * What was awaited came: the board lives.
   * @param end where it ends; what came before the alarm says nothing about it. Without: it is told when its line is
   */
  came(end?: number): void {
    const { match, reader } = this.#alarm ?? {};
    if (match && !(end === undefined ? reader?.begun : end > match.end)) return;
    this.#times.clear();
    this.#withdraw();
  }

  /** A sign of life in the output itself, which only some alarms look for. */
  lives(watcher: WatcherDefinition, { end }: Match): void {
    if (this.#alarm?.watcher === watcher && end > this.#alarm.match.end) this.#withdraw();
  }

  #withdraw(): void {
    const alarm = this.#alarm;
    if (!alarm) return;
    this.#alarm = undefined;
    this.#end(alarm);
    this.#told.withdrawn();
    this.#runtime.log.warning(`The board goes on after what looked like its end: ${alarm.match.line.trim()}`);
  }

  /** The alarm under way counts now; an action that fails anyhow fails by its cause. Null when there is none. */
  error(): ErrorRecord | null {
    const alarm = this.#alarm;
    return alarm ? alarmError(this.#runtime, this.#node, alarm, alarm.reader.text()) : null;
  }

  /** Whether an error that the dialogue meets now is only the consequence of the alarm under way, which then counts. */
  explains(): boolean {
    if (!this.#alarm?.watcher.grace?.explains) return false;
    this.#count();
    return true;
  }

  #count(): void {
    const alarm = this.#alarm;
    if (!alarm) return;
    this.#alarm = undefined;
    alarm.over.abort();
    const { watcher, match, reader, after } = alarm;
    this.#runtime.alarms.set(this.#node.level, { done: reader.done, watcher, match, after });
    this.#told.counts({ kind: watcher.watcher, line: match.line });
  }

  /** The action left its dialogue. */
  stop(): void {
    if (this.#alarm) this.#end(this.#alarm);
    this.#alarm = undefined;
  }

  #end({ over, reader, after }: Raised): void {
    over.abort();
    reader.finish();
    after.end();
  }
}

/** What a board says that is thought dead. */
class Afterlife {
  readonly #console: Console;
  readonly #clock: Clock;
  #said = "";
  #subscription: { unsubscribe(): void } | undefined;
  #heard = () => {};
  /** A kernel has begun since. */
  began = false;
  readonly #proves: (said: string) => boolean;

  /** @param proves whether a text shows that it lives */
  constructor(console: Console, clock: Clock, proves = isAlive) {
    this.#console = console;
    this.#clock = clock;
    this.#proves = proves;
  }

  begin(): void {
    this.#subscription ??= this.#console.events.subscribe((event) => {
      if (event.kind !== "output") return;
      this.#said += event.text;
      this.began ||= BEGINNING.test(this.#said);
      this.#said = this.#said.slice(-LISTENED);
      this.#heard();
    });
  }

  end(): void {
    this.#subscription?.unsubscribe();
  }

  /** Whether it says more than the rest of its last words (or what proves that it lives), now or within some ms. */
  async speaks(ms: number, signal: AbortSignal): Promise<boolean> {
    this.begin();
    await new Promise<void>((resolve) => {
      const timer = this.#clock.setTimeout(resolve, ms);
      this.#heard = () => {
        if (!this.#proves(this.#said)) return;
        this.#clock.clearTimeout(timer);
        resolve();
      };
      this.#heard();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    this.end();
    return this.#proves(this.#said);
  }
}

/** Characters that are kept of what a board says. */
const LISTENED = 4096;
const KERNEL_LINES = new RegExp(KERNEL_LINE, "g");
/** The first lines of a kernel have no time yet. */
const BEGINNING = /\[ *0\.000000\]/;

/** The beginning of its next line. */
const STAMP_BEGUN = /(?:^|\n)(?:<\d{0,3}>?)?(?:\[[ \d.]*)?$/;

const withoutKernel = (said: string): string => said.replace(KERNEL_LINES, "").replace(STAMP_BEGUN, "");
const isAlive = (said: string): boolean => BEGINNING.test(said) || withoutKernel(said).trim() !== "";

/** The error that an alarm means; its message becomes the action's kernel message, if it has a kind. */
export function alarmError(
  runtime: Runtime,
  node: ActionNode,
  { watcher, match }: Pick<Alarm, "watcher" | "match">,
  message: string,
): ErrorRecord {
  if (!watcher.error) return toErrorRecord(new Error(`watcher ${watcher.watcher} has no error`));
  const { class: name, message: text, advice, board } = watcher.error;
  const scope = { ...runtime.scope(node, { ...match } as unknown as JsonMap), message };
  if (watcher.kind !== undefined) runtime.notices.noteFatal(node.level, renderText(watcher.kind, scope), message);
  return toErrorRecord(
    makeError(name, renderText(text, scope), {
      ...(advice && { advice: renderText(advice, scope) }),
      ...(board && { board }),
    }),
  );
}
