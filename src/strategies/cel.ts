import { Environment } from "@marcbachmann/cel-js";
import { ConfigurationError } from "../base/errors.js";
import { isMap, type Json } from "../base/json.js";
import type { Location } from "../base/problem.js";
import { pythonRegExp } from "../base/python-regexp.js";
import type { Cel, CelTree } from "./machines-types.js";

/** What expressions see (docs/machines.md "What an expression sees"). */
export type CelScope = object;

export type Parsed = ((scope: CelScope) => unknown) & {
  ast: unknown;
  /** Whether its functions are there and take such values. */
  check(): { valid: boolean; error?: unknown };
};

const arithmetic: { [operator: string]: (a: number, b: number) => number } = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
};

const listOf = (value: unknown): unknown[] =>
  value === null || value === undefined ? [] : Array.isArray(value) ? value : [value];

const keysOf = (value: unknown): string[] =>
  value instanceof Map ? [...value.keys()].map(String) : isMap(value) ? Object.keys(value) : [];

/** A value as a text; what is no number or no value at all has none. */
function text(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return typeof value === "number" ? String(aNumber(value)) : String(value);
  const json = toJson(value);
  return json === null || typeof json === "string" ? (json ?? "") : JSON.stringify(json);
}

/** @throws TypeError for what is none, which would be written as `NaN` */
function aNumber(value: unknown): number {
  const number = Number(value);
  if (Number.isFinite(number)) return number;
  throw new TypeError(`${JSON.stringify(toJson(value))} is no number`);
}

/**
 * Replaces each `{name}` that `values` (a map, or a list of maps: the first that has it) gives, as `name` or as `{name}`;
 * the rest stays.
 */
function fill(template: unknown, values: unknown): string {
  const maps = listOf(values).map(plainMap).filter(isMap);
  return text(template).replace(/\{([^{}]+)\}/g, (whole, name: string) => {
    for (const map of maps) for (const key of [name, whole]) if (Object.hasOwn(map, key)) return text(map[key]);
    return whole;
  });
}

/** A text as the name of a test case: trimmed, lower case, what is neither letter, digit nor underscore made one underscore. */
const identifier = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_]+/gu, "_");

/** Whether one of the patterns (Python's; one or a list) is found in a text. */
const found = (patterns: unknown, within: unknown): boolean =>
  listOf(patterns).some((pattern) => pythonRegExp(text(pattern), "m").test(text(within)));

function makeEnvironment(): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
  });
  // JSON numbers are doubles to CEL, the numbers of an expression integers: both may stand in one sum.
  for (const [operator, apply] of Object.entries(arithmetic)) {
    environment.registerOperator(`double ${operator} int`, (a: number, b: bigint) => apply(a, Number(b)));
    environment.registerOperator(`int ${operator} double`, (a: bigint, b: number) => apply(Number(a), b));
  }
  return environment
    .registerFunction("basename(string): string", (path: string) => path.replace(/\/+$/, "").replace(/^.*\//, ""))
    .registerFunction("list(dyn): list<dyn>", listOf)
    .registerFunction("flatten(list<dyn>): list<dyn>", (list: unknown[]) => list.flat(Number.POSITIVE_INFINITY))
    .registerFunction("regex_escape(string): string", (literal: string) =>
      literal.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"),
    )
    .registerFunction("keys(dyn): list<dyn>", keysOf)
    .registerFunction("join(list<dyn>, string): string", (list: unknown[], by: string) => list.map(text).join(by))
    .registerFunction("sorted(list<dyn>): list<dyn>", (list: unknown[]) =>
      [...list].sort((a, b) => (text(a) < text(b) ? -1 : 1)),
    )
    .registerFunction("text(dyn): string", text)
    .registerFunction("upper(string): string", (given: string) => given.toUpperCase())
    .registerFunction("hex(dyn): string", (number: unknown) => aNumber(number).toString(16))
    .registerFunction("fill(dyn, dyn): string", fill)
    .registerFunction("identifier(string): string", identifier)
    .registerFunction("seconds(dyn): string", (ms: unknown) => (aNumber(ms) / 1000).toFixed(2))
    .registerFunction("truthy(dyn): bool", truthy)
    .registerFunction("found(dyn, dyn): bool", found)
    .registerFunction("merge(dyn, dyn): dyn", (a: unknown, b: unknown) =>
      asSeen({ ...plainMap(isMap(a) ? a : {}), ...plainMap(isMap(b) ? b : {}) }),
    );
}

/** What LAVA takes for true: not null, false, zero, or an empty text, list or map. */
export function truthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isMap(value)) return keysOf(value).length > 0;
  return Boolean(value);
}

/** A CEL value as JSON: integers become numbers, maps objects, optionals their value or null. */
export function toJson(value: unknown): Json {
  if (value === null || value === undefined) return null;
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object") return typeof value === "function" ? null : (value as Json);
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, each]) => [String(key), toJson(each)]));
  if ("hasValue" in value && typeof value.hasValue === "function")
    return toJson(value.hasValue() ? (value as unknown as { value(): unknown }).value() : null);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, toJson(each)]));
}

const plainMap = <T>(value: T): T => (value instanceof Map ? Object.fromEntries(value) : value);

/** Values as expressions see them, by the values themselves, so that each is looked through once. */
const seen = new WeakMap<object, object>();

/**
 * cel-js tells what an object is by its `constructor`: a map of a job that has such a key would be no map. Expressions see
 * it as a Map, which to them is the same.
 */
function asSeen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  const known = seen.get(value);
  if (known) return known as T;
  const form = formOf(value);
  seen.set(value, form);
  return form as T;
}

function formOf(value: object): object {
  if (Array.isArray(value)) {
    const items = value.map(asSeen);
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const entries = Object.entries(value);
  const forms = entries.map(([key, each]): [string, unknown] => [key, asSeen(each)]);
  if (Object.hasOwn(value, "constructor")) return new Map(forms);
  return forms.some(([, form], index) => form !== entries[index]?.[1]) ? Object.fromEntries(forms) : value;
}

/** The scope itself is made for one expression: only what is in it is kept in mind. */
function scopeAsSeen(scope: CelScope): CelScope {
  let own: { [name: string]: unknown } | undefined;
  for (const [name, value] of Object.entries(scope)) {
    const form = asSeen(value);
    if (form === value) continue;
    own ??= { ...scope };
    own[name] = form;
  }
  return own ?? scope;
}

// One environment for all: making it costs far more than using it. Both are caches; neither changes a result.
let environment: Environment | undefined;
const parsed = new Map<Cel, Parsed>();

/** Parses an expression, once; throws cel-js's ParseError (with `summary` and `range`). */
export function parseCel(expression: Cel): Parsed {
  let run = parsed.get(expression);
  if (!run) {
    environment ??= makeEnvironment();
    run = environment.parse(expression) as unknown as Parsed;
    parsed.set(expression, run);
  }
  return run;
}

const place = (at: Location | undefined): string => (at ? ` (${at.file}:${at.line})` : "");

/**
 * Evaluates one expression. Throws a ConfigurationError that names the expression and its place in machines/
 * when it does not parse or has no value (a missing key, operands of the wrong type).
 */
export function evaluateCel(expression: Cel, scope: CelScope, at?: Location): Json {
  try {
    return toJson(parseCel(expression)(scopeAsSeen(scope)));
  } catch (error) {
    const why = (error as { summary?: string }).summary ?? (error as Error).message;
    throw new ConfigurationError(`The expression \`${expression}\`${place(at)} has no value: ${why}.`, {
      cause: error,
      ...(at && { location: at }),
    });
  }
}

/**
 * Evaluates an expression whose value is typed on a device or becomes an argument: a text, a number or a boolean; null is
 * empty. A list or a map has no form there, and is a ConfigurationError that names the expression.
 */
export function evaluateText(expression: Cel, scope: CelScope, at?: Location): string {
  const value = evaluateCel(expression, scope, at);
  if (value === null) return "";
  if (typeof value !== "object" && !Number.isNaN(value)) return String(value);
  throw new ConfigurationError(
    `The expression \`${expression}\`${place(at)} is to give a text, but gives ${Array.isArray(value) ? "a list" : typeof value === "object" ? "a map" : "no number"}.`,
    at && { location: at },
  );
}

/** Evaluates a condition; throws as `evaluateCel` does, and when the value is not a bool. */
export function evaluateCondition(expression: Cel, scope: CelScope, at?: Location): boolean {
  const value = evaluateCel(expression, scope, at);
  if (typeof value === "boolean") return value;
  throw new ConfigurationError(
    `The condition \`${expression}\`${place(at)} gives ${JSON.stringify(value)} instead of true or false.`,
    at && { location: at },
  );
}

/** Evaluates every text of a tree; other scalars stand for themselves (docs/machines.md). */
export function evaluateTree(tree: CelTree, scope: CelScope, at?: Location): Json {
  if (typeof tree === "string") return evaluateCel(tree, scope, at);
  if (Array.isArray(tree)) return tree.map((each) => evaluateTree(each, scope, at));
  if (tree === null || typeof tree !== "object") return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, each]) => [key, evaluateTree(each, scope, at)]));
}
