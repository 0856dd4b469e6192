import type { Clock } from "../base/clock.js";
import {
  DispatchError,
  type ErrorClassName,
  type ErrorRecord,
  InfrastructureError,
  JobError,
  LAVABug,
  makeError,
  toErrorRecord,
} from "../base/errors.js";
import { type Json, type JsonMap, own } from "../base/json.js";
import type { Logger } from "../base/log.js";
import type { Problem } from "../base/problem.js";
import type { Connection, Console } from "../connections/types.js";
import { nodesByLevel } from "../pipeline/action-nodes.js";
import type { ActionNode, Pipeline, Step } from "../pipeline/action-tree.js";
import { DiskMeter } from "../services/disk-meter.js";
import { ProgramGuard } from "../services/program-guard.js";
import { findProgram, missingProgram } from "../services/programs.js";
import type { JobPaths, ServiceContext, ServiceRegistry } from "../services/types.js";
import type { JobContext } from "../statechart/job-context.js";
import type { ServiceOutput } from "../statechart/job-machine.js";
import { type CelScope, evaluateTree } from "../strategies/cel.js";
import type { CelTree } from "../strategies/machines-types.js";
import { errorLines } from "./action-log.js";
import { withoutConsole } from "./console-check.js";
import type { RunEvent } from "./events.js";
import type { Journal } from "./journal.js";
import type { OutputBound } from "./output-bound.js";
import { attemptOf, type RunLog } from "./run-log.js";
import type { Work } from "./stuck-report.js";

export interface RuntimeOptions {
  pipeline: Pipeline;
  jobId: string;
  paths: JobPaths;
  clock: Clock;
  env: NodeJS.ProcessEnv;
  services: ServiceRegistry;
  version: string;
  /** How much may be written of what the job says. */
  outputs?: OutputBound;
  /** What the log tells before the job begins. */
  notes?: { level: "info" | "warning"; message: string }[];
}

/** Where services find and leave consoles. */
export interface ConsoleTable {
  of(node: ActionNode): Console | undefined;
  set(node: ActionNode, console: Console | undefined): void;
  open(connection: Connection, node: ActionNode): Console;
}

/** What a runner needs of the job around it. */
export interface RunnerWorld {
  journal: Journal;
  log: RunLog;
  consoles: ConsoleTable;
  emit: (event: RunEvent) => void;
  scope: (node: ActionNode) => CelScope;
  context: () => JobContext;
}

/** ms that one diagnosis may take. */
const DIAGNOSIS_LIMIT = 10_000;

/** ms that one step of cleaning up may take, and what is left of it once the user is in a hurry. */
const UNDO_LIMIT = 60_000;
const UNDO_LIMIT_IN_A_HURRY = 5_000;

interface Cleanup {
  level: string;
  undo: (signal: AbortSignal) => Promise<unknown>;
}

/** Runs the services of a job: checks them before the run, journals them, keeps what has to be undone. */
export class ServiceRunner {
  /** Aborted when the user is in a hurry. */
  readonly hurry = new AbortController();
  #options: RuntimeOptions;
  #nodes: Map<string, ActionNode>;
  #journal: Journal;
  #log: RunLog;
  #consoles: ConsoleTable;
  #emit: (event: RunEvent) => void;
  #scope: (node: ActionNode) => CelScope;
  #context: () => JobContext;
  #cleanups: Cleanup[] = [];
  #effects = 0;
  #works = new Set<Work>();
  /** One for the whole job. */
  #meter: DiskMeter;
  readonly #guard = new ProgramGuard();

  /** Whether a service of this name opens a console. */
  opensConsole(name: string): boolean {
    return this.#options.services[name]?.opensConsole === true;
  }

  constructor(options: RuntimeOptions, world: RunnerWorld) {
    this.#options = options;
    this.#meter = new DiskMeter(options.pipeline.scope.dispatcher);
    this.#nodes = nodesByLevel(options.pipeline.actions);
    this.#journal = world.journal;
    this.#log = world.log;
    this.#consoles = world.consoles;
    this.#emit = world.emit;
    this.#scope = world.scope;
    this.#context = world.context;
  }

  /** A step of an action; what its `cleanup` undoes is noted before it starts. Rejects with an ErrorRecord. */
  async run(node: ActionNode, name: string, signal: AbortSignal): Promise<ServiceOutput> {
    const step = name === "run" ? node.run : name === "conclude" ? node.conclude : node.diagnose[Number(name.slice(9))];
    if (!step) throw toErrorRecord(new Error(`action ${node.level} has no step ${name}`));
    if (node.cleanup && name === "run") {
      const undo = node.cleanup;
      this.#cleanups.push({ level: node.level, undo: (stop) => this.runStep(node, undo, "cleanup", stop) });
    }
    return name.startsWith("diagnose-")
      ? this.#bounded(signal, (limited) => this.runStep(node, step, name, limited))
      : this.runStep(node, step, name, signal);
  }

  /** No deadline ends a diagnosis: it gets a limit of its own. */
  async #bounded<T>(signal: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock } = this.#options;
    const limit = new AbortController();
    let timer: unknown;
    const over = new Promise<never>((_, reject) => {
      timer = clock.setTimeout(() => {
        limit.abort();
        reject(toErrorRecord(new JobError(`The diagnosis took longer than ${DIAGNOSIS_LIMIT / 1000} s`)));
      }, DIAGNOSIS_LIMIT);
    });
    try {
      return await Promise.race([run(AbortSignal.any([signal, limit.signal])), over]);
    } finally {
      clock.clearTimeout(timer);
    }
  }

  /** What runs now. */
  works(): Work[] {
    return [...this.#works];
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
    const work: Work = { level: node.level, service: src, since: this.#options.clock.now() };
    this.#works.add(work);
    try {
      if (step.kind !== "service") throw new LAVABug(`step ${name} of ${node.name} cannot be a dialogue`);
      const service = this.#options.services[step.service];
      if (!service)
        throw new LAVABug(`${node.name}: there is no service "${step.service}"`, { location: node.machine });
      const input = evaluateTree(step.with, this.#scope(node)) as JsonMap;
      this.#journal.add({ ...about, t: this.#options.clock.now(), phase: "start", input });
      const output = (await service.run(input, this.#serviceContext(node, signal, work))) ?? {};
      this.#journal.add({
        ...about,
        t: this.#options.clock.now(),
        phase: "end",
        outcome: "done",
        output: output as Json,
      });
      return output;
    } catch (thrown) {
      const error = toErrorRecord(
        signal.aborted && !(thrown instanceof DispatchError) ? new JobError("stopped") : thrown,
      );
      this.#journal.add({
        ...about,
        t: this.#options.clock.now(),
        phase: "end",
        outcome: signal.aborted ? "stopped" : "error",
        error,
      });
      throw error;
    } finally {
      this.#works.delete(work);
    }
  }

  #serviceContext(node: ActionNode, signal: AbortSignal, work?: Work): ServiceContext {
    const { jobId, paths, clock, env } = this.#options;
    const { scope } = this.#options.pipeline;
    const { name, level, namespace, section, parameters, commandError, location } = node;
    const attempt = attemptOf(level, this.#context());
    return {
      action: { name, level, namespace, section, parameters, commandError, attempt, ...(location && { location }) },
      jobId,
      job: scope.job,
      device: scope.device,
      dispatcher: scope.dispatcher,
      meter: this.#meter,
      guard: this.#guard,
      paths,
      data: own(this.#context().data, namespace) ?? {},
      signal,
      hurry: this.hurry.signal,
      clock,
      log: work ? noted(this.#log, work) : this.#log,
      env,
      progress: (progress) => {
        if (work) work.progress = progress;
        this.#emit({ type: "progress", level, name, progress });
      },
      console: this.#consoles.of(node),
      setConsole: (console) => this.#consoles.set(node, console),
      openConsole: (connection) => this.#consoles.open(connection, node),
      onCleanup: (undo) => this.#cleanups.push({ level, undo }),
    };
  }

  /** Programs, URLs and problems, before anything runs (spec runtime.md §2 validate). */
  async validate(signal: AbortSignal): Promise<ErrorRecord[]> {
    const { clock, version, pipeline } = this.#options;
    const errors: ErrorRecord[] = [];
    const begun = clock.now();
    this.#log.info(`lava-dispatcher, installed at version: ${version}`);
    this.#log.info("start: 0 validate");
    for (const { level, message } of this.#options.notes ?? []) this.#log.log(level, message);
    for (const problem of [...pipeline.problems, ...pipeline.validation])
      if (problem.severity === "error") errors.push(problemError(problem));
      else this.#log.warning(warningText(problem));
    const checks: Promise<void>[] = [];
    for (const node of this.#nodes.values())
      for (const step of [node.run, node.conclude, node.cleanup, ...node.diagnose])
        if (step?.kind === "service") checks.push(this.#validateStep(node, step, errors, signal));
    await Promise.all(checks);
    for (const problem of withoutConsole(pipeline.actions, this.#options.services))
      this.#log.warning(warningText(problem));
    for (const error of errors) for (const line of errorLines(error)) this.#log.error(line);
    this.#log.info(`validate duration: ${((clock.now() - begun) / 1000).toFixed(2)}`);
    const result = errors.length > 0 ? "fail" : "pass";
    this.#log.result("0", { definition: "lava", case: "validate", result }, this.#context());
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
      if (!service.programs && !service.validate) return;
      const input = knownInput(step.with, this.#scope(node));
      const { device } = this.#options.pipeline.scope;
      for (const program of service.programs?.({ input, device, parameters: node.parameters }) ?? [])
        if (!findProgram(program, this.#options.env, this.#options.paths.deviceDir)) throw missingProgram(program);
      for (const error of (await service.validate?.(input, this.#serviceContext(node, signal))) ?? []) add(error);
    } catch (error) {
      add(error);
    }
  }

  /** Undoes what the subtree of a level has left, last first; all of it without a level. Rejects with the first failure. */
  async undo(level?: string): Promise<void> {
    const inside = (at: string) => level === undefined || at === level || at.startsWith(`${level}.`);
    try {
      await this.#undo(this.#cleanups.filter((entry) => inside(entry.level)));
    } finally {
      if (level === undefined) this.#guard.close();
    }
  }

  /** What hangs must not hold the job: its programs are ended, and it is given up. */
  async #undoInTime({ undo }: Cleanup): Promise<void> {
    const { clock } = this.#options;
    const stop = new AbortController();
    const timers: unknown[] = [];
    const over = new Promise<never>((_, reject) => {
      const giveUpAfter = (ms: number) => {
        const error = new InfrastructureError(`It took longer than ${ms / 1000} s and was given up`, {
          advice:
            "Something may be left on the worker: a container, a mount, a server. The log above says what was being undone.",
        });
        timers.push(
          clock.setTimeout(() => {
            stop.abort(error);
            reject(error);
          }, ms),
        );
      };
      giveUpAfter(UNDO_LIMIT);
      const hurry = () => giveUpAfter(UNDO_LIMIT_IN_A_HURRY);
      if (this.hurry.signal.aborted) hurry();
      else this.hurry.signal.addEventListener("abort", hurry, { once: true, signal: stop.signal });
    });
    try {
      await Promise.race([undo(stop.signal), over]);
    } finally {
      for (const timer of timers) clock.clearTimeout(timer);
      stop.abort();
    }
  }

  async #undo(entries: Cleanup[]): Promise<void> {
    const failures: unknown[] = [];
    for (const entry of entries.reverse()) {
      this.#cleanups.splice(this.#cleanups.indexOf(entry), 1);
      try {
        await this.#undoInTime(entry);
      } catch (error) {
        const { name } = this.#nodes.get(entry.level) ?? { name: entry.level };
        this.#log.error(`Failed to clean after action '${name}': ${toErrorRecord(error).message}`);
        failures.push(error);
      }
    }
    if (failures.length > 0) throw toErrorRecord(failures[0]);
  }
}

/** A log of which the last warning is noted. */
const noted = (log: RunLog, work: Work): Logger => ({
  log: (level, message, options) => log.log(level, message, options),
  debug: (message) => log.debug(message),
  info: (message) => log.info(message),
  warning: (message) => {
    work.trouble = typeof message === "string" ? message : JSON.stringify(message);
    log.warning(message);
  },
  error: (message) => log.error(message),
});

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

/** A warning as one line of the log: what, where, what to do. */
function warningText({ message, location, hint }: Problem): string {
  const place = location ? `${location.file}:${location.line}:${location.column}: ` : "";
  return `${place}${message}${hint ? ` (${hint})` : ""}`;
}

/** A problem of the job or the device as the error that refuses the job. */
function problemError({ errorClass = "JobError", message, location, hint }: Problem): ErrorRecord {
  const options = { ...(location && { location }), ...(hint && { advice: hint }) };
  return toErrorRecord(makeError(errorClass as ErrorClassName, message, options));
}
