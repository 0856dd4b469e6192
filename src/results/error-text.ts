/** An error in words, the same in every report: what, where, what to do. */
import type { ErrorRecord } from "../base/errors.js";
import type { Location } from "../base/problem.js";

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
