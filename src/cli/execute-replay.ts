import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { RunSink } from "../interpreter/events.js";
import { describe } from "../pipeline/describe.js";
import type { ReplayOptions, ReplayResult } from "../replay/run-replay.js";
import { type TraceStep, traceLine } from "../replay/trace.js";
import { ConsoleCast } from "../results/console-cast.js";
import { writeDescription } from "../results/description-yaml.js";
import { JournalJsonl } from "../results/journal-jsonl.js";
import { LogsYaml } from "../results/logs-yaml.js";
import { maskSinks } from "../results/mask.js";
import { writeReports } from "../results/write-reports.js";
import { writeChartFiles } from "./chart-files.js";
import type { ReplayCommandOptions } from "./commands/replay.js";
import type { CliContext } from "./context.js";
import { executeReplayAgainst } from "./execute-replay-against.js";
import { loadReplay, type ReplayInputs, replayLoaded } from "./execute-replay-inputs.js";
import { replayLines } from "./execute-replay-text.js";
import { EXIT, exitCodeOfClass } from "./exit-codes.js";
import { makePlace } from "./output-directory.js";
import { printProblems } from "./problems.js";
import { paintFor } from "./screen.js";
import { harmless, plain } from "./terminal/paint.js";
import { UsageError } from "./usage-error.js";

const EXIT_OF = { diverged: 6, unfinished: 7 } as const;

/** `lava-dispatch replay`. */
export async function executeReplay(
  recording: string | undefined,
  options: ReplayCommandOptions,
  context: CliContext,
): Promise<number> {
  if (options.against !== undefined) {
    if (recording !== undefined) throw new UsageError("--against takes a folder, and no recording beside it.");
    return executeReplayAgainst(options.against, options, context);
  }
  if (recording === undefined)
    throw new UsageError("No recording was given.", "Give an output directory, a console.cast or a logs.yaml.");
  const loaded = await loadReplay(recording, options, context);
  const { stdout, stderr } = context;
  printProblems(loaded.inputs.problems, context, paintFor(options.color, context, stderr) !== plain);
  const output = options.outputDir === undefined ? undefined : placeOf(options.outputDir, context);
  const result = await replayLoaded(loaded, context, {
    ...(options.until !== undefined && { until: options.until }),
    ...onStep(options, context),
    sinks: output === undefined ? [] : [fileSinks(loaded, output)],
  });
  if (output !== undefined) await writeReports(output, result.report);
  if (options.json) stdout.write(`${JSON.stringify({ recording, ...result }, null, 2)}\n`);
  else
    stdout.write(
      `${replayLines(loaded.recording, loaded.inputs, result, paintFor(options.color, context, stdout)).join("\n")}\n`,
    );
  if (options.until !== undefined) return untilCode(options.until, result, context);
  return result.status === "ended"
    ? exitCodeOfClass(result.report.verdict.class)
    : result.status === "stopped"
      ? EXIT.passed
      : EXIT_OF[result.status];
}

function placeOf(outputDir: string, { cwd, clock }: CliContext): string {
  const { output } = makePlace({ outputDir: resolve(cwd, outputDir), cwd, now: clock.now() });
  return output;
}

/** The files of a run. */
function fileSinks({ recording, inputs, masker }: ReplayInputs, output: string): RunSink {
  writeDescription(output, { pipeline: describe(inputs.pipeline) });
  writeChartFiles(output, inputs.pipeline, masker);
  const title = `${inputs.jobName} (job ${inputs.jobId}, replayed)`;
  const files = [
    new LogsYaml(output),
    new JournalJsonl(output),
    new ConsoleCast(output, { start: recording.facts.start, title }),
  ];
  return maskSinks(files, masker);
}

function untilCode(until: string, { status, trace }: ReplayResult, { stderr }: CliContext): number {
  if (status === "stopped") return EXIT.passed;
  const names = new Set(trace.flatMap(({ action }) => (action ? [action] : [])));
  stderr.write(`${until} was not reached. Actions that were: ${[...names].join(", ")}.\n`);
  return EXIT.failed;
}

function onStep({ step, trace, json }: ReplayCommandOptions, context: CliContext): Pick<ReplayOptions, "onStep"> {
  if (!step && (!trace || json)) return {};
  const print = (text: string) => context.stdout.write(`${harmless(text)}\n`);
  if (!step)
    return {
      onStep: async (at) => {
        print(traceLine(at));
        return "go";
      },
    };
  const { stdin } = context;
  if (!stdin) throw new UsageError("--step needs an input to read from.");
  const lines = createInterface({ input: stdin })[Symbol.asyncIterator]();
  let free = false;
  print("Enter: next state; c: go on to the end; s: what it waits for; q: quit");
  const ask = async (at: TraceStep, standing: () => string[]): Promise<"go" | "stop"> => {
    print(traceLine(at));
    while (!free) {
      const { done, value } = await lines.next();
      const word = done ? "c" : String(value).trim();
      if (word === "q") return "stop";
      if (word === "s") for (const line of standing()) print(`  ${line}`);
      else if (word === "c") free = true;
      else break;
    }
    return "go";
  };
  return { onStep: ask };
}
