import { isMap, type JsonMap } from "../base/json.js";
import { type Problem, someOf } from "../base/problem.js";
import { crossChecks } from "./cross-checks.js";
import { schema, validateJob } from "./generated/validate-job.js";
import { schemaProblems } from "./schema-problems.js";
import { type ParsedYaml, parseYaml } from "./yaml-text.js";

export interface LoadedJob {
  /** The job as written; `{}` when the text is not a map. */
  job: JsonMap;
  parsed: ParsedYaml;
  /** Everything that is wrong with it, in the order of the file. */
  problems: Problem[];
}

/**
 * Reads and checks a job definition (spec job.md). Never throws.
 * @param options.strict unknown keys are errors, not warnings
 */
export function loadJob(text: string, file: string, { strict }: { strict: boolean }): LoadedJob {
  const parsed = parseYaml(text, file, { names: ["parameters", "params"], below: "definitions" });
  const job = parsed.value;
  if (!isMap(job)) {
    const problems = [...parsed.problems];
    if (!problems.some(({ severity }) => severity === "error")) {
      problems.push({
        severity: "error",
        message: "a job must be a map",
        location: { file, line: 1, column: 1 },
        source: parsed.sourceLine(1),
        hint: "it begins with keys such as device_type, job_name, timeouts and actions",
      });
    }
    return { job: {}, parsed, problems };
  }
  validateJob(job);
  const problems = [
    ...parsed.problems,
    ...schemaProblems(validateJob.errors ?? [], schema, parsed, { strict }),
    ...crossChecks(job, parsed, { strict }),
  ];
  return { job, parsed, problems: someOf(inOrder(problems)) };
}

/** As the file has them; what has no place comes first. */
export const inOrder = (problems: Problem[]): Problem[] =>
  problems.sort(
    ({ location: a }, { location: b }) => (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0),
  );
