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

/** Operators whose operands are not all evaluated; of a choice the condition is. */
const FIRST_ONLY = new Set(["?:", "&&", "||"]);
/** Functions that do not ask their arguments to be there, or may not look at them. */
const ASKING = new Set(["has", "orValue", "or", "optMap", "optFlatMap", ...BINDING]);

/**
 * What an expression surely reads below the variable `root`, as `overlay.tarball`: it has no value when that is not
 * there. Left out is what a condition may leave unread, and all that asks first (`has`, `.?`, `[?]`, `orValue`).
 */
export function certainReads(expression: Cel, root: string): string[] {
  const reads: string[] = [];
  const look = (value: unknown): void => {
    if (Array.isArray(value)) for (const each of value) look(each);
    if (!isNode(value)) return;
    const path = pathBelow(value, root);
    if (path !== undefined && path.length > 0) {
      reads.push(path.join("."));
      return;
    }
    const args = Array.isArray(value.args) ? (value.args as unknown[]) : [];
    if (FIRST_ONLY.has(value.op)) look(args[0]);
    else if (value.op === "rcall" && ASKING.has(String(args[0]))) look(args[1]);
    else if (value.op !== "call" || !ASKING.has(String(args[0]))) look(args);
  };
  look(parseCel(expression).ast);
  return reads;
}

/** The keys from `root` to a value that is read by its name (`root.a.b`); undefined for all else. */
function pathBelow({ op, args }: Node, root: string): string[] | undefined {
  if (op === "id") return args === root ? [] : undefined;
  if (op !== "." || !Array.isArray(args)) return undefined;
  const [from, key] = args as [Node, unknown];
  const path = isNode(from) ? pathBelow(from, root) : undefined;
  return path && [...path, String(key)];
}

const summary = (error: unknown): string => (error as { summary?: string }).summary ?? (error as Error).message;
