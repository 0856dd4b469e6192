import type { LogLevel } from "../base/log.js";

/** How much a job may write into its log, recording and journal. Once it is full, only what says how the job went is written. */
export interface OutputBound {
  /** Bytes. */
  readonly limit: number;
  /** Tells whether that much was written. */
  full(): boolean;
}

/** Levels that a board or a program can fill a disk with: dropped when the bound is reached. */
const DROPPED: ReadonlySet<LogLevel> = new Set(["target", "feedback", "input", "debug", "event", "warning"]);

export const isDropped = (level: LogLevel): boolean => DROPPED.has(level);

/** Told once, as a warning. */
export const boundReached = ({ limit }: OutputBound): string =>
  `This job has written ${limit} bytes of log and recording (\`output_limit\` of the dispatcher's settings): the console is no longer logged or recorded. Results, errors and actions still are.`;
