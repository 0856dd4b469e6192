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

/** What the files say, for the lines of errors: a text by the name that locations call its file. */
export interface SourceTexts {
  [file: string]: string;
}

/** An error at a place of a file whose text is known, as a problem that shows the line; its cause is in the log of a run. */
export function problemOfError(error: ErrorRecord, texts: SourceTexts): Problem | undefined {
  const { location, message, advice } = error;
  const source =
    location && Object.hasOwn(texts, location.file) && texts[location.file]!.split("\n")[location.line - 1];
  if (!location || typeof source !== "string") return undefined;
  return {
    severity: "error",
    message,
    location,
    source: source.replace(/\r$/, ""),
    ...(advice && { hint: advice }),
  };
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
