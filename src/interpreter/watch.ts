import { makeError, toErrorRecord } from "../base/errors.js";
import type { JsonMap } from "../base/json.js";
import { pythonRegExp } from "../base/python-regexp.js";
import type { Console, Match, Pattern } from "../connections/types.js";
import type { ActionNode } from "../pipeline/action-tree.js";
import type { JobEvent } from "../statechart/job-context.js";
import { evaluateCel } from "../strategies/cel.js";
import type { WatcherDefinition } from "../strategies/machines-types.js";
import { renderText } from "../strategies/text.js";
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
  const watchers: WatcherDefinition[] = [];
  const patterns: Pattern[] = [];
  const scope = runtime.scope(node);
  for (const watcher of runtime.pipeline.watchers) {
    if (watcher.when !== undefined && evaluateCel(watcher.when, scope) !== true) continue;
    const sources = evaluateCel(watcher.pattern ?? watcher.prompt ?? "[]", scope);
    const kind = watcher.prompt === undefined ? "pattern" : "prompt";
    for (const source of Array.isArray(sources) ? sources : sources === null ? [] : [sources]) {
      patterns.push({ source: String(source), kind, index: watchers.length });
      watchers.push(watcher);
    }
  }
  let open: Collector | undefined;
  const stop = console.watch(patterns, (match) => {
    const watcher = watchers[match.index];
    if (!watcher?.phases.includes(runtime.notices.phaseOf(node.level))) return;
    if (open && !open.finished) return; // part of the message being read
    const collector = new Collector(runtime, node, console, watcher, match.line);
    open = collector;
    if (watcher.error) {
      runtime.alarms.set(node.level, { done: collector.done, watcher, match });
      send({ type: "watch.alarm", level: node.level, kind: watcher.watcher, line: match.line });
    } else
      void collector.done.then((message) => {
        if (stopped) return;
        const kind = renderText(watcher.kind, { ...runtime.scope(node, asJson(match)), message });
        send({ type: "watch.message", level: node.level, kind: kind || kindOf(message), message });
      });
  });
  let stopped = false;
  return () => {
    stopped = true;
    stop();
    if (open && !open.watcher.error) open.finish();
  };
}

/** What a "cut here" block is about (spec runtime.md §6, row 0). */
function kindOf(message: string): string {
  const word = ["Oops", "BUG", "WARNING"].find((candidate) => message.includes(candidate));
  return word?.toLowerCase() ?? "unknown";
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
