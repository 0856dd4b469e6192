import { makeError, toErrorRecord } from "../base/errors.js";
import type { JsonMap } from "../base/json.js";
import { pythonRegExp } from "../base/python-regexp.js";
import type { Console, Match, Pattern } from "../connections/types.js";
import type { ActionNode } from "../pipeline/action-tree.js";
import type { JobEvent } from "../statechart/job-context.js";
import { evaluateCel } from "../strategies/cel.js";
import type { WatcherDefinition } from "../strategies/machines-types.js";
import { renderText } from "../strategies/text.js";
import { MessageReader } from "./kernel-messages.js";
import type { Runtime } from "./runtime.js";

/** A message of many lines is cut here (characters). */
const LONGEST_MESSAGE = 64 * 1024;
/** A message that no `until` ends is complete after this silence (ms). */
const DEFAULT_SETTLE = 500;

/** An alarm that a `settle` actor reads to its end. */
export interface Alarm {
  done: Promise<string>;
  watcher: WatcherDefinition;
  match: Match;
}

const asJson = (match: Match): JsonMap => ({ ...match }) as unknown as JsonMap;

/**
 * Watches the console of an action beside its dialogue: kernel messages are collected, fatal ones (panic, reset, a
 * bootloader where none belongs) raise an alarm at once. All patterns run in the console's one pass.
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
  const watchers: WatcherDefinition[] = [];
  const patterns: Pattern[] = [];
  for (const watcher of wanted) {
    if (!watcher.error) continue;
    const sources = evaluateCel(watcher.pattern ?? watcher.prompt ?? "[]", scope);
    const kind = watcher.prompt === undefined ? "pattern" : "prompt";
    for (const source of Array.isArray(sources) ? sources : sources === null ? [] : [sources]) {
      patterns.push({ source: String(source), kind, index: watchers.length });
      watchers.push(watcher);
    }
  }
  let alarmed = false;
  const stop = console.watch(patterns, (match) => {
    const watcher = watchers[match.index];
    if (alarmed || !watcher?.phases.includes(runtime.notices.phaseOf(node.level))) return;
    alarmed = true; // what follows is part of its message
    reader?.endBefore(match.line);
    const collector = new Collector(runtime, node, console, watcher, match.line);
    runtime.alarms.set(node.level, { done: collector.done, watcher, match });
    send({ type: "watch.alarm", level: node.level, kind: watcher.watcher, line: match.line });
  });
  return () => {
    stop();
    // The lines before the alarm's own may not have been told yet.
    if (!alarmed) stopReading();
  };
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
  reader.onClose = () => {
    stopped = true;
    unfollow();
    stop?.();
  };
  return () => reader.close();
}

/** Reads the alarm's message to its end and gives the error that it means. Always rejects: with the error record. */
export async function settleAlarm(runtime: Runtime, node: ActionNode, signal: AbortSignal): Promise<never> {
  const alarm = runtime.alarms.get(node.level);
  if (!alarm?.watcher.error) throw toErrorRecord(new Error(`no alarm at level ${node.level}`));
  const message = await alarm.done;
  runtime.alarms.delete(node.level);
  signal.throwIfAborted();
  const { class: name, message: text, advice, board } = alarm.watcher.error;
  const scope = { ...runtime.scope(node, asJson(alarm.match)), message };
  runtime.notices.noteFatal(node.level, renderText(alarm.watcher.kind, scope), message);
  throw toErrorRecord(
    makeError(name, renderText(text, scope), {
      ...(advice && { advice: renderText(advice, scope) }),
      ...(board && { board }),
    }),
  );
}

/** Collects the lines of one message, from the line of its first match on. */
class Collector {
  readonly done: Promise<string>;
  readonly watcher: WatcherDefinition;
  finished = false;
  finish: () => void = () => {};

  constructor(runtime: Runtime, _node: ActionNode, console: Console, watcher: WatcherDefinition, firstLine: string) {
    this.watcher = watcher;
    const until = watcher.until === undefined ? undefined : evaluateCel(watcher.until, runtime.scope(_node));
    const end = typeof until === "string" ? pythonRegExp(until) : undefined;
    const limit = watcher.settle ?? DEFAULT_SETTLE;
    this.done = new Promise((resolve) => {
      const lines: string[] = [];
      let size = 0;
      let timer: unknown;
      let rest = firstLine;
      this.finish = () => {
        if (this.finished) return;
        this.finished = true;
        runtime.clock.clearTimeout(timer);
        subscription.unsubscribe();
        if (lines.length === 0 && rest !== "") lines.push(rest);
        resolve(lines.join("\r\n"));
      };
      const subscription = console.events.subscribe({
        next: (event) => {
          for (const line of event.kind === "lines" ? event.lines : []) {
            if (this.finished) return;
            if (lines.length === 0 && !line.includes(firstLine.trim().slice(0, 60))) continue;
            rest = "";
            lines.push(line);
            size += line.length;
            // A line of the end pattern is awaited with its line end, as the patterns say `[^\r]*\r`.
            if ((end && lines.length >= 1 && end.test(`${line}\r`)) || size > LONGEST_MESSAGE) this.finish();
          }
        },
        complete: () => this.finish(),
      });
      timer = runtime.clock.setTimeout(() => this.finish(), limit);
    });
  }
}
