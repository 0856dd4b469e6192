/** An error in words, the same in every report: what, where, what to do. */
import type { ErrorRecord } from "../base/errors.js";
import type { Location } from "../base/problem.js";
import { goldAdvice } from "../interpreter/gold-job.js";
import type { RunReport } from "./report-model.js";

export const locationText = ({ file, line, column }: Location): string => `${file}:${line}:${column}`;

/** Lines that follow an error's message: where it happened, why, what to do, and what was awaited. */
export function errorDetails(error: ErrorRecord): string[] {
  const lines: string[] = [];
  if (error.level || error.action) lines.push(`in: ${[error.level, error.action].filter(Boolean).join(" ")}`);
  if (error.location) lines.push(`at: ${locationText(error.location)}`);
  if (error.cause && error.cause !== error.message) lines.push(...`cause: ${error.cause}`.split("\n"));
  if (error.advice) lines.push(`do: ${error.advice}`);
  if (error.stuck?.length) lines.push("stuck because:", ...error.stuck.map((line) => `  ${line}`));
  return lines;
}

/**
 * How to tell the board's fault from the job's, when a job has failed that used the board; below the error and what it is
 * stuck because of.
 */
export function goldLines({ job: { gold }, verdict, actions }: RunReport): string[] {
  const used = actions.some(({ attempts }) => attempts.length > 0);
  if (!gold || !used || ["pass", "bug", "canceled"].includes(verdict.class)) return [];
  return goldAdvice(gold).map((line, index) => (index === 0 ? `compare: ${line}` : line));
}
