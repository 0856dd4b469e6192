/** One mistake is one error: what follows from another problem is left out. */
import type { Problem } from "../base/problem.js";

/** Blocks and the map of timeouts: what lies deeper is a place of its own. */
const BLOCK = /^(?:actions\[\d+\]\.[\w-]+|actions\[\d+\]\.repeat(?:\.actions\[\d+\]\.[\w-]+)+)$/;
const EXPRESSION = /^The expression `/;

/** Whether a path is the other or lies below it. */
const isBelow = (path: string, other: string): boolean =>
  path === other || path.startsWith(`${other}.`) || path.startsWith(`${other}[`);

const sameLine = ({ location: a }: Problem, { location: b }: Problem): boolean =>
  a !== undefined && b !== undefined && a.file === b.file && a.line === b.line && a.column === b.column;

/**
 * What the job's text was told for, and what the pipeline says of the same place, as one list: an error of the text is the
 * cause of what the pipeline says around it; where only the pipeline needs a value, its error is the one. Of errors about a
 * block, expressions that have no value are told when nothing else is.
 */
export function causesFirst(ofJob: Problem[], ofPipeline: Problem[]): { job: Problem[]; pipeline: Problem[] } {
  const errors = ofJob.filter(({ severity, path }) => severity === "error" && path !== undefined);
  const causes = ofPipeline.filter(
    (problem) =>
      !errors.some(({ path }) => related(path!, problem)) &&
      !(problem.severity === "warning" && ofJob.some((other) => sameLine(other, problem))),
  );
  const pipeline = causes.filter(
    (problem) =>
      !EXPRESSION.test(problem.message) ||
      !causes.some(
        (other) => !EXPRESSION.test(other.message) && other.severity === "error" && inBlockOf(other, problem),
      ),
  );
  const told = pipeline.filter(({ severity, path }) => severity === "error" && path !== undefined && !BLOCK.test(path));
  const job = ofJob.filter(
    ({ severity, path }) => severity === "error" || path === undefined || !told.some((p) => isBelow(path, p.path!)),
  );
  return { job, pipeline };
}

function related(cause: string, { path, message }: Problem): boolean {
  if (path === undefined) return false;
  return (
    isBelow(cause, path) || isBelow(path, cause) || isOfAnotherBlock(cause, path) || isSpokenOf(cause, path, message)
  );
}

const aroundOf = (path: string): string => path.slice(0, path.lastIndexOf("."));

/** Whether the pipeline says, at another key of the same map, that it lacks the key of the cause. */
const isSpokenOf = (cause: string, path: string, message: string): boolean =>
  aroundOf(cause) === aroundOf(path) && message.includes(`\`${cause.slice(aroundOf(cause).length + 1)}\``);

/** Whether the pipeline speaks of a key alone, which another block has, and the cause lies in such a key. */
const isOfAnotherBlock = (cause: string, key: string): boolean =>
  !key.includes("[") && cause.startsWith("actions[") && /[.[]/.test(cause.split(`.${key}`)[1]?.[0] ?? "");

const inBlockOf = ({ path }: Problem, { path: block }: Problem): boolean =>
  path !== undefined && block !== undefined && isBelow(path, block);
