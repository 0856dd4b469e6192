/** A recording with the job that it is replayed against. */
import { existsSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import { isMap } from "../base/json.js";
import { findRecording, openRecording } from "../replay/find-recording.js";
import { type Recording, RecordingError, type RecordingFacts } from "../replay/recording.js";
import { checkSameJob, type ReplayOptions, type ReplayResult, runReplay } from "../replay/run-replay.js";
import { createMasker, type Masker } from "../results/mask.js";
import { services } from "../services/index.js";
import type { CliContext } from "./context.js";
import { buildInputs, type Inputs, type InputTexts, readInputs } from "./load-inputs.js";
import type { InputOptions } from "./options.js";
import { packageRoot } from "./package-root.js";
import { UsageError } from "./usage-error.js";
import { maskerOf } from "./view-sources.js";

export interface ReplayInputOptions extends InputOptions {
  job?: string;
}

export interface ReplayInputs {
  recording: Recording;
  inputs: Inputs;
  /** Hides what no output may show. */
  masker: Masker;
  /** Hides what the recording hides: a log of LAVA's hides `secrets` alone. */
  recorded: Masker;
}

/** A file that a journal names by the path that its run was given. */
const recordedFile = (path: string | undefined, cwd: string): string | undefined =>
  path === undefined ? undefined : [resolve(cwd, path), join(packageRoot(), path)].find((file) => existsSync(file));

/** A path as short as it can be said from here. */
function near(path: string | undefined, cwd: string): string | undefined {
  if (path === undefined) return undefined;
  const short = relative(cwd, path);
  return short.startsWith("..") || isAbsolute(short) ? path : short;
}

function needed(path: string | undefined, what: string, name: string): string {
  if (path !== undefined) return path;
  throw new UsageError(
    `No ${what} is known for ${name}.`,
    `Give it: --${what} <file>, or put ${what}.yaml beside the recording.`,
  );
}

/**
 * Opens a recording and builds the job it is of: from the options, else from the files beside it, else from those that
 * its journal names. Throws UsageError.
 */
export async function loadReplay(
  name: string,
  options: ReplayInputOptions,
  context: Pick<CliContext, "cwd">,
): Promise<ReplayInputs> {
  const { cwd } = context;
  try {
    const files = findRecording(resolve(cwd, name), name);
    const recording = await openRecording(files);
    const { facts } = recording;
    const job = needed(options.job ?? near(files.job, cwd) ?? recordedFile(facts.jobFile, cwd), "job", name);
    const device = needed(
      options.device ?? near(files.device, cwd) ?? recordedFile(facts.deviceFile, cwd),
      "device",
      name,
    );
    const dispatcher = options.dispatcher ?? files.dispatcher;
    const texts = readInputs(job, { ...options, device, ...(dispatcher && { dispatcher }) }, context);
    const inputs = await buildInputs(withAddress(texts, facts), options.jobId ?? facts.jobId ?? "0", context);
    checkSameJob(recording, jobOf(inputs, ""));
    const masker = maskerOf(inputs.jobMap, inputs.device);
    const { secrets } = inputs.jobMap;
    const recorded =
      recording.format === "own" ? masker : createMasker(isMap(secrets) ? Object.values(secrets).map(String) : []);
    return { recording, inputs, masker, recorded };
  } catch (error) {
    if (error instanceof RecordingError) throw new UsageError(error.message, error.advice);
    throw error;
  }
}

/** The dispatcher's address is the recorded one: that of the machine that replays would be typed otherwise. */
function withAddress(texts: InputTexts, { known }: RecordingFacts): InputTexts {
  const { dispatcher } = texts;
  if (/^dispatcher_ip\s*:/m.test(dispatcher?.text ?? "")) return texts;
  const text = `${dispatcher?.text ?? ""}\ndispatcher_ip: ${known.dispatcherIp ?? "127.0.0.1"}\n`;
  return { ...texts, dispatcher: { file: dispatcher?.file ?? "(recording)", text } };
}

/** What a replay runs of the inputs. */
export const jobOf = (inputs: Inputs, version: string) => ({
  pipeline: inputs.pipeline,
  jobId: inputs.jobId,
  jobName: inputs.jobName,
  jobFile: inputs.jobFile,
  deviceFile: inputs.deviceFile,
  deviceName: inputs.deviceName,
  version,
});

/** Runs what was loaded. Throws UsageError for a recording that turns out to be broken. */
export async function replayLoaded(
  { recording, inputs, recorded }: ReplayInputs,
  { version, clock }: Pick<CliContext, "version" | "clock">,
  options: Pick<ReplayOptions, "until" | "onStep" | "sinks">,
): Promise<ReplayResult> {
  try {
    const job = jobOf(inputs, version);
    return await runReplay({ ...options, recording, job, services, masker: recorded, realTime: () => clock.now() });
  } catch (error) {
    if (error instanceof RecordingError) throw new UsageError(error.message, error.advice);
    throw error;
  }
}
