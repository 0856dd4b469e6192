/** One job from its files to its reports: what `run` and `lava-run` do alike. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { ConfigurationError, type ErrorRecord, toErrorRecord } from "../base/errors.js";
import type { Json } from "../base/json.js";
import { secretsOf } from "../definition/secrets.js";
import type { RunSink } from "../interpreter/events.js";
import type { GoldJob } from "../interpreter/gold-job.js";
import { type JobRun, type RunOptions, runJob } from "../interpreter/run-job.js";
import type { ActionNode, Pipeline } from "../pipeline/action-tree.js";
import { describe } from "../pipeline/describe.js";
import { ConsoleCast } from "../results/console-cast.js";
import { writeDescription } from "../results/description-yaml.js";
import { JournalJsonl } from "../results/journal-jsonl.js";
import { LogUpload, type LogUploadOptions } from "../results/log-upload.js";
import { LogsYaml } from "../results/logs-yaml.js";
import { createMasker, maskSinks } from "../results/mask.js";
import { ReportBuilder } from "../results/report-builder.js";
import type { RunReport } from "../results/report-model.js";
import { writeReports } from "../results/write-reports.js";
import { services } from "../services/index.js";
import { writeChartFiles } from "./chart-files.js";
import type { CliContext } from "./context.js";
import type { Inputs } from "./load-inputs.js";
import { jobFolder } from "./package-root.js";
import { programEnvironment } from "./program-environment.js";
import type { Screen } from "./screen.js";
import { SpaceReserve } from "./space-reserve.js";
import { type TftpRoot, tftpRoot, tftpSettings } from "./tftp-root.js";

export interface SessionOptions {
  inputs: Inputs;
  output: string;
  tftpRoot?: string;
  /** Secrets beside those of the job. */
  secrets?: string[];
  screen: Screen;
  /** Signals that cancel. */
  signals: NodeJS.Signals[];
  /** A LAVA server that takes the log. */
  upload?: Pick<LogUploadOptions, "url" | "token" | "interval">;
}

/** Runs a job and writes everything that is to be found in the output directory. Rejects with InfrastructureError when that cannot be written at all. */
export async function runSession(options: SessionOptions, context: CliContext): Promise<RunReport> {
  const { inputs, output, screen } = options;
  for (const stream of [context.stdout, context.stderr]) stream.stream?.();
  const work = makeWorkFolder(inputs);
  const reserve = new SpaceReserve(output);
  const builder = new ReportBuilder();
  let run: JobRun | undefined;
  let failed: ErrorRecord | undefined;
  let upload: LogUpload | undefined;
  const onError = (error: Error) => {
    reserve.release();
    failed ??= toErrorRecord(error);
    run?.cancel(failed);
  };
  try {
    const secrets = secretsOf(inputs.jobMap, inputs.device);
    const masker = createMasker([...secrets.values, ...(options.secrets ?? [])], secrets.keys);
    const programs = programEnvironment(context.env, { job: inputs.jobMap, ...inputs });
    const reports: RunSink = {
      write: (event) => {
        if (event.type === "journal") builder.add(event.record);
      },
      close: async () => {},
    };
    const start = context.clock.now();
    const files = [
      new LogsYaml(output, { onError }),
      new JournalJsonl(output, { onError }),
      new ConsoleCast(output, { onError, start, title: `${inputs.jobName} (job ${inputs.jobId})` }),
    ];
    writeDescription(output, masker.json({ pipeline: describe(inputs.pipeline) } as unknown as Json));
    const runOptions: RunOptions = {
      ...runOptionsOf(inputs, context, { output, work, tftp: tftpOf(options, work, context) }),
      ...(inputs.gold && { gold: onThisBoard(inputs.gold, options) }),
      env: programs.env,
      notes: [
        ...secrets.warnings.map((message) => ({ level: "warning" as const, message })),
        ...(programs.note === undefined ? [] : [{ level: "info" as const, message: programs.note }]),
      ],
      sinks: [maskSinks([...files, reports, screen.sink], masker)],
    };
    run = runJob(runOptions);
    if (failed) run.cancel(failed);
    upload = startUpload(options, context, run);
    // Viewers find it a moment after the journal's first line.
    try {
      writeChartFiles(output, inputs.pipeline, masker);
    } catch (error) {
      onError(error as Error);
    }
    const stop = cancelOnSignals(run, options, context);
    const verdict = await run.result.finally(stop);
    reserve.release();
    builder.conclude(verdict);
    const report = builder.report();
    if (upload) await finishUpload(upload, options, context);
    await writeReports(output, report);
    return report;
  } finally {
    upload?.stop();
    reserve.release();
    rmSync(work, { recursive: true, force: true });
  }
}

/** A board that needs a TFTP root for one job needs it for another. */
function onThisBoard(gold: GoldJob, { tftpRoot: root }: SessionOptions): GoldJob {
  const { command } = gold;
  return root === undefined ? gold : { ...gold, command: [...command.slice(0, -1), "--tftp-root", root, gold.job] };
}

function startUpload(
  { upload, inputs: { jobId }, output, screen: { note } }: SessionOptions,
  { version }: CliContext,
  run: JobRun,
): LogUpload | undefined {
  if (!upload) return undefined;
  const onUnknownJob = () => run.cancel("The job was deleted on the server");
  return new LogUpload({ ...upload, file: join(output, "logs.yaml"), jobId, version, onUnknownJob, note });
}

/** Waits until the server has the whole log; a signal ends the waiting. */
async function finishUpload(upload: LogUpload, { signals, screen }: SessionOptions, context: CliContext) {
  const stopSignals = context.onSignals(signals, () => {
    screen.note("The rest of the log is not uploaded: it stays in the output directory.");
    upload.stop();
  });
  await upload.finish().finally(stopSignals);
}

/** The job's scratch folder: below the dispatcher's download folder where that is set. */
export function makeWorkFolder({ dispatcher, jobId }: Pick<Inputs, "dispatcher" | "jobId">): string {
  const { dispatcher_download_dir: folder, prefix } = dispatcher;
  const base = typeof folder === "string" && folder ? folder : tmpdir();
  try {
    mkdirSync(base, { recursive: true });
    return mkdtempSync(join(base, `lava-dispatch-${typeof prefix === "string" ? prefix : ""}${jobId}-`));
  } catch (cause) {
    throw new ConfigurationError(`The job's scratch folder cannot be made in ${base}: ${(cause as Error).message}`, {
      cause,
      advice: "Look at `dispatcher_download_dir` of the dispatcher's configuration, and at the disk.",
    });
  }
}

/** Everything of RunOptions that does not depend on who listens. */
export function runOptionsOf(
  inputs: Inputs,
  { clock, env, cwd, version }: CliContext,
  { output, work, tftp }: { output: string; work: string; tftp: string },
): Omit<RunOptions, "sinks"> {
  return {
    pipeline: inputs.pipeline,
    jobId: inputs.jobId,
    jobName: inputs.jobName,
    jobFile: inputs.jobFile,
    deviceFile: inputs.deviceFile,
    deviceName: inputs.deviceName,
    paths: {
      output,
      work,
      tftpRoot: resolve(cwd, tftp),
      jobDir: jobFolder(resolve(cwd, inputs.jobFile), env),
      deviceDir: dirname(resolve(cwd, inputs.deviceFile)),
    },
    clock,
    env,
    services,
    version,
  };
}

function tftpOf({ inputs, tftpRoot: option, screen }: SessionOptions, work: string, { env }: CliContext): string {
  const root = chooseTftpRoot(inputs, option, work, env);
  if (!root.served && usesTftp(inputs.pipeline))
    screen.note(
      `warning: no TFTP server is known here: the board's files go to ${root.directory}, which nothing may serve. Name the served folder with --tftp-root, tftp_root in the dispatcher's settings, or LAVA_DISPATCH_TFTP_ROOT.`,
    );
  return root.directory;
}

export const chooseTftpRoot = (
  { dispatcher }: Pick<Inputs, "dispatcher">,
  option: string | undefined,
  work: string,
  env: NodeJS.ProcessEnv,
): TftpRoot => tftpRoot({ option, dispatcher, env, work, settings: tftpSettings() });

/** Whether anything is handed to the board by TFTP. */
export function usesTftp({ actions }: Pick<Pipeline, "actions">): boolean {
  const uses = (node: ActionNode): boolean =>
    (node.run?.kind === "service" && node.run.service === "tftp-directory") || node.children.some(uses);
  return actions.some(uses);
}

/** The first signal cancels, the second hurries, the third ends the process. */
function cancelOnSignals(run: JobRun, { screen, signals }: SessionOptions, context: CliContext): () => void {
  let count = 0;
  const stopSignals = context.onSignals(signals, (name) => {
    count++;
    if (count === 1) {
      screen.note("Cancelling: powering off and cleaning up. Press Ctrl-C again to hurry.");
      run.cancel(`The job was canceled (${name})`);
    } else if (count === 2) {
      screen.note("Hurrying: what still runs is stopped. Press Ctrl-C again to stop at once.");
      run.hurry();
    } else {
      context.stderr.write("Stopped at once: the board may still be powered.\n");
      context.exitNow(4);
    }
  });
  // Nothing that breaks in this program may leave a board powered.
  const stopUncaught = context.onUncaught((error) => run.cancel(toErrorRecord(error)));
  return () => {
    stopSignals();
    stopUncaught();
  };
}
