/** The files of a command line: read, parsed, and built into a pipeline. */
import { readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { ConfigurationError } from "../base/errors.js";
import { isMap, type JsonMap } from "../base/json.js";
import type { Problem } from "../base/problem.js";
import { loadJob } from "../definition/load-job.js";
import { problemAt } from "../definition/schema-problems.js";
import { pathText } from "../definition/value-text.js";
import type { ParsedYaml } from "../definition/yaml-text.js";
import { loadDevice } from "../device/load-device.js";
import type { GoldJob } from "../interpreter/gold-job.js";
import type { Pipeline } from "../pipeline/action-tree.js";
import { buildPipeline } from "../pipeline/build-pipeline.js";
import { builtInMachines } from "../strategies/built-in-machines.js";
import type { Machines } from "../strategies/machines-types.js";
import { namedFile } from "./built-in.js";
import { causesFirst } from "./causes.js";
import type { CliContext } from "./context.js";
import { deviceFile as fileOfDevice } from "./device-files.js";
import { deviceTemplates } from "./device-templates.js";
import { dispatcherSettings } from "./dispatcher-settings.js";
import { goldJob } from "./gold-job.js";
import type { InputOptions, JinjaEngine } from "./options.js";
import { readText } from "./read-text.js";
import { UsageError } from "./usage-error.js";

export interface InputTexts {
  jobFile: string;
  job: string;
  deviceFile: string;
  device: string;
  dispatcher?: { file: string; text: string };
  envDut?: string;
  machines: { file: string; text: string }[];
  variables: JsonMap;
  strict: boolean;
  deviceTypes?: string[];
  jinja?: JinjaEngine;
}

export interface Inputs {
  jobId: string;
  jobName: string;
  jobFile: string;
  deviceFile: string;
  deviceName: string;
  /** The definition; `{}` when it is no map. */
  jobMap: JsonMap;
  device: JsonMap;
  dispatcher: JsonMap;
  /** The device's gold-standard job, where it has one. */
  gold?: GoldJob;
  /** Holds `problems` too: a run of it is refused in validation. */
  pipeline: Pipeline;
  /** All that was found in the files and while building. */
  problems: Problem[];
  /** Of these, what kept the pipeline from being built as asked. */
  buildProblems: Problem[];
}

type Places = Pick<CliContext, "cwd" | "lavaRoot">;

/** Reads all files that the options name. Throws UsageError. */
export function readInputs(job: string, options: InputOptions, context: Places): InputTexts {
  const { cwd } = context;
  const { envDut } = options;
  if (options.device === undefined)
    throw new UsageError("No device was given.", `Give it: --device <file>, or a built-in one by its name`);
  const jobFile = namedFile(job, "job", cwd);
  const deviceFile = fileOfDevice(options.device, { ...context, ...(options.devices && { devices: options.devices }) });
  const dispatcher = options.dispatcher && namedFile(options.dispatcher, "dispatcher", cwd);
  return {
    jobFile,
    job: readText(jobFile, cwd, "job"),
    deviceFile,
    device: readText(deviceFile, cwd, "device"),
    ...(dispatcher !== undefined && {
      dispatcher: { file: dispatcher, text: readText(dispatcher, cwd, "dispatcher's settings") },
    }),
    ...(envDut !== undefined && { envDut: readText(envDut, cwd, "environment of the board") }),
    machines: (options.machines ?? []).flatMap((folder) => yamlFiles(folder, cwd)),
    variables: variables(options.set ?? []),
    strict: options.strict === true,
    ...(options.deviceTypes && { deviceTypes: options.deviceTypes }),
    ...(options.jinja && { jinja: options.jinja }),
  };
}

/** `key=value` pairs; a value that is a YAML scalar other than text is taken as such by the template. */
function variables(pairs: string[]): JsonMap {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at <= 0) throw new UsageError(`--set ${pair}: this is no pair.`, "Write --set key=value.");
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function yamlFiles(folder: string, cwd: string): { file: string; text: string }[] {
  try {
    return readdirSync(resolve(cwd, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => ({ file: join(folder, name), text: readText(join(folder, name), cwd, "machines file") }));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Cannot read the machines folder ${folder}: ${(error as Error).message}.`, "Check the path.");
  }
}

/** Builds what the texts say. Never throws on bad input: what is wrong is in `problems`. */
export async function buildInputs(
  texts: InputTexts,
  jobId: string,
  context: Places & Partial<Pick<CliContext, "env">>,
): Promise<Inputs> {
  const { cwd } = context;
  const { jobFile, deviceFile } = texts;
  const { job: jobMap, parsed: job, problems: jobProblems } = loadJob(texts.job, jobFile, { strict: texts.strict });
  const { settings, problems: settingsProblems } = texts.dispatcher
    ? dispatcherSettings(texts.dispatcher.text, texts.dispatcher.file)
    : { settings: {}, problems: [] };
  const device = await loadDevice(texts.device, deviceFile, {
    context: isMap(jobMap.context) ? jobMap.context : {},
    jobId,
    variables: texts.variables,
    ...(await templatesOf(texts, context)),
  });
  const { gold, problems: goldProblems } = goldJob(device, texts, cwd);
  const { machines, problems: machineProblems } = await machinesOf(texts);
  const { default: outputs } = await import("../services/outputs.json", { with: { type: "json" } });
  const pipeline = buildPipeline({
    job,
    device: device.parsed,
    machines,
    dispatcher: settings,
    ...(texts.envDut !== undefined && { envDut: texts.envDut }),
    jobId,
    outputs,
  });
  const deviceProblems = [...device.problems, ...goldProblems].map((problem) => ({
    errorClass: ConfigurationError.name,
    ...problem,
  }));
  // Of a text that is no job, everything that the builder says is a consequence.
  const isJob = isMap(job.value);
  const ofPipeline = isJob ? [...pipeline.problems, ...pipeline.validation] : [];
  const told = causesFirst(unlessTaken(jobProblems, pipeline.selections), ofPipeline);
  const kept = new Set(told.pipeline);
  const buildProblems = isJob
    ? [...machineProblems, ...pipeline.problems.filter((each) => kept.has(each))]
    : jobProblems;
  const problems = [
    ...new Set([
      ...told.job,
      ...otherType(jobMap, device.device, job),
      ...deviceProblems,
      ...settingsProblems,
      ...buildProblems,
    ]),
  ];
  const { hostname } = device.device;
  return {
    jobId,
    jobName: typeof jobMap.job_name === "string" ? jobMap.job_name : basename(jobFile),
    jobFile,
    deviceFile,
    deviceName: typeof hostname === "string" && hostname ? hostname : basename(deviceFile).replace(/\.ya?ml$/, ""),
    jobMap,
    device: device.device,
    dispatcher: settings,
    ...(gold && { gold }),
    pipeline: { ...pipeline, problems, validation: pipeline.validation.filter((each) => kept.has(each)) },
    problems,
    buildProblems,
  };
}

/** Where the device's templates are found, and what renders them. */
async function templatesOf(
  { deviceFile, deviceTypes, jinja }: InputTexts,
  { cwd, lavaRoot, env = {} }: Places & Partial<Pick<CliContext, "env">>,
) {
  const found = deviceTemplates(deviceFile, {
    cwd,
    ...(deviceTypes && { deviceTypes }),
    ...(lavaRoot !== undefined && { lavaRoot }),
  });
  if (jinja !== "python") return found;
  const { askPython } = await import("./ask-python.js");
  return { ...found, jinja: { ...found.jinja, python: askPython(env) } };
}

/** The job names another type than the device does: it may run, but was meant for others. */
function otherType({ device_type }: JsonMap, { devicetype }: JsonMap, job: ParsedYaml): Problem[] {
  if (typeof device_type !== "string" || typeof devicetype !== "string" || !devicetype || device_type === devicetype)
    return [];
  const message = `the job is for devices of the type "${device_type}", this one is of the type "${devicetype}"`;
  return [problemAt(job, ["device_type"], "warning", message)];
}

/** A method that a strategy took or meant is known, whatever the schema says: `--machines` brings methods of its own. */
function unlessTaken(problems: Problem[], selections: Pipeline["selections"]): Problem[] {
  const taken = new Set(
    selections.flatMap(({ path, chosen, refused }) =>
      chosen || refused.some(({ meant }) => meant) ? [pathText([...path, "method"]), pathText([...path, "to"])] : [],
    ),
  );
  return problems.filter(({ path }) => path === undefined || !taken.has(path));
}

async function machinesOf({ machines }: InputTexts): Promise<{ machines: Machines; problems: Problem[] }> {
  const base = builtInMachines();
  if (machines.length === 0) return { machines: base, problems: [] };
  const { loadMachines } = await import("../strategies/load-machines.js");
  const { default: services } = await import("../services/inputs.json", { with: { type: "json" } });
  return loadMachines(machines, { base, services });
}
