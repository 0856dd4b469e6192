import { type Parsed, parseCel } from "./cel.js";
import type { Cel } from "./machines-types.js";

/** A node of cel-js's syntax tree. */
interface Node {
  op: string;
  args: unknown;
}

/** Macros whose first argument names a variable for the others. */
const BINDING = new Set(["all", "exists", "exists_one", "filter", "map"]);

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && "op" in value;

/** All nodes of an expression. */
function* nodes(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const each of value) yield* nodes(each);
  if (!isNode(value)) return;
  yield value;
  yield* nodes(value.args);
}

/**
 * What is wrong with an expression before anything is known of a job: it does not parse, or calls a function that is not
 * there or does not take such values. Undefined when it is sound.
 */
export function checkCel(expression: Cel): string | undefined {
  let parsed: Parsed;
  try {
    parsed = parseCel(expression);
  } catch (error) {
    return `does not parse: ${summary(error)}`;
  }
  const { valid, error } = parsed.check();
  return valid ? undefined : `cannot be evaluated: ${summary(error)}`;
}

/** The variables that a sound expression reads from what is around it. */
export function variablesOf(expression: Cel): string[] {
  const read: string[] = [];
  const bound = new Set<string>();
  for (const { op, args } of nodes(parseCel(expression).ast)) {
    if (op === "id") read.push(String(args));
    if (op !== "rcall" || !Array.isArray(args) || !BINDING.has(String(args[0]))) continue;
    const [variable] = args[2] as unknown[];
    if (isNode(variable) && variable.op === "id") bound.add(String(variable.args));
  }
  return [...new Set(read)].filter((name) => !bound.has(name));
}

const summary = (error: unknown): string => (error as { summary?: string }).summary ?? (error as Error).message;
