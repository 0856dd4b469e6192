import { createHash } from "node:crypto";
import { createActor } from "xstate";
import { type ErrorRecord, JobCanceled, toErrorRecord } from "../base/errors.js";
import type { JsonMap } from "../base/json.js";
import type { ActionNode } from "../pipeline/action-tree.js";
import { compileChart } from "../statechart/compile-chart.js";
import type { JobContext } from "../statechart/job-context.js";
import { createJobMachine } from "../statechart/job-machine.js";
import { errorHelp } from "./action-log.js";
import type { RunEvent, RunSink } from "./events.js";
import { type GoldJob, goldAdvice } from "./gold-job.js";
import { Journal, statePaths } from "./journal.js";
import { JOURNAL_VERSION, type JournalNode, type Verdict } from "./journal-format.js";
import { Runtime } from "./runtime.js";
import type { RuntimeOptions } from "./service-runner.js";
import type { Standing } from "./stuck-report.js";

export interface RunOptions extends RuntimeOptions {
  jobName: string;
  jobFile: string;
  deviceFile: string;
  deviceName: string;
  /** Told when the job fails. */
  gold?: GoldJob;
  sinks: RunSink[];
}

export interface JobRun {
  /** Resolves when everything is on disk; never rejects for what happens to the job. */
  result: Promise<Verdict>;
  /** Ends the job with this error (a text: JobCanceled): power off, clean up. A second call hurries. */
  cancel(reason: string | ErrorRecord): void;
  hurry(): void;
  /** A warning of the program itself in the job's log; false when the log has ended. */
  note(message: string): boolean;
  /** Where the job stands now: for whoever looks at it from outside. */
  standing(): Standing;
}

const journalNode = (node: ActionNode): JournalNode => ({
  level: node.level,
  name: node.name,
  summary: node.summary,
  section: node.section,
  namespace: node.namespace,
  max_retries: node.maxRetries,
  timeout: node.timeout.seconds,
  ...(node.location && { location: node.location }),
  ...(node.children.length > 0 && { children: node.children.map(journalNode) }),
});

/** The suites that the job will report, in order: `<index>_<name>`. */
function suites(options: RunOptions): string[] {
  return Object.values(options.pipeline.scope.namespaces).flatMap(({ tests }) =>
    (tests as JsonMap[]).map((test) => String(test.id ?? `${test.index}_${test.name}`)),
  );
}

/**
 * Runs a job: compiles its chart and interprets it. Finalize is reached from every state; if the chart itself breaks,
 * the board is powered off all the same.
 */
export function runJob(options: RunOptions): JobRun {
  const { sinks, clock, pipeline } = options;
  const emit = (event: RunEvent) => {
    for (const sink of sinks) sink.write(event);
  };
  const journal = new Journal((record) => emit({ type: "journal", record }));
  const runtime = new Runtime(options, journal, emit);
  const chart = compileChart(pipeline);
  journal.add({
    kind: "header",
    t: clock.now(),
    v: JOURNAL_VERSION,
    chart: createHash("sha256").update(JSON.stringify(chart)).digest("hex"),
    dispatcher: options.version,
    job_id: options.jobId,
    job_name: options.jobName,
    device: options.deviceName,
    job_file: options.jobFile,
    device_file: options.deviceFile,
    ...(options.gold && { gold: options.gold }),
    timeout: pipeline.jobTimeout.seconds,
    tree: pipeline.actions.map(journalNode),
    suites: suites(options),
  });
  const machine = createJobMachine(pipeline, chart, runtime, runtime.notices);
  const actor = createActor(machine, {
    systemId: "job",
    clock,
    inspect: (inspection) => {
      if (inspection.type !== "@xstate.snapshot" || inspection.actorRef !== actor) return;
      const { event, snapshot } = inspection;
      const { type, ...rest } = event as { type: string; level?: string };
      if (type === "xstate.init") return;
      const state = statePaths((snapshot as unknown as { value: unknown }).value);
      const level = rest.level ?? /:([\d.]+)(:|$)/.exec(type)?.[1];
      journal.add({
        kind: "event",
        t: clock.now(),
        ...(level && { level }),
        event: { type, ...(rest as JsonMap) },
        state,
      });
    },
  });
  runtime.context = () => actor.getSnapshot().context as JobContext;
  runtime.statePath = () => statePaths(actor.getSnapshot().value).join(" + ");

  let cancelled = false;
  let ended = false;
  const result = new Promise<Verdict>((resolve) => {
    const finish = async (error: ErrorRecord | null, further: ErrorRecord[]) => {
      ended = true;
      const result = error ? "fail" : "pass";
      resolve(await conclude(options, runtime, journal, { result, ...(error && { error }), further }));
    };
    actor.subscribe({
      error: (thrown) => {
        // The chart broke: a bug of ours. The board is powered off all the same.
        void emergency(runtime, pipeline.actions.at(-1)).then(() => finish(toErrorRecord(thrown), []));
      },
      complete: () => {
        const { verdict, further } = actor.getSnapshot().context as JobContext;
        // The last event is told to the journal after this: the verdict is its last line.
        queueMicrotask(() => void finish(verdict, further));
      },
    });
    actor.start();
  });
  return {
    result,
    cancel: (reason) => {
      if (cancelled) return runtime.services.hurry.abort();
      cancelled = true;
      const error = typeof reason === "string" ? toErrorRecord(new JobCanceled(reason)) : reason;
      actor.send({ type: "job.cancel", error });
    },
    hurry: () => runtime.services.hurry.abort(),
    note: (message) => {
      if (!ended) runtime.log.warning(message);
      return !ended;
    },
    standing: () => runtime.standing(),
  };
}

async function emergency(runtime: Runtime, finalize: ActionNode | undefined): Promise<void> {
  const all = (node: ActionNode): ActionNode[] => [node, ...node.children.flatMap(all)];
  for (const node of finalize ? all(finalize) : [])
    for (const step of [node.run, node.conclude])
      if (step)
        await runtime.services
          .runStep(node, step, "finalize")
          .catch((error) => runtime.notices.noted(node.level, error));
  await runtime.cleanup().catch((error) => runtime.notices.noted("0", error));
}

/** What to do after an error of the job or the lab, when the board was used. */
function goldLines({ gold, pipeline }: RunOptions, journal: Journal, { type }: ErrorRecord): string[] {
  const used = pipeline.actions.slice(0, -1).some(({ level }) => journal.started.has(level));
  return gold && used && type !== "Bug" && type !== "Canceled" ? goldAdvice(gold) : [];
}

async function conclude(options: RunOptions, runtime: Runtime, journal: Journal, verdict: Verdict): Promise<Verdict> {
  const { error } = verdict;
  for (const other of verdict.further) runtime.notices.noted("0", other);
  if (error) {
    runtime.log.error(errorHelp(error));
    for (const line of goldLines(options, journal, error)) runtime.log.info(line);
  } else runtime.log.info("Job finished correctly");
  const result: JsonMap = {
    definition: "lava",
    case: "job",
    result: verdict.result,
    ...(error && { error_msg: error.message, error_type: error.type }),
  };
  runtime.log.result("0", result, runtime.context());
  journal.add({ kind: "verdict", t: options.clock.now(), verdict });
  let final = verdict;
  for (const sink of options.sinks)
    await sink.close().catch((thrown) => {
      if (final.result === "pass") final = { ...final, result: "fail", error: toErrorRecord(thrown) };
      else final = { ...final, further: [...final.further, toErrorRecord(thrown)] };
    });
  return final;
}
