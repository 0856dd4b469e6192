import type { Clock } from "../base/clock.js";
import { type ErrorRecord, toErrorRecord } from "../base/errors.js";
import type { Json, JsonMap } from "../base/json.js";
import { dialogueStep } from "../pipeline/action-nodes.js";
import type { ActionNode } from "../pipeline/action-tree.js";
import type { JobContext } from "../statechart/job-context.js";
import type { Notices } from "../statechart/job-machine.js";
import { type CelScope, evaluateTree } from "../strategies/cel.js";
import { actionLogLevel, endLine, errorLines, startLine } from "./action-log.js";
import type { JobConsoles } from "./job-consoles.js";
import type { Journal } from "./journal.js";
import { attemptOf, type RunLog } from "./run-log.js";

/** Tells what the chart does: LAVA's log lines and results around every action, and the journal's action records. */
export class RunNotices implements Notices {
  #clock: Clock;
  #log: RunLog;
  #journal: Journal;
  #consoles: JobConsoles;
  #node: (level: string) => ActionNode;
  #scope: (node: ActionNode) => CelScope;
  #started = new Map<string, number>();
  #phases = new Map<string, string>();
  #fatal = new Map<string, { kind: string; message: string }>();

  constructor(
    clock: Clock,
    log: RunLog,
    journal: Journal,
    consoles: JobConsoles,
    find: { node: (level: string) => ActionNode; scope: (node: ActionNode) => CelScope },
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#journal = journal;
    this.#consoles = consoles;
    this.#node = find.node;
    this.#scope = find.scope;
  }

  /** Whose the console is in the dialogue of an action. */
  phaseOf(level: string): string {
    return this.#phases.get(level) ?? "";
  }
  phase(level: string, phase: string): void {
    this.#phases.set(level, phase);
  }
  /** The message that ended an action, for its kernel-messages result. */
  noteFatal(level: string, kind: string, message: string): void {
    this.#fatal.set(level, { kind, message });
  }

  started(level: string, context: JobContext): void {
    const node = this.#node(level);
    this.#consoles.namespace = node.namespace;
    this.#started.set(level, this.#clock.now());
    this.#fatal.delete(level);
    const left = ((context.deadlines[level]?.at ?? this.#clock.now()) - this.#clock.now()) / 1000;
    this.#log.log(actionLogLevel(level), startLine(node, left));
    this.#journal.add({
      kind: "action",
      t: this.#clock.now(),
      level,
      name: node.name,
      status: "start",
      attempt: attemptOf(level, context),
    });
  }

  ended(level: string, context: JobContext, error: ErrorRecord | null): void {
    const node = this.#node(level);
    const duration = (this.#clock.now() - (this.#started.get(level) ?? this.#clock.now())) / 1000;
    this.#tellKernelMessages(node, context, duration);
    if (error) this.#tellUnfinished(node, context);
    this.#consoles.closeOwn(node);
    if (error)
      for (const line of error.level === level || !error.level ? errorLines(error) : [])
        this.#log.log("exception", line);
    this.#log.log(actionLogLevel(level), endLine(node, duration));
    this.#journal.add({
      kind: "action",
      t: this.#clock.now(),
      level,
      name: node.name,
      status: error ? "failed" : "done",
      attempt: attemptOf(level, context),
      duration,
      ...(error && { error }),
    });
    const extra: JsonMap = { ...context.extras[level], ...(error && { fail: error.message }) };
    if (Object.keys(extra).length > 0)
      this.#log.result(level, this.#actionResult(node, node.name, duration, !error, extra), context);
  }

  #actionResult(node: ActionNode, name: string, duration: number, pass: boolean, extra: JsonMap): JsonMap {
    const { namespace, level } = node;
    const result = pass ? "pass" : "fail";
    return { definition: "lava", namespace, case: name, level, duration: duration.toFixed(2), result, extra };
  }

  /** Results of what a dialogue has begun and not ended. */
  #tellUnfinished(node: ActionNode, context: JobContext): void {
    const unfinished = dialogueStep(node)?.dialogue.unfinished;
    if (unfinished === undefined || !context.dialogues[node.level]) return;
    try {
      this.#log.results(node.level, evaluateTree(unfinished, this.#scope(node)), context);
    } catch (thrown) {
      this.#log.log("error", `${node.name}: ${toErrorRecord(thrown).message}`);
    }
  }

  /** A dialogue that lives through the kernel's boot reports what it heard of it (spec output.md §3). */
  #tellKernelMessages(node: ActionNode, context: JobContext, duration: number): void {
    const states = dialogueStep(node)?.dialogue.states ?? {};
    const fatal = this.#fatal.get(node.level);
    const messages = [...(context.kernel[node.level] ?? []), ...(fatal ? [fatal] : [])];
    if (messages.length === 0 && !Object.values(states).some((state) => state.phase === "kernel")) return;
    const result = this.#actionResult(node, "kernel-messages", duration, fatal === undefined, { extra: messages });
    this.#log.result(node.level, result, context);
  }

  retrying(level: string, context: JobContext): void {
    const node = this.#node(level);
    const attempt = context.attempts[level] ?? 1;
    const { error } = context;
    if (error)
      this.#log.log("error", `${node.name} failed: ${attempt} of ${node.maxRetries} attempts. '${error.message}'`);
    const left = ((context.deadlines[level]?.at ?? this.#clock.now()) - this.#clock.now()) / 1000;
    this.#log.log("warning", `Retrying: ${level} ${node.name} (timeout ${Math.floor(left)} s left)`);
    this.#journal.add({
      kind: "action",
      t: this.#clock.now(),
      level,
      name: node.name,
      status: "retry",
      attempt: attempt + 1,
      ...(error && { error }),
    });
  }

  tests(level: string, context: JobContext): void {
    const { out } = context.tests[this.#node(level).namespace] ?? { out: { results: [], logs: [] } };
    for (const { level: logLevel, message } of out.logs) this.#log.log(logLevel, message);
    for (const result of out.results) this.#log.result(level, result, context);
  }

  results(level: string, results: Json, context: JobContext): void {
    this.#log.results(level, results, context);
  }

  noted(_level: string, error: ErrorRecord): void {
    for (const line of errorLines(error)) this.#log.log("error", line);
  }

  settled(context: JobContext): void {
    const { verdict } = context;
    if (verdict?.type === "Canceled") this.#log.log("warning", "Cancelling the job: power off and clean up");
  }
}
