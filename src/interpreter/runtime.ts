import type { Clock } from "../base/clock.js";
import { type ErrorRecord, makeError, toErrorRecord } from "../base/errors.js";
import { type JsonMap, own } from "../base/json.js";
import type { Pattern } from "../connections/types.js";
import { dialogueStep, nodesByLevel, parentLevel, resetsBoard } from "../pipeline/action-nodes.js";
import type { ActionNode, Pipeline } from "../pipeline/action-tree.js";
import { runtimeScope } from "../pipeline/runtime-scope.js";
import type { Deadline, JobContext, JobEvent } from "../statechart/job-context.js";
import type { Effects, ServiceInput, ServiceOutput, StepInput } from "../statechart/job-machine.js";
import { type CelScope, evaluateTree } from "../strategies/cel.js";
import type { Alarm, AlarmWatch } from "./alarm-watch.js";
import { connectionClosed } from "./connection-closed.js";
import { DeadlineBoard } from "./deadline-board.js";
import type { RunEvent } from "./events.js";
import { JobConsoles } from "./job-consoles.js";
import type { Journal } from "./journal.js";
import type { KernelMessage, MessageReader } from "./kernel-messages.js";
import { ResultBound } from "./result-bound.js";
import { attemptOf, RunLog } from "./run-log.js";
import { RunNotices } from "./run-notices.js";
import { type RuntimeOptions, ServiceRunner } from "./service-runner.js";
import { type Awaiting, type Standing, stuckReport } from "./stuck-report.js";
import { Talk } from "./talk.js";
import { settleAlarm, watchConsole } from "./watch.js";

type Send = (event: JobEvent) => void;

/**
 * The effects of one job over real (or recorded) services, consoles and time. What is not JSON lies in its parts:
 * consoles, what has to be undone, armed deadlines.
 */
export class Runtime implements Effects {
  readonly pipeline: Pipeline;
  readonly clock: Clock;
  readonly log: RunLog;
  readonly consoles: JobConsoles;
  readonly notices: RunNotices;
  readonly services: ServiceRunner;
  readonly awaiting = new Map<string, Awaiting>();
  /** What each action waited for last, also when it waits no more. */
  readonly awaited = new Map<string, Pattern[]>();
  /** Alarms that count, and those who raise them, by level. */
  readonly alarms = new Map<string, Alarm>();
  readonly watching = new Map<string, AlarmWatch>();
  /** Who reads the kernel's messages in an action, and what it has read in this attempt. */
  readonly readers = new Map<string, MessageReader>();
  readonly #heard = new Map<string, KernelMessage[]>();
  context: () => JobContext = () => {
    throw new Error("the chart has not begun");
  };
  statePath: () => string = () => "";
  #nodes: Map<string, ActionNode>;
  #deadlines: DeadlineBoard;

  constructor(options: RuntimeOptions, journal: Journal, emit: (event: RunEvent) => void) {
    const { pipeline, clock } = options;
    const scope = (node: ActionNode) => this.scope(node);
    this.pipeline = pipeline;
    this.clock = clock;
    this.#nodes = nodesByLevel(pipeline.actions);
    this.#deadlines = new DeadlineBoard(clock);
    this.log = new RunLog(clock, journal, emit, {
      results: new ResultBound(pipeline.scope.dispatcher),
      outputs: options.outputs,
    });
    this.consoles = new JobConsoles(clock, this.log, emit);
    this.notices = new RunNotices(clock, this.log, journal, this.consoles, {
      node: (level) => this.node(level),
      all: () => this.#nodes.values(),
      scope,
      heard: (level) => {
        this.readers.get(level)?.close();
        return this.heard(level);
      },
      forget: (level) => {
        this.readers.get(level)?.close();
        this.readers.delete(level);
        this.#heard.delete(level);
      },
    });
    const world = { journal, log: this.log, consoles: this.consoles, emit, scope, context: () => this.context() };
    this.services = new ServiceRunner(options, world);
  }

  now(): number {
    return this.clock.now();
  }
  opensConsole(service: string): boolean {
    return this.services.opensConsole(service);
  }
  node(level: string): ActionNode {
    const node = this.#nodes.get(level);
    if (!node) throw new Error(`no action at level ${level}`);
    return node;
  }
  scope(node: ActionNode, match?: JsonMap): CelScope {
    const context = this.context();
    const test = own(context.tests, node.namespace);
    const { consoles, awaited } = this;
    const failed = context.error?.level ?? node.level;
    const deadline = context.deadlines[node.level]?.at ?? this.now() + node.timeout.seconds * 1000;
    return {
      // What is being tested, for the watchers' messages; a fragment's own variables come before it.
      test: { suite: test?.run?.id ?? null, case: test?.current ?? null, seen: test?.seen ?? [] },
      now: this.now(),
      ...(context.error && { error: context.error }),
      ...runtimeScope(node, this.pipeline, {
        data: own(context.data, node.namespace) ?? {},
        all_data: context.data,
        attempt: attemptOf(node.level, context),
        connected: this.consoles.of(node)?.isClosed === false,
        ...(context.dialogues[node.level] && { context: context.dialogues[node.level] as JsonMap }),
        ...(match && { match }),
      }),
      remaining: Math.max(0, deadline - this.now()) / 1000,
      awaited: (awaited.get(failed) ?? awaited.get(node.level) ?? []).map(({ source }) => source),
      get line() {
        return consoles.of(node)?.lastLine().trim() ?? "";
      },
    };
  }

  /** The kernel's messages that an action has read. */
  heard(level: string): KernelMessage[] {
    const known = this.#heard.get(level) ?? [];
    this.#heard.set(level, known);
    return known;
  }

  sayWaiting(node: ActionNode, patterns: Pattern[]): void {
    if (patterns.length === 0) return;
    const left = (this.context().deadlines[node.level]?.at ?? this.now()) - this.now();
    this.log.debug(
      `${node.name}: waiting for ${patterns.map((p) => JSON.stringify(p.source)).join(", ")} (${Math.ceil(left / 1000)} s left)`,
    );
  }

  /** Where the job stands: what `stuck because` reports are made of. */
  standing(): Standing {
    const awaiting = [...this.awaiting.values()];
    const state = () => this.statePath();
    return {
      state,
      awaiting,
      stuck: () => stuckReport({ awaiting: awaiting.at(-1), work: this.services.works().at(-1) }, state(), this.now()),
    };
  }

  deadline(level: string, deadline: Deadline, fire: (error: ErrorRecord) => void): () => void {
    return this.#deadlines.arm(level, deadline.at, () => fire(this.#timeoutError(level, deadline)));
  }

  /** Whether a retry action that does not reset the board has attempts left, before one around it that does. */
  mayTryInSameBoot(level: string): boolean {
    const { attempts } = this.context();
    for (let at = parentLevel(level); at !== "0"; at = parentLevel(at)) {
      const node = this.node(at);
      if (node.retry && resetsBoard(node)) return false;
      if (node.retry && (attempts[at] ?? 1) < node.maxRetries) return true;
    }
    return false;
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
    const inside = (at: { level: string }) => job || at.level === level || at.level.startsWith(`${level}.`);
    const awaiting = [...this.awaiting.values()].find(inside);
    const work = this.services.works().find(inside);
    // An alarm whose grace had not passed says more than that the time is up.
    const alarm = [...this.watching].find(([at]) => inside({ level: at }))?.[1].error();
    if (alarm && !skips && !job) return alarm;
    return toErrorRecord(
      makeError(className, `${name} timed out after ${budget} seconds`, {
        ...(timeout.location && { location: timeout.location }),
        advice: `Its limit of ${timeout.seconds} s comes from ${timeout.rule}${where}${capped}.`,
        stuck: stuckReport({ awaiting, work }, this.statePath(), this.now()),
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

  talk(input: StepInput & { state: string }, send: Send, signal: AbortSignal): void {
    void new Talk(this, input.level, input.state, send, signal).run();
  }

  watch(input: StepInput, send: Send): () => void {
    const { level } = input;
    const node = this.node(level);
    let stop = () => {};
    let over = false;
    const fail = (error: unknown) => send({ type: "dialogue.failed", level, error: toErrorRecord(error) });
    try {
      stop = watchConsole(this, node, send);
    } catch (error) {
      fail(error);
    }
    void this.consoles.of(node)?.closed.then((reason) => {
      // `closed` by ourselves (finalize) is no fault of the line.
      if (over || reason.kind === "closed") return;
      // An alarm whose grace had not passed says why the line has ended.
      const alarm = this.watching.get(level)?.error();
      if (alarm) return send({ type: "dialogue.failed", level, error: alarm });
      fail(
        connectionClosed(
          reason.message,
          stuckReport({ awaiting: this.awaiting.get(level) }, this.statePath(), this.now()),
        ),
      );
    });
    return () => {
      over = true;
      stop();
    };
  }

  settle(input: StepInput, signal: AbortSignal): Promise<never> {
    return settleAlarm(this, this.node(input.level), signal);
  }

  validate(signal: AbortSignal): Promise<ErrorRecord[]> {
    return this.services.validate(signal);
  }

  service(input: ServiceInput, signal: AbortSignal): Promise<ServiceOutput> {
    const node = this.node(input.level);
    // What the board said before its reset is no news of the boot that follows.
    if (node.resets && input.step === "run") this.consoles.of(node)?.forget();
    return this.services.run(node, input.step, signal);
  }

  async pause(input: StepInput & { ms: number }, signal: AbortSignal): Promise<void> {
    await this.services.undo(input.level);
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
    const failures = await this.consoles.closeAll();
    await this.services.undo().catch((error) => failures.push(error));
    if (failures.length > 0) throw toErrorRecord(failures[0]);
  }
}
