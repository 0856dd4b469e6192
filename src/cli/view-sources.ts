/** The YAML texts that the page can show: the job, and the machines files that its actions come from. */
import { join, relative, resolve, sep } from "node:path";
import { isMap, type JsonMap } from "../base/json.js";
import { readRegular } from "../base/regular-file.js";
import { loadJob } from "../definition/load-job.js";
import { secretsOf } from "../definition/secrets.js";
import { createMasker, type Masker } from "../results/mask.js";
import type { Chart, ChartState } from "../statechart/chart-types.js";
import { packageRoot } from "./package-root.js";

const LARGEST = 2 << 20;

/** Hides the secrets of a job and its device. */
export function maskerOf(job: JsonMap, device?: JsonMap): Masker {
  const { values, keys } = secretsOf(job, device);
  return createMasker(values, keys);
}

/**
 * The job that a journal names. Undefined when there is none at that path, or something that is no job: a journal may
 * come from anywhere, and must not choose what is shown.
 */
export function recordedJob(file: string, cwd: string): { text: string; job: JsonMap } | undefined {
  const text = smallText(resolve(cwd, file));
  if (text === undefined || !/\.ya?ml$/.test(file)) return undefined;
  const { job, problems } = loadJob(text, file, { strict: false });
  return Array.isArray(job.actions) && !problems.some(({ severity }) => severity === "error")
    ? { text, job }
    : undefined;
}

/** Texts of the built-in machines that the chart's states name as their places. */
export function machineSources(chart: Chart): { [file: string]: string } {
  const root = packageRoot();
  const sources: { [file: string]: string } = {};
  for (const file of filesOf(chart)) {
    const path = join(root, file);
    const inside = relative(join(root, "machines"), path);
    if (inside.startsWith("..") || inside.split(sep).includes("..") || !path.endsWith(".yaml")) continue;
    const text = smallText(path);
    if (text !== undefined) sources[file] = text;
  }
  return sources;
}

function filesOf(state: ChartState, found = new Set<string>()): Set<string> {
  const { meta = {}, states = {} } = state;
  for (const place of [meta.machine, meta.location])
    if (isMap(place) && typeof place.file === "string") found.add(place.file);
  for (const child of Object.values(states)) filesOf(child, found);
  return found;
}

function smallText(path: string): string | undefined {
  try {
    return readRegular(path, LARGEST);
  } catch {
    return undefined;
  }
}
