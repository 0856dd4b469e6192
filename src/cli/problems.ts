/** Problems on standard error, and what they mean for the exit code. */
import { type ErrorClassName, type ErrorRecord, makeError, toErrorRecord } from "../base/errors.js";
import type { Problem } from "../base/problem.js";
import { formatProblem } from "../definition/format-problem.js";
import { errorDetails } from "../results/error-text.js";
import type { CliContext } from "./context.js";
import { EXIT, type ExitCode, exitCodeOfError } from "./exit-codes.js";
import { harmless, type Paint } from "./terminal/paint.js";

export const errorsOf = (problems: Problem[]): Problem[] => problems.filter(({ severity }) => severity === "error");

/** Prints each problem once. */
export function printProblems(problems: Problem[], { stderr }: Pick<CliContext, "stderr">, color: boolean): void {
  for (const text of new Set(problems.map((problem) => formatProblem(problem, { color })))) stderr.write(`${text}\n`);
}

/** Prints errors that are not about a line of a file. */
export function printErrors(errors: ErrorRecord[], { stderr }: Pick<CliContext, "stderr">, paint: Paint): void {
  for (const error of errors) {
    stderr.write(`${paint("red", `${error.class}:`)} ${harmless(error.message)}\n`);
    for (const line of errorDetails(error)) stderr.write(`  ${harmless(line)}\n`);
  }
}

const recordOf = (problem: Problem): ErrorRecord =>
  toErrorRecord(makeError((problem.errorClass ?? "JobError") as ErrorClassName, problem.message));

/** The first error decides; 0 without errors. */
export function exitCodeOfProblems(problems: Problem[], errors: ErrorRecord[] = []): ExitCode {
  const [first] = [...errorsOf(problems).map(recordOf), ...errors];
  return first ? exitCodeOfError(first) : EXIT.passed;
}

/** `2 errors and 1 warning`. */
export function countText(errors: number, warnings: number): string {
  const text = (count: number, word: string) => (count ? [`${count} ${word}${count === 1 ? "" : "s"}`] : []);
  return [...text(errors, "error"), ...text(warnings, "warning")].join(" and ");
}
