/** Job ids and output directories. */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { makeFolder } from "../base/make-folder.js";
import { writeFailure } from "../results/append-file.js";
import { UsageError } from "./usage-error.js";

/** Folder below the working directory that holds the outputs of all jobs. */
const HOME = "lava-out";

/** Ids stand in file names, in paths on the board and in shell variables. */
const JOB_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export interface JobPlace {
  jobId: string;
  output: string;
}

/** A job id from the time: `YYMMDDhhmmss`, UTC. */
export const idOfTime = (t: number): string => new Date(t).toISOString().replace(/\D/g, "").slice(2, 14);

/**
 * Makes the output directory. Without an id the next free one from the time is taken, so that two jobs never share one.
 * Throws UsageError for an id that cannot be one, InfrastructureError when the directory cannot be made.
 */
export function makePlace(options: { jobId?: string; outputDir?: string; cwd: string; now: number }): JobPlace {
  const { jobId, outputDir, cwd, now } = options;
  if (jobId !== undefined && !JOB_ID.test(jobId))
    throw new UsageError(`"${jobId}" cannot be a job id.`, "Use letters, digits, dots, dashes and underscores.");
  if (outputDir !== undefined) {
    const output = resolve(cwd, outputDir);
    make(output, true);
    return { jobId: jobId ?? idOfTime(now), output };
  }
  if (jobId !== undefined) {
    const output = join(cwd, HOME, jobId);
    make(output, true);
    return { jobId, output };
  }
  make(join(cwd, HOME), true);
  for (let time = now; ; time += 1000) {
    const output = join(cwd, HOME, idOfTime(time));
    if (make(output, false)) return { jobId: idOfTime(time), output };
  }
}

/** False when it exists and `existing` is not allowed. */
function make(path: string, existing: boolean): boolean {
  try {
    if (existing) makeFolder(path);
    else mkdirSync(path, { mode: 0o755 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST" && !existing) return false;
    throw writeFailure(path, error);
  }
}
