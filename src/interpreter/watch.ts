import { toErrorRecord } from "../base/errors.js";
import { pythonRegExp } from "../base/python-regexp.js";
import type { Console, Match, Pattern } from "../connections/types.js";
import type { ActionNode } from "../pipeline/action-tree.js";
import type { JobEvent } from "../statechart/job-context.js";
import { evaluateCel } from "../strategies/cel.js";
import type { WatcherDefinition } from "../strategies/machines-types.js";
import { type AlarmText, AlarmWatch, alarmError } from "./alarm-watch.js";
import { MessageReader } from "./kernel-messages.js";
import type { Runtime } from "./runtime.js";

/** A message of many lines is cut here (characters). */
const LONGEST_MESSAGE = 64 * 1024;
/** A message that no `until` ends is complete after this silence (ms). */
const DEFAULT_SETTLE = 500;

/**
 * Watches the console of an action beside its dialogue: kernel messages are collected, fatal ones (panic, reset, a
 * bootloader where none belongs) raise an alarm. All patterns run in the console's one pass.
 */
export function watchConsole(runtime: Runtime, node: ActionNode, send: (event: JobEvent) => void): () => void {
  const console = runtime.consoles.of(node);
  if (!console || node.parameters.ignore_kernel_messages === true) return () => {};
  const scope = runtime.scope(node);
  const wanted = runtime.pipeline.watchers.filter(
    ({ when }) => when === undefined || evaluateCel(when, scope) === true,
  );
  const notes = wanted.filter(({ error }) => !error);
  const stopReading = readMessages(runtime, node, console, notes, send);
  const reader = runtime.readers.get(node.level);
  const { patterns, watched } = alarmPatterns(wanted, scope);
  let alarmed = false;
  const alarms = new AlarmWatch(runtime, node, console, {
    raised: (line) => reader?.endBefore(line),
    withdrawn: () => reader?.goOn(),
    counts: (alarm) => {
      alarmed = true;
      send({ type: "watch.alarm", level: node.level, ...alarm });
    },
  });
  const stop = console.watch(patterns, (match, told) => {
    const phase = runtime.notices.phaseOf(node.level);
    const meant = (watched[match.index] ?? []).filter(({ watcher }) => watcher.phases.includes(phase));
    for (const { watcher, life } of meant) if (life) alarms.lives(watcher, match);
    const watcher = meant.find((one) => !one.life && isOfForm(one.watcher, match, scope))?.watcher;
    if (watcher) alarms.raise(watcher, match, () => new Collector(runtime, node, console, watcher, match.line, told));
  });
  runtime.watching.set(node.level, alarms);
  return () => {
    stop();
    alarms.stop();
    if (runtime.watching.get(node.level) === alarms) runtime.watching.delete(node.level);
    // The lines before the alarm's own may not have been told yet.
    if (!alarmed) stopReading();
  };
}

/** What raises alarms, or shows that one was none. Several watchers may look for the same text, each in its phases. */
function alarmPatterns(watchers: WatcherDefinition[], scope: object) {
  const watched: { watcher: WatcherDefinition; life: boolean }[][] = [];
  const patterns: Pattern[] = [];
  for (const watcher of watchers.filter(({ error }) => error)) {
    const add = (expression: string | undefined, kind: Pattern["kind"], life = false) => {
      const sources = expression === undefined ? [] : evaluateCel(expression, scope);
      for (const source of Array.isArray(sources) ? sources : sources === null ? [] : [sources]) {
        const known = patterns.find((pattern) => pattern.source === source && pattern.kind === kind);
        const { index } = known ?? { index: patterns.length };
        if (!known) patterns.push({ source: String(source), kind, index });
        watched[index] = [...(watched[index] ?? []), { watcher, life }];
      }
    };
    add(watcher.pattern, "pattern");
    add(watcher.prompt, "prompt");
    add(watcher.grace?.life, "pattern", true);
  }
  return { patterns, watched };
}

function isOfForm({ form }: WatcherDefinition, { line }: Match, scope: object): boolean {
  return form === undefined || pythonRegExp(String(evaluateCel(form, scope))).test(line);
}

/** Reads what the kernel says while it may speak: from the match on that led there. */
function readMessages(
  runtime: Runtime,
  node: ActionNode,
  console: Console,
  watchers: WatcherDefinition[],
  send: (event: JobEvent) => void,
): () => void {
  const { level } = node;
  let stopped = false;
  const scope = () => runtime.scope(node);
  const reader = new MessageReader(watchers, console, scope, (message) => {
    runtime.heard(level).push(message);
    runtime.notices.messageHeard(level, message);
    if (!stopped) send({ type: "watch.message", level, ...message });
  });
  runtime.readers.get(level)?.close();
  runtime.readers.set(level, reader);
  let stop: (() => void) | undefined;
  const follow = (phase: string) => {
    const speaks = watchers.some(({ phases }) => phases.includes(phase));
    if (speaks) stop ??= console.lines((lines) => reader.read(lines, runtime.notices.phaseOf(level)));
    else {
      stop?.();
      stop = undefined;
      reader.finish();
    }
  };
  follow(runtime.notices.phaseOf(level));
  const unfollow = runtime.notices.onPhase(level, follow);
  const typed = console.events.subscribe((event) => {
    if (event.kind === "input") reader.answered(console.lastLine());
  });
  reader.onClose = () => {
    stopped = true;
    unfollow();
    typed.unsubscribe();
    stop?.();
  };
  return () => reader.close();
}

/**
 * Reads the alarm's message to its end and gives the error that it means. Always rejects: with the error record.
 * A board that is thought dead gets a while to come back by itself where another attempt in the same boot would notice.
 */
export async function settleAlarm(runtime: Runtime, node: ActionNode, signal: AbortSignal): Promise<never> {
  const alarm = runtime.alarms.get(node.level);
  if (!alarm?.watcher.error) throw toErrorRecord(new Error(`no alarm at level ${node.level}`));
  const message = await alarm.done;
  runtime.alarms.delete(node.level);
  signal.throwIfAborted();
  const error = alarmError(runtime, node, alarm, message);
  const { revival } = alarm.watcher.grace ?? {};
  if (error.board === "dead" && revival && runtime.mayTryInSameBoot(node.level)) {
    runtime.log.debug(`Waiting ${revival / 1000} s for the board to come back by itself`);
    if (await alarm.after.speaks(revival, signal)) throw { ...error, board: "unknown" };
  }
  alarm.after.end();
  throw error;
}

/** Collects the lines of one message, from the line of its first match on. */
class Collector implements AlarmText {
  readonly done: Promise<string>;
  begun = false;
  finished = false;
  finish: () => void = () => {};
  text: () => string = () => "";

  /** @param told lines from that of the match on that the console told before */
  constructor(
    runtime: Runtime,
    _node: ActionNode,
    console: Console,
    watcher: WatcherDefinition,
    firstLine: string,
    told: string[],
  ) {
    const until = watcher.until === undefined ? undefined : evaluateCel(watcher.until, runtime.scope(_node));
    const end = typeof until === "string" ? pythonRegExp(until) : undefined;
    const limit = watcher.settle ?? DEFAULT_SETTLE;
    this.done = new Promise((resolve) => {
      const lines: string[] = [];
      let size = 0;
      let timer: unknown;
      let rest = firstLine;
      this.text = () => (lines.length === 0 ? rest : lines.join("\r\n"));
      this.finish = () => {
        if (this.finished) return;
        this.finished = true;
        this.begun = true;
        runtime.clock.clearTimeout(timer);
        subscription.unsubscribe();
        if (lines.length === 0 && rest !== "") lines.push(rest);
        resolve(lines.join("\r\n"));
      };
      const read = (line: string) => {
        if (this.finished || (lines.length === 0 && !line.includes(firstLine.trim().slice(0, 60)))) return;
        rest = "";
        this.begun = true;
        lines.push(line);
        size += line.length;
        // A line of the end pattern is awaited with its line end, as the patterns say `[^\r]*\r`.
        if ((end && lines.length >= 1 && end.test(`${line}\r`)) || size > LONGEST_MESSAGE) this.finish();
      };
      const subscription = console.events.subscribe({
        next: (event) => {
          if (event.kind === "lines") event.lines.forEach(read);
        },
        complete: () => this.finish(),
      });
      told.forEach(read);
      if (!this.finished) timer = runtime.clock.setTimeout(() => this.finish(), limit);
    });
  }
}
