/** A place in a text: lines and columns count from 1. */
export interface Location {
  file: string;
  line: number;
  column: number;
}

/** One finding about a job, a device or a machines file. All problems of a file are reported, not only the first. */
export interface Problem {
  severity: "error" | "warning";
  /** Class of the error that it becomes when the job is refused for it (default `JobError`). */
  errorClass?: string;
  /** What happened, one sentence. */
  message: string;
  location?: Location;
  /** The source line itself, to be shown below the message. */
  source?: string;
  /** What to do, e.g. `did you mean "prompts"?`. */
  hint?: string;
  /** JSON path of the value, e.g. `actions[1].boot.prompts`. */
  path?: string;
  /** Further places worth showing, e.g. the first of two duplicate keys. */
  related?: { location: Location; source?: string; message: string }[];
}

/** Problems of a severity that are told; more help nobody. */
export const MOST_TOLD = 100;

/** What stands for problems that are not told. */
export function untold(errors: number, warnings: number): Problem[] {
  const some = (count: number, word: string) => (count === 0 ? [] : [`${count} more ${word}${count === 1 ? "" : "s"}`]);
  const counted = [...some(errors, "error"), ...some(warnings, "warning")].join(" and ");
  if (counted === "") return [];
  const verb = errors + warnings === 1 ? "is" : "are";
  return [{ severity: errors > 0 ? "error" : "warning", message: `${counted} ${verb} not told` }];
}

/** The first problems of each severity, and how many there are besides. */
export function someOf(problems: Problem[]): Problem[] {
  if (problems.length <= MOST_TOLD) return problems;
  const count = { error: 0, warning: 0 };
  const told = problems.filter(({ severity }) => ++count[severity] <= MOST_TOLD);
  return [...told, ...untold(Math.max(0, count.error - MOST_TOLD), Math.max(0, count.warning - MOST_TOLD))];
}
