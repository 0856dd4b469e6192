import type { ErrorRecord } from "../base/errors.js";
import { runtimeScope } from "../pipeline/runtime-scope.js";
import { initialContext } from "../statechart/job-context.js";
import type { RunEvent, RunSink } from "./events.js";
import { Journal } from "./journal.js";
import { ResultBound } from "./result-bound.js";
import { RunLog } from "./run-log.js";
import { type ConsoleTable, type RuntimeOptions, ServiceRunner } from "./service-runner.js";

const noConsoles: ConsoleTable = {
  of: () => undefined,
  set: () => {},
  open: () => {
    throw new Error("nothing is opened before the run");
  },
};

/** Programs, URLs and problems, without running anything and without the chart: what `validate` and `doctor` tell. */
export async function validateRun(options: RuntimeOptions & { sinks: RunSink[] }): Promise<ErrorRecord[]> {
  const { pipeline, clock, sinks } = options;
  const emit = (event: RunEvent) => {
    for (const sink of sinks) sink.write(event);
  };
  const journal = new Journal(() => {});
  const context = initialContext();
  const runner = new ServiceRunner(options, {
    journal,
    log: new RunLog(clock, journal, emit, { results: new ResultBound() }),
    consoles: noConsoles,
    emit,
    scope: (node) => runtimeScope(node, pipeline, { data: {}, all_data: {}, attempt: 1, connected: false }),
    context: () => context,
  });
  const errors = await runner.validate(new AbortController().signal);
  for (const sink of sinks) await sink.close();
  return errors;
}
