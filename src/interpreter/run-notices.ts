import type { Clock } from "../base/clock.js";
import { type ErrorRecord, toErrorRecord } from "../base/errors.js";
import { type Json, type JsonMap, own } from "../base/json.js";
import { dialogueStep } from "../pipeline/action-nodes.js";
import type { ActionNode } from "../pipeline/action-tree.js";
import type { JobContext } from "../statechart/job-context.js";
import type { Notices } from "../statechart/job-machine.js";
import { type CelScope, evaluateCel, evaluateTree } from "../strategies/cel.js";
import { actionLogLevel, endLine, errorLines, startLine } from "./action-log.js";
import type { JobConsoles } from "./job-consoles.js";
import type { Journal } from "./journal.js";
import type { KernelMessage } from "./kernel-messages.js";
import { attemptOf, type RunLog } from "./run-log.js";

/** What the notices ask of the run around them. */
export interface NoticeSources {
  node: (level: string) => ActionNode;
  /** All actions, in their order. */
  all: () => Iterable<ActionNode>;
  scope: (node: ActionNode) => CelScope;
  /** The kernel's messages that an action has read, complete. */
  heard: (level: string) => KernelMessage[];
  /** The action begins anew. */
  forget: (level: string) => void;
}

/** Tells what the chart does: LAVA's log lines and results around every action, and the journal's action records. */
export class RunNotices implements Notices {
  #clock: Clock;
  #log: RunLog;
  #journal: Journal;
  #consoles: JobConsoles;
  #find: NoticeSources;
  #started = new Map<string, number>();
  #phases = new Map<string, string>();
  #listeners = new Map<string, Set<(phase: string) => void>>();
  #fatal = new Map<string, KernelMessage>();
  /** Actions that saw the kernel's boot come to its end. */
  #booted = new Set<string>();

  constructor(clock: Clock, log: RunLog, journal: Journal, consoles: JobConsoles, find: NoticeSources) {
    this.#clock = clock;
    this.#log = log;
    this.#journal = journal;
    this.#consoles = consoles;
    this.#find = find;
  }

  /** Whose the console is in the dialogue of an action. */
  phaseOf(level: string): string {
    return this.#phases.get(level) ?? "";
  }
  phase(level: string, phase: string, state: string): void {
    this.#phases.set(level, phase);
    if (dialogueStep(this.#find.node(level))?.dialogue.states[state]?.booted) this.#booted.add(level);
    for (const listener of this.#listeners.get(level) ?? []) listener(phase);
  }
  /** Calls back when the console becomes somebody else's; returns how to stop. */
  onPhase(level: string, listener: (phase: string) => void): () => void {
    const listeners = this.#listeners.get(level) ?? new Set();
    this.#listeners.set(level, listeners.add(listener));
    return () => listeners.delete(listener);
  }
  messageHeard(level: string, { kind }: KernelMessage): void {
    const node = this.#find.node(level);
    if (this.#tellsKernel(node)) this.#log.warning(`${node.name}: kernel '${kind}'`);
  }
  /** The message that ended an action, for its kernel-messages result. */
  noteFatal(level: string, kind: string, message: string): void {
    this.#fatal.set(level, { kind, message });
  }

  started(level: string, context: JobContext): void {
    const node = this.#find.node(level);
    this.#consoles.namespace = node.namespace;
    this.#started.set(level, this.#clock.now());
    this.#fatal.delete(level);
    this.#booted.delete(level);
    this.#find.forget(level);
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
    const node = this.#find.node(level);
    const duration = (this.#clock.now() - (this.#started.get(level) ?? this.#clock.now())) / 1000;
    const heard = this.#tellKernelMessages(node, context, duration);
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
    const extra: JsonMap = { ...context.extras[level], ...heard, ...(error && { fail: error.message }) };
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
      this.#log.results(node.level, evaluateTree(unfinished, this.#find.scope(node)), context);
    } catch (thrown) {
      this.#log.log("error", `${node.name}: ${toErrorRecord(thrown).message}`);
    }
  }

  /** Whether what the kernel says meanwhile is a result of the action's dialogue. */
  #tellsKernel(node: ActionNode): boolean {
    const condition = dialogueStep(node)?.dialogue.kernel_messages;
    try {
      return condition !== undefined && evaluateCel(condition, this.#find.scope(node)) === true;
    } catch {
      return false; // it ended before it had its variables
    }
  }

  /**
   * A dialogue that lives through the kernel's boot tells what it heard of it, as soon as that is known: a boot that was
   * given up tells nothing (spec output.md §3). What the action's own result says of it.
   */
  #tellKernelMessages(node: ActionNode, context: JobContext, duration: number): JsonMap {
    const fatal = this.#fatal.get(node.level);
    if (!this.#tellsKernel(node) || !(fatal || this.#booted.has(node.level))) return {};
    const heard = this.#find.heard(node.level).map((message) => ({ ...message }));
    const messages = [...heard, ...(fatal ? [{ ...fatal }] : [])];
    const result = this.#actionResult(node, "kernel-messages", duration, fatal === undefined, { extra: messages });
    this.#log.result(node.level, result, context);
    if (fatal) return {};
    return heard.length > 0 ? { extra: heard } : { success: "No kernel warnings or errors detected." };
  }

  retrying(level: string, context: JobContext): void {
    const node = this.#find.node(level);
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
    const { out } = own(context.tests, this.#find.node(level).namespace) ?? { out: { results: [], logs: [] } };
    for (const { level: logLevel, message } of out.logs) this.#log.log(logLevel, message);
    for (const result of out.results) this.#log.result(level, result, context);
  }

  results(level: string, results: Json, context: JobContext): void {
    this.#log.results(level, results, context);
  }

  noted(_level: string, error: ErrorRecord): void {
    for (const line of errorLines(error)) this.#log.log("error", line);
  }

  /** Dialogues that never began: what they would have had to tell. */
  neverRan(context: JobContext): void {
    for (const node of this.#find.all()) {
      const { dialogue, with: given } = dialogueStep(node) ?? {};
      if (dialogue?.unfinished === undefined || context.dialogues[node.level]) continue;
      try {
        const scope = this.#find.scope(node);
        const own = evaluateTree({ ...dialogue.context, ...given }, scope);
        this.#log.results(node.level, evaluateTree(dialogue.unfinished, { ...scope, context: own }), context);
      } catch (thrown) {
        this.#log.debug(`${node.name}: what it would have told is not known: ${toErrorRecord(thrown).message}`);
      }
    }
  }

  settled(context: JobContext): void {
    this.neverRan(context);
    const { verdict } = context;
    if (verdict?.type === "Canceled") this.#log.log("warning", "Cancelling the job: power off and clean up");
  }
}
