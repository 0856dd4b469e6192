/** One job from its files to its reports: what `run` and `lava-run` do alike. */
import { dirname, join, resolve } from "node:path";
import { type ErrorRecord, toErrorRecord } from "../base/errors.js";
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
import { OutputQuota } from "../results/output-quota.js";
import { ReportBuilder } from "../results/report-builder.js";
import type { RunReport } from "../results/report-model.js";
import { writeReports } from "../results/write-reports.js";
import { services } from "../services/index.js";
import { writeChartFiles } from "./chart-files.js";
import type { CliContext } from "./context.js";
import type { Inputs } from "./load-inputs.js";
import { jobFolder } from "./package-root.js";
import { programEnvironment } from "./program-environment.js";
import type { ScreenSink } from "./screen.js";
import { SpaceReserve } from "./space-reserve.js";
import { TFTPD, type TftpRoot, tftpRoot, tftpSettings } from "./tftp-root.js";
import { LAVA_FOLDER, linkLog, makeWorkFolder } from "./work-folder.js";

export interface SessionOptions {
  inputs: Inputs;
  output: string;
  tftpRoot?: string;
  /** Secrets beside those of the job. */
  secrets?: string[];
  /** Without a `note`, what the program itself has to say goes to the job's log. */
  screen: ScreenSink;
  /** In the place of LAVA's own: the scratch folder lies in LAVA's, and LAVA's TFTP server is needed unless another is known. */
  asLava?: boolean;
  /** Signals that cancel. */
  signals: NodeJS.Signals[];
  /** A LAVA server that takes the log. */
  upload?: Pick<LogUploadOptions, "url" | "token" | "interval">;
}

/** Runs a job and writes everything that is to be found in the output directory. Rejects with InfrastructureError when that cannot be written at all. */
export async function runSession(options: SessionOptions, context: CliContext): Promise<RunReport> {
  const { inputs, output, screen } = options;
  const folder = makeWorkFolder({ ...inputs, usual: options.asLava ? LAVA_FOLDER : undefined });
  const work = folder.path;
  const unlinkLog = work.startsWith(LAVA_FOLDER) ? linkLog(folder, output) : () => {};
  const reserve = new SpaceReserve(output);
  const builder = new ReportBuilder();
  let run: JobRun | undefined;
  let failed: ErrorRecord | undefined;
  let upload: LogUpload | undefined;
  const note: Note = (text) => {
    if (screen.note) screen.note(text);
    else if (!run?.note(text)) context.stdout.write(`${text}\n`);
  };
  const stopWarnings = screen.note ? () => {} : context.onWarning(note);
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
    const quota = new OutputQuota(inputs.dispatcher);
    const files = [
      new LogsYaml(output, { onError, quota }),
      new JournalJsonl(output, { onError, quota }),
      new ConsoleCast(output, { onError, quota, start, title: `${inputs.jobName} (job ${inputs.jobId})` }),
    ];
    writeDescription(output, masker.json({ pipeline: describe(inputs.pipeline) } as unknown as Json));
    const tftp = chooseTftpRoot(inputs, options.tftpRoot, work, context.env);
    const runOptions: RunOptions = {
      ...runOptionsOf(inputs, context, {
        output,
        work,
        tftp: options.asLava && !tftp.served ? { ...tftp, program: TFTPD } : tftp,
      }),
      ...(inputs.gold && { gold: onThisBoard(inputs.gold, options) }),
      env: programs.env,
      outputs: quota,
      notes: [
        ...secrets.warnings.map((message) => ({ level: "warning" as const, message })),
        ...(programs.note === undefined ? [] : [{ level: "info" as const, message: programs.note }]),
      ],
      sinks: [maskSinks([...files, reports, screen.sink], masker)],
    };
    run = runJob(runOptions);
    if (failed) run.cancel(failed);
    if (!tftp.served && usesTftp(inputs.pipeline)) note(unservedText(tftp));
    upload = startUpload(options, context, run, note);
    // Viewers find it a moment after the journal's first line.
    try {
      writeChartFiles(output, inputs.pipeline, masker);
    } catch (error) {
      onError(error as Error);
    }
    const stop = cancelOnSignals(run, options, context, note);
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
    stopWarnings();
    unlinkLog();
    folder.remove();
  }
}

/** Says something of the program itself. */
type Note = (text: string) => void;

/** A board that needs a TFTP root for one job needs it for another. */
function onThisBoard(gold: GoldJob, { tftpRoot: root }: SessionOptions): GoldJob {
  const { command } = gold;
  return root === undefined ? gold : { ...gold, command: [...command.slice(0, -1), "--tftp-root", root, gold.job] };
}

function startUpload(
  { upload, inputs: { jobId }, output }: SessionOptions,
  { version, env }: CliContext,
  run: JobRun,
  note: Note,
): LogUpload | undefined {
  if (!upload) return undefined;
  const onUnknownJob = () => run.cancel("The job was deleted on the server");
  return new LogUpload({ ...upload, file: join(output, "logs.yaml"), jobId, version, env, onUnknownJob, note });
}

/** Waits until the server has the whole log; a signal ends the waiting. */
async function finishUpload(upload: LogUpload, { signals }: SessionOptions, context: CliContext) {
  const stopSignals = context.onSignals(signals, () => {
    context.stderr.write("The rest of the log was not uploaded: it stays in the output directory.\n");
    upload.stop();
  });
  await upload.finish().finally(stopSignals);
}

/** Everything of RunOptions that does not depend on who listens. */
export function runOptionsOf(
  inputs: Inputs,
  { clock, env, cwd, version }: CliContext,
  { output, work, tftp }: { output: string; work: string; tftp: TftpRoot },
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
      tftpRoot: resolve(cwd, tftp.directory),
      ...(tftp.program !== undefined && { tftpServer: tftp.program }),
      jobDir: jobFolder(resolve(cwd, inputs.jobFile), env),
      deviceDir: dirname(resolve(cwd, inputs.deviceFile)),
    },
    clock,
    env,
    services,
    version,
  };
}

const unservedText = ({ directory }: TftpRoot): string =>
  `No TFTP server is known here: the board's files go to ${directory}, which nothing may serve. Name the served folder with --tftp-root, tftp_root in the dispatcher's settings, or LAVA_DISPATCH_TFTP_ROOT.`;

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
function cancelOnSignals(
  run: JobRun,
  { screen, signals }: SessionOptions,
  context: CliContext,
  note: Note,
): () => void {
  let count = 0;
  const stopSignals = context.onSignals(signals, (name) => {
    count++;
    if (count === 1) {
      // The log tells of it anyway.
      screen.note?.("Cancelling: powering off and cleaning up. Press Ctrl-C again to hurry.");
      run.cancel(`The job was canceled (${name})`);
    } else if (count === 2) {
      note(
        `Hurrying: what still runs is stopped. ${screen.note ? "Press Ctrl-C again" : "Another signal"} to stop at once.`,
      );
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
