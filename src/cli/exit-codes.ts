/** Exit codes of `lava-dispatch`, and how `lava-run` folds them. */
import type { ErrorRecord } from "../base/errors.js";
import type { RunReport, VerdictClass } from "../results/report-model.js";
import { classOfError } from "../results/report-verdict.js";

export const EXIT = { passed: 0, failed: 1, job: 2, infrastructure: 3, canceled: 4, bug: 5 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_CLASS: { [verdict in VerdictClass]: ExitCode } = {
  pass: EXIT.passed,
  fail: EXIT.failed,
  test: EXIT.failed,
  job: EXIT.job,
  infrastructure: EXIT.infrastructure,
  canceled: EXIT.canceled,
  bug: EXIT.bug,
};

export const exitCodeOfClass = (verdict: VerdictClass): ExitCode => BY_CLASS[verdict];
export const exitCodeOfError = (error: ErrorRecord): ExitCode => BY_CLASS[classOfError(error)];

/** lava-run knows two (spec output.md §4): 0 when the job itself ran to its end, whatever its tests say, else 1. */
export const lavaExitCode = ({ verdict }: RunReport): 0 | 1 => (verdict.result === "pass" && !verdict.error ? 0 : 1);
