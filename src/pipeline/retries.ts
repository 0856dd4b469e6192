import { isMap, type Json, type JsonMap } from "../base/json.js";
import type { ParsedYaml, YamlPath } from "../definition/yaml-text.js";
import type { ProblemList } from "./problem-list.js";

export interface RetryRule {
  maxRetries: number;
  repeat: boolean;
  /** Seconds between attempts. */
  interval: number;
}

/** What decides the number of attempts besides the block itself. */
export interface RetrySources {
  job: ParsedYaml;
  device: ParsedYaml;
  /** The block's place in the job. */
  path: YamlPath | undefined;
  section: string;
  /** Constants as the block sees them, job context first. */
  constants: JsonMap;
  defaultInterval: number;
}

const MOST = 10_000;

/** A whole number of at least 1, or undefined with a problem. */
function count(value: Json | undefined, key: string, sources: RetrySources, problems: ProblemList): number | undefined {
  if (value === undefined || value === null) return undefined;
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  // of a part of an attempt, LAVA makes a whole one
  if (typeof number === "number" && number >= 1 && number <= MOST) return Math.ceil(number);
  problems.add({
    message: `\`${key}\` is a whole number from 1 to ${MOST}, not ${JSON.stringify(value)}.`,
    document: sources.job,
    path: [...(sources.path ?? []), key],
  });
  return undefined;
}

/** A device's constant for retries: 0 when it is empty; a missing key is refused (spec device.md §2 "Lookup trap"). */
function constant(key: string, sources: RetrySources, problems: ProblemList): number {
  const { constants, device } = sources;
  if (!Object.hasOwn(constants, key)) {
    problems.add({
      message: `The device's constants lack \`${key}\`.`,
      document: device,
      path: ["constants"],
      errorClass: "ConfigurationError",
      hint: `add \`${key}: 1\`, or leave it empty`,
    });
    return 0;
  }
  const value = Number(constants[key] ?? 0);
  return Number.isFinite(value) ? Math.min(MOST, Math.floor(value)) : 0;
}

/** Number of attempts of a retry action (spec job.md §3). */
export function retryRule(parameters: JsonMap, sources: RetrySources, problems: ProblemList): RetryRule {
  const interval = count(parameters.failure_retry_interval, "failure_retry_interval", sources, problems);
  const failureRetry = count(parameters.failure_retry, "failure_retry", sources, problems);
  const repeat = count(parameters.repeat, "repeat", sources, problems);
  if (failureRetry !== undefined && repeat !== undefined)
    problems.add({
      message:
        "`repeat` and `failure_retry` exclude each other: `repeat` runs all attempts, `failure_retry` until one passes.",
      document: sources.job,
      path: [...(sources.path ?? []), "repeat"],
      hint: "keep one of the two",
    });
  let maxRetries = 1;
  if (failureRetry !== undefined) maxRetries = failureRetry;
  else if (isMap(sources.device.value) && isMap(sources.device.value.constants)) {
    maxRetries = Math.max(1, constant("failure_retry", sources, problems));
    if (sources.section === "boot") maxRetries = constant("boot_retry", sources, problems) || maxRetries;
  }
  return {
    maxRetries: repeat ?? maxRetries,
    repeat: repeat !== undefined,
    interval: interval ?? sources.defaultInterval,
  };
}
