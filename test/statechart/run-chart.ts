/** Runs a chart in virtual time with services that a test scripts. */
import { createActor } from "xstate";
import { SteppingClock } from "../../src/base/clock.js";
import { type ErrorClassName, type ErrorRecord, JobCanceled, makeError, toErrorRecord } from "../../src/base/errors.js";
import { DeadlineBoard } from "../../src/interpreter/deadline-board.js";
import { nodesByLevel } from "../../src/pipeline/action-nodes.js";
import type { Pipeline } from "../../src/pipeline/action-tree.js";
import { compileChart } from "../../src/statechart/compile-chart.js";
import type { JobContext } from "../../src/statechart/job-context.js";
import { createJobMachine, type Effects, type Notices, type ServiceOutput } from "../../src/statechart/job-machine.js";

export interface Call {
  level: string;
  service: string;
  /** How often this service was called before. */
  count: number;
  now: number;
}
/** What a service does: an output, an error, or a time in ms before it ends (`Infinity`: never). */
export type Behaviour = (call: Call) => ServiceOutput | Error | number | undefined;

export async function runChart(pipeline: Pipeline, services: { [name: string]: Behaviour }, cancelAt?: number) {
  const clock = new SteppingClock(0);
  const board = new DeadlineBoard(clock);
  const nodes = nodesByLevel(pipeline.actions);
  const trace: string[] = [];
  const counts: { [service: string]: number } = {};
  const wait = (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(new Error("stopped")));
      if (Number.isFinite(ms)) clock.setTimeout(resolve, ms);
    });
  const effects: Effects = {
    now: () => clock.now(),
    opensConsole: (service) => service === "connect",
    deadline: (level, deadline, fire) =>
      board.arm(level, deadline.at, () => {
        const node = nodes.get(level);
        const message = `${node?.name ?? "job"} timed out after ${(deadline.at - deadline.since) / 1000} seconds`;
        fire(toErrorRecord(makeError((node?.timeoutError as ErrorClassName) ?? "JobError", message)));
      }),
    validate: async () => pipeline.problems.map((p) => toErrorRecord(makeError("JobError", p.message))),
    service: async ({ level, step, service }, signal) => {
      const name = String(service);
      const count = counts[name] ?? 0;
      counts[name] = count + 1;
      trace.push(`${clock.now()} ${step} ${level} ${name}`);
      const outcome = services[name]?.({ level, service: name, count, now: clock.now() });
      if (outcome instanceof Error) throw toErrorRecord(outcome);
      if (typeof outcome === "number") await wait(outcome, signal);
      return typeof outcome === "object" ? outcome : {};
    },
    prepare: async () => ({}),
    talk: () => {},
    watch: () => () => {},
    settle: () => new Promise<never>(() => {}),
    pause: ({ ms }, signal) => wait(ms, signal),
    cleanup: async () => void trace.push(`${clock.now()} cleanup`),
  };
  const ended: string[] = [];
  const notices: Notices = {
    started: () => {},
    ended: (level, _context, error) => ended.push(`${level} ${error ? `failed: ${error.message}` : "done"}`),
    retrying: (level, context) =>
      trace.push(`${clock.now()} retry ${level} after ${context.error?.message ?? "success"}`),
    phase: () => {},
    tests: () => {},
    results: () => {},
    noted: () => {},
    neverRan: () => {},
    settled: () => {},
  };
  const actor = createActor(createJobMachine(pipeline, compileChart(pipeline), effects, notices), {
    systemId: "job",
    clock,
  });
  let failure: unknown;
  actor.subscribe({ error: (error) => (failure = error) });
  actor.start();
  if (cancelAt !== undefined)
    clock.setTimeout(() => actor.send({ type: "job.cancel", error: toErrorRecord(new JobCanceled("stop")) }), cancelAt);
  // Promises settle between the steps of virtual time.
  for (let i = 0; i < 10_000 && actor.getSnapshot().status === "active"; i++) {
    for (let j = 0; j < 10; j++) await Promise.resolve();
    if (actor.getSnapshot().status !== "active") break;
    const next = clock.next();
    if (next !== undefined) clock.advanceTo(next);
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (failure) throw failure;
  const context = actor.getSnapshot().context as JobContext;
  return {
    status: actor.getSnapshot().status,
    verdict: context.verdict as ErrorRecord | null,
    further: context.further,
    context,
    trace,
    ended,
    time: clock.now(),
  };
}
