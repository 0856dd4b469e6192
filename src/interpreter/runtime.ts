import type { Clock } from "../base/clock.js";
import {
  DispatchError,
  type ErrorClassName,
  type ErrorRecord,
  JobError,
  LAVABug,
  makeError,
  toErrorRecord,
} from "../base/errors.js";
import type { Json, JsonMap } from "../base/json.js";
import type { Logger, LogLevel } from "../base/log.js";
import type { Problem } from "../base/problem.js";
import { createConsole } from "../connections/console.js";
import type { Connection, Console, Pattern } from "../connections/types.js";
import type { ActionNode, Pipeline, Step } from "../pipeline/action-tree.js";
import { runtimeScope } from "../pipeline/runtime-scope.js";
import { findProgram, missingProgram } from "../services/programs.js";
import type { JobPaths, ServiceContext, ServiceRegistry } from "../services/types.js";
import type { Deadline, JobContext } from "../statechart/job-context.js";
import {
  type Effects,
  type Notices,
  nodesByLevel,
  type ServiceInput,
  type ServiceOutput,
  type StepInput,
} from "../statechart/job-machine.js";
import { type CelScope, evaluateTree } from "../strategies/cel.js";
import type { CelTree } from "../strategies/machines-types.js";
import { actionLogLevel, endLine, errorLines, startLine } from "./action-log.js";
import { DeadlineBoard } from "./deadline-board.js";
import type { RunEvent } from "./events.js";
import type { Journal } from "./journal.js";
import { type Awaiting, stuckReport } from "./stuck-report.js";
import { dialogueStep, Talk } from "./talk.js";
import { type Alarm, settleAlarm, watchConsole } from "./watch.js";

export interface RuntimeOptions {
  pipeline: Pipeline;
  jobId: string;
  paths: JobPaths;
  clock: Clock;
  env: NodeJS.ProcessEnv;
  services: ServiceRegistry;
  version: string;
}

interface Cleanup {
  level: string;
  undo: () => Promise<void>;
}

/**
 * The world of one job: the chart's effects and notices over real (or recorded) services, consoles and time.
 * It holds what is not JSON: consoles, what has to be undone, the phases of the dialogues.
 */
export class Runtime implements Effects, Notices {
  readonly pipeline: Pipeline;
  readonly clock: Clock;
  readonly awaiting = new Map<string, Awaiting>();
  readonly alarms = new Map<string, Alarm>();
  readonly hurry = new AbortController();
  context: () => JobContext = () => {
    throw new Error("the chart has not begun");
  };
  statePath: () => string = () => "";
  #options: RuntimeOptions;
  #nodes: Map<string, ActionNode>;
  #journal: Journal;
  #emit: (event: RunEvent) => void;
  #consoles = new Map<string, Console>();
  #cleanups: Cleanup[] = [];
  #deadlines: DeadlineBoard;
  #phases = new Map<string, string>();
  #started = new Map<string, number>();
  #fatal = new Map<string, { kind: string; message: string }>();
  #lines = 0;
  #effects = 0;
  #namespace = "";

  constructor(options: RuntimeOptions, journal: Journal, emit: (event: RunEvent) => void) {
    this.#options = options;
    this.pipeline = options.pipeline;
    this.clock = options.clock;
    this.#journal = journal;
    this.#emit = emit;
    this.#nodes = nodesByLevel(options.pipeline.actions);
    this.#deadlines = new DeadlineBoard(options.clock);
  }

  // ---- what others ask for

  now(): number {
    return this.clock.now();
  }
  node(level: string): ActionNode {
    const node = this.#nodes.get(level);
    if (!node) throw new Error(`no action at level ${level}`);
    return node;
  }
  /** Number of the last log line, from 0. */
  lastLine(): number {
    return Math.max(0, this.#lines - 1);
  }
  phaseOf(level: string): string {
    return this.#phases.get(level) ?? "";
  }
  /** The console of the action's namespace, or of the one whose connection it shares. */
  consoleOf(node: ActionNode): Console | undefined {
    const shared = node.parameters["connection-namespace"];
    const console =
      this.#consoles.get(node.namespace) ?? (typeof shared === "string" ? this.#consoles.get(shared) : undefined);
    return console;
  }
  scope(node: ActionNode, match?: JsonMap): CelScope {
    const context = this.context();
    const test = context.tests[node.namespace];
    return {
      // What is being tested, for the watchers' messages; a fragment's own variables come before it.
      test: { suite: test?.run?.id ?? null, case: test?.current ?? null },
      ...runtimeScope(node, this.pipeline, {
        data: context.data[node.namespace] ?? {},
        all_data: context.data,
        attempt: this.#attempt(node.level, context),
        connected: this.consoleOf(node)?.isClosed === false,
        ...(context.dialogues[node.level] && { context: context.dialogues[node.level] as JsonMap }),
        ...(match && { match }),
      }),
    };
  }

  log(level: LogLevel, message: Json, options?: { ns?: string }): void {
    this.#emit({ type: "log", t: this.now(), level, message, line: this.#lines++, ...options });
  }
  readonly logger: Logger = {
    log: (level, message, options) => this.log(level, message, options),
    debug: (message) => this.log("debug", message),
    info: (message) => this.log("info", message),
    warning: (message) => this.log("warning", message),
    error: (message) => this.log("error", message),
  };

  /** A LAVA result line; the journal's record says to which log line it belongs. */
  result(level: string, result: JsonMap, context = this.context()): void {
    this.log("results", result);
    const attempt = this.#attempt(level, context);
    this.#journal.add({ kind: "result", t: this.now(), level, attempt, result, log_line: this.lastLine() });
  }

  sayWaiting(node: ActionNode, patterns: Pattern[]): void {
    if (patterns.length === 0) return;
    const left = (this.context().deadlines[node.level]?.at ?? this.now()) - this.now();
    this.log(
      "debug",
      `${node.name}: waiting for ${patterns.map((p) => JSON.stringify(p.source)).join(", ")} (${Math.ceil(left / 1000)} s left)`,
    );
  }

  noteKernelMessage(level: string, kind: string, message: string): void {
    this.#fatal.set(level, { kind, message });
  }

  // ---- effects

  deadline(level: string, deadline: Deadline, fire: (error: ErrorRecord) => void): () => void {
    return this.#deadlines.arm(level, deadline.at, () => fire(this.#timeoutError(level, deadline)));
  }

  #timeoutError(level: string, deadline: Deadline): ErrorRecord {
    const job = level === "0";
    const node = job ? undefined : this.node(level);
    const timeout = node?.timeout ?? this.pipeline.jobTimeout;
    const name = node?.name ?? "job";
    const wanted = node?.timeoutError ?? "JobError";
    const skips = node?.skipOnTimeout === true;
    const className = wanted === "LAVATimeoutError" && !skips ? "TestError" : wanted;
    const budget = Math.round((deadline.at - deadline.since) / 1000);
    const where = timeout.location ? ` (${timeout.location.file}:${timeout.location.line})` : "";
    const capped = budget < timeout.seconds ? `, cut to ${budget} s by the action around it` : "";
    const talk = [...this.awaiting.values()].find((a) => a.level === level || a.level.startsWith(`${level}.`) || job);
    return toErrorRecord(
      makeError(className, `${name} timed out after ${budget} seconds`, {
        ...(timeout.location && { location: timeout.location }),
        advice: `Its limit of ${timeout.seconds} s comes from ${timeout.rule}${where}${capped}.`,
        stuck: stuckReport(talk, this.statePath(), this.now()),
      }),
    );
  }

  async prepare(input: StepInput): Promise<JsonMap> {
    try {
      const node = this.node(input.level);
      const step = dialogueStep(node);
      const scope = this.scope(node);
      const own = { ...step?.dialogue.context, ...step?.with };
      return evaluateTree(own, scope) as JsonMap;
    } catch (error) {
      throw toErrorRecord(error);
    }
  }

  talk(input: StepInput & { state: string }, send: (event: never) => void, signal: AbortSignal): void {
    void new Talk(this, input.level, input.state, send as never, signal).run();
  }

  watch(input: StepInput, send: (event: never) => void): () => void {
    const { level } = input;
    const node = this.node(level);
    let stop = () => {};
    try {
      stop = watchConsole(this, node, send as never);
    } catch (error) {
      (send as (event: object) => void)({ type: "dialogue.failed", level, error: toErrorRecord(error) });
    }
    const console = this.consoleOf(node);
    let over = false;
    void console?.closed.then((reason) => {
      // `closed` by ourselves (finalize) is no fault of the line.
      if (over || reason.kind === "closed") return;
      const error = makeError("ConnectionClosedError", `connection closed: ${reason.message}`, {
        advice: "The console server or the emulator went away, or somebody else took the line.",
        stuck: stuckReport(this.awaiting.get(level), this.statePath(), this.now()),
      });
      (send as (event: object) => void)({ type: "dialogue.failed", level, error: toErrorRecord(error) });
    });
    return () => {
      over = true;
      stop();
    };
  }

  settle(input: StepInput, signal: AbortSignal): Promise<never> {
    return settleAlarm(this, this.node(input.level), signal);
  }

  async service(input: ServiceInput, signal: AbortSignal): Promise<ServiceOutput> {
    const node = this.node(input.level);
    const step = this.#step(node, input.step);
    if (node.cleanup && input.step === "run") {
      const undo = node.cleanup;
      this.#cleanups.push({ level: node.level, undo: async () => void (await this.runStep(node, undo, "cleanup")) });
    }
    return this.runStep(node, step, input.step, signal);
  }

  #step(node: ActionNode, name: string): Step {
    const step = name === "run" ? node.run : name === "conclude" ? node.conclude : node.diagnose[Number(name.slice(9))];
    if (!step) throw toErrorRecord(new Error(`action ${node.level} has no step ${name}`));
    return step;
  }

  /** Runs one service and journals it: before it starts, and after it ended. Rejects with an ErrorRecord. */
  async runStep(
    node: ActionNode,
    step: Step,
    name: string,
    signal = new AbortController().signal,
  ): Promise<ServiceOutput> {
    const id = `${++this.#effects}`;
    const src = step.kind === "service" ? step.service : step.dialogue.dialogue;
    const about = { kind: "effect" as const, id, level: node.level, src };
    try {
      if (step.kind !== "service") throw new LAVABug(`step ${name} of ${node.name} cannot be a dialogue`);
      const service = this.#options.services[step.service];
      if (!service)
        throw new LAVABug(`${node.name}: there is no service "${step.service}"`, { location: node.machine });
      const input = evaluateTree(step.with, this.scope(node)) as JsonMap;
      this.#journal.add({ ...about, t: this.now(), phase: "start", input });
      const output = (await service.run(input, this.#serviceContext(node, signal))) ?? {};
      this.#journal.add({ ...about, t: this.now(), phase: "end", outcome: "done", output: output as Json });
      return output;
    } catch (thrown) {
      const error = toErrorRecord(
        signal.aborted && !(thrown instanceof DispatchError) ? new JobError("stopped") : thrown,
      );
      this.#journal.add({
        ...about,
        t: this.now(),
        phase: "end",
        outcome: signal.aborted ? "stopped" : "error",
        error,
      });
      throw error;
    }
  }

  #serviceContext(node: ActionNode, signal: AbortSignal): ServiceContext {
    const { jobId, paths, clock, env } = this.#options;
    const { scope } = this.pipeline;
    const { name, level, namespace, section, parameters, commandError, location } = node;
    const attempt = this.#attempt(level);
    return {
      action: { name, level, namespace, section, parameters, commandError, attempt, ...(location && { location }) },
      jobId,
      job: scope.job,
      device: scope.device,
      dispatcher: scope.dispatcher,
      paths,
      data: this.context().data[namespace] ?? {},
      signal,
      hurry: this.hurry.signal,
      clock,
      log: this.logger,
      env,
      progress: (progress) => this.#emit({ type: "progress", level, name, progress }),
      console: this.consoleOf(node),
      setConsole: (console) => {
        if (console) this.#consoles.set(namespace, console);
        else this.#consoles.delete(namespace);
      },
      openConsole: (connection, consoleName) => this.#openConsole(connection, consoleName, namespace),
      onCleanup: (undo) => this.#cleanups.push({ level, undo }),
    };
  }

  /** Every console is logged and recorded, always. */
  #openConsole(connection: Connection, _name: string, namespace: string): Console {
    const console = createConsole(connection, { clock: this.clock });
    console.events.subscribe((event) => {
      if (event.kind === "line") {
        const foreign = this.#namespace !== "" && this.#namespace !== namespace && this.#consoles.has(this.#namespace);
        if (foreign) this.log("feedback", event.text, { ns: namespace });
        else this.log("target", event.text);
      } else if (event.kind === "output")
        this.#emit({ type: "console", t: event.time, direction: "output", bytes: event.bytes, secret: false });
      else {
        if (!event.secret) this.log("input", event.text);
        const bytes = Buffer.from(event.text);
        this.#emit({ type: "console", t: event.time, direction: "input", bytes, secret: event.secret });
      }
    });
    return console;
  }

  async validate(signal: AbortSignal): Promise<ErrorRecord[]> {
    const errors: ErrorRecord[] = [];
    const begun = this.now();
    this.log("info", `lava-dispatcher, installed at version: ${this.#options.version}`);
    this.log("info", "start: 0 validate");
    for (const problem of [...this.pipeline.problems, ...this.pipeline.validation])
      if (problem.severity === "error") errors.push(problemError(problem));
    const checks: Promise<void>[] = [];
    for (const node of this.#nodes.values())
      for (const step of [node.run, node.conclude, node.cleanup, ...node.diagnose])
        if (step?.kind === "service") checks.push(this.#validateStep(node, step, errors, signal));
    await Promise.all(checks);
    for (const error of errors) for (const line of errorLines(error)) this.log("error", line);
    this.log("info", `validate duration: ${((this.now() - begun) / 1000).toFixed(2)}`);
    this.result("0", { definition: "lava", case: "validate", result: errors.length > 0 ? "fail" : "pass" });
    return errors;
  }

  async #validateStep(
    node: ActionNode,
    step: Extract<Step, { kind: "service" }>,
    errors: ErrorRecord[],
    signal: AbortSignal,
  ) {
    const add = (error: unknown) => {
      const record = toErrorRecord(error);
      const { location } = node;
      if (errors.some((known) => known.message === record.message)) return;
      errors.push({ level: node.level, action: node.name, ...(location && { location }), ...record });
    };
    try {
      const service = this.#options.services[step.service];
      if (!service)
        throw new LAVABug(`${node.name}: there is no service "${step.service}"`, { location: node.machine });
      const input = knownInput(step.with, this.scope(node));
      const { device } = this.pipeline.scope;
      for (const program of service.programs?.({ input, device, parameters: node.parameters }) ?? [])
        if (!findProgram(program, this.#options.env, this.#options.paths.deviceDir)) throw missingProgram(program);
      for (const error of (await service.validate?.(input, this.#serviceContext(node, signal))) ?? []) add(error);
    } catch (error) {
      add(error);
    }
  }

  async pause(input: StepInput & { ms: number }, signal: AbortSignal): Promise<void> {
    const inside = (level: string) => level === input.level || level.startsWith(`${input.level}.`);
    await this.#undo(this.#cleanups.filter(({ level }) => inside(level)));
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = this.clock.setTimeout(resolve, input.ms);
      signal.addEventListener("abort", () => {
        this.clock.clearTimeout(timer);
        resolve();
      });
    });
  }

  /** At the end: closes every console and undoes everything, last first. Rejects with the first failure. */
  async cleanup(): Promise<void> {
    const failures: unknown[] = [];
    for (const [namespace, console] of this.#consoles) {
      this.#consoles.delete(namespace);
      await console.close().catch((error) => failures.push(error));
    }
    await this.#undo([...this.#cleanups]).catch((error) => failures.push(error));
    if (failures.length > 0) throw toErrorRecord(failures[0]);
  }

  async #undo(entries: Cleanup[]): Promise<void> {
    const failures: unknown[] = [];
    for (const entry of entries.reverse()) {
      this.#cleanups.splice(this.#cleanups.indexOf(entry), 1);
      try {
        await entry.undo();
      } catch (error) {
        const { name } = this.node(entry.level);
        this.log("error", `Failed to clean after action '${name}': ${toErrorRecord(error).message}`);
        failures.push(error);
      }
    }
    if (failures.length > 0) throw toErrorRecord(failures[0]);
  }

  // ---- notices

  #attempt(level: string, context = this.context()): number {
    for (let at = level; at !== ""; at = at.includes(".") ? at.slice(0, at.lastIndexOf(".")) : "") {
      const attempt = context.attempts[at];
      if (attempt !== undefined) return attempt;
    }
    return 1;
  }

  started(level: string, context: JobContext): void {
    const node = this.node(level);
    this.#namespace = node.namespace;
    this.#started.set(level, this.now());
    this.#fatal.delete(level);
    const left = ((context.deadlines[level]?.at ?? this.now()) - this.now()) / 1000;
    this.log(actionLogLevel(level), startLine(node, left));
    this.#journal.add({
      kind: "action",
      t: this.now(),
      level,
      name: node.name,
      status: "start",
      attempt: this.#attempt(level, context),
    });
  }

  ended(level: string, context: JobContext, error: ErrorRecord | null): void {
    const node = this.node(level);
    const duration = (this.now() - (this.#started.get(level) ?? this.now())) / 1000;
    this.#tellKernelMessages(node, context, duration);
    if (error)
      for (const line of error.level === level || !error.level ? errorLines(error) : []) this.log("exception", line);
    this.log(actionLogLevel(level), endLine(node, duration));
    this.#journal.add({
      kind: "action",
      t: this.now(),
      level,
      name: node.name,
      status: error ? "failed" : "done",
      attempt: this.#attempt(level, context),
      duration,
      ...(error && { error }),
    });
    const extra: JsonMap = { ...context.extras[level], ...(error && { fail: error.message }) };
    if (Object.keys(extra).length > 0)
      this.result(level, this.#actionResult(node, node.name, duration, !error, extra), context);
  }

  #actionResult(node: ActionNode, name: string, duration: number, pass: boolean, extra: JsonMap): JsonMap {
    const { namespace, level } = node;
    const result = pass ? "pass" : "fail";
    return { definition: "lava", namespace, case: name, level, duration: duration.toFixed(2), result, extra };
  }

  /** A dialogue that lives through the kernel's boot reports what it heard of it (spec output.md §3). */
  #tellKernelMessages(node: ActionNode, context: JobContext, duration: number): void {
    const states = dialogueStep(node)?.dialogue.states ?? {};
    const fatal = this.#fatal.get(node.level);
    const messages = [...(context.kernel[node.level] ?? []), ...(fatal ? [fatal] : [])];
    if (messages.length === 0 && !Object.values(states).some((state) => state.phase === "kernel")) return;
    const result = this.#actionResult(node, "kernel-messages", duration, fatal === undefined, { extra: messages });
    this.result(node.level, result, context);
  }

  retrying(level: string, context: JobContext): void {
    const node = this.node(level);
    const attempt = context.attempts[level] ?? 1;
    const { error } = context;
    if (error) this.log("error", `${node.name} failed: ${attempt} of ${node.maxRetries} attempts. '${error.message}'`);
    const left = ((context.deadlines[level]?.at ?? this.now()) - this.now()) / 1000;
    this.log("warning", `Retrying: ${level} ${node.name} (timeout ${Math.floor(left)} s left)`);
    this.#journal.add({
      kind: "action",
      t: this.now(),
      level,
      name: node.name,
      status: "retry",
      attempt: attempt + 1,
      ...(error && { error }),
    });
  }

  phase(level: string, phase: string): void {
    this.#phases.set(level, phase);
  }

  tests(level: string, context: JobContext): void {
    const { out } = context.tests[this.node(level).namespace] ?? { out: { results: [], logs: [] } };
    for (const { level: logLevel, message } of out.logs) this.log(logLevel, message);
    for (const result of out.results) this.result(level, result, context);
  }

  noted(_level: string, error: ErrorRecord): void {
    for (const line of errorLines(error)) this.log("error", line);
  }

  settled(context: JobContext): void {
    const { verdict } = context;
    if (verdict?.type === "Canceled") this.log("warning", "Cancelling the job: power off and clean up");
  }
}

/** The inputs that can be known before the run; the others are absent. */
function knownInput(tree: { [key: string]: CelTree }, scope: CelScope): JsonMap {
  const known: JsonMap = {};
  for (const [key, value] of Object.entries(tree)) {
    try {
      known[key] = evaluateTree(value, scope);
    } catch {
      // Depends on what earlier actions will find.
    }
  }
  return known;
}

/** A problem of the job or the device as the error that refuses the job. */
function problemError({ errorClass = "JobError", message, location, hint }: Problem): ErrorRecord {
  const options = { ...(location && { location }), ...(hint && { advice: hint }) };
  return toErrorRecord(makeError(errorClass as ErrorClassName, message, options));
}
