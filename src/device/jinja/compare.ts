/** Python's truth, equality and order. */
import { typeError } from "./errors.js";
import { iterate } from "./iterate.js";
import {
  Attributes,
  asText,
  Dict,
  DictView,
  Markup,
  needed,
  Range,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from "./values.js";

export function isTrue(value: Value): boolean {
  if (typeof value !== "object" || value === null) return Boolean(value);
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Dict) return value.size > 0;
  if (value instanceof DictView) return value.dict.size > 0;
  if (value instanceof Tuple) return value.items.length > 0;
  if (value instanceof Markup) return value.text !== "";
  if (value instanceof Range) return value.length > 0;
  return !(value instanceof Undefined);
}

/** A number, or what counts as one: True is 1. */
export function asNumber(value: Value): number | bigint | undefined {
  if (typeof value === "boolean") return value ? 1n : 0n;
  return typeof value === "bigint" || typeof value === "number" ? value : undefined;
}

export function isEqual(left: Value, right: Value): boolean {
  const [a, b] = [asNumber(left), asNumber(right)];
  // biome-ignore lint/suspicious/noDoubleEquals: 1n == 1, by JavaScript as by Python
  if (a !== undefined && b !== undefined) return a == b;
  const [text, other] = [asText(left), asText(right)];
  if (text !== undefined || other !== undefined) return text === other;
  if (left instanceof Undefined) return right instanceof Undefined;
  if (Array.isArray(left)) return Array.isArray(right) && areEqual(left, right);
  if (left instanceof Tuple) return right instanceof Tuple && areEqual(left.items, right.items);
  if (left instanceof Range) return right instanceof Range && areEqual([...iterate(left)], [...iterate(right)]);
  if (left instanceof Dict) {
    if (!(right instanceof Dict) || left.size !== right.size) return false;
    for (const [key, value] of left.entries()) {
      const found = right.get(key);
      if (found === undefined || !isEqual(value, found)) return false;
    }
    return true;
  }
  if (left instanceof DictView && right instanceof DictView && left.kind === right.kind && left.kind !== "values") {
    const items = [...right];
    return left.dict.size === right.dict.size && [...left].every((item) => items.some((found) => isEqual(item, found)));
  }
  return left === right;
}

const areEqual = (left: readonly Value[], right: readonly Value[]): boolean =>
  left.length === right.length && left.every((value, index) => isEqual(value, right[index]!));

type Order = "<" | "<=" | ">" | ">=";

/** @throws JinjaError for values that Python cannot order */
export function isOrdered(operator: Order, left: Value, right: Value): boolean {
  needed(left);
  needed(right);
  const [a, b] = [asNumber(left), asNumber(right)];
  if (a !== undefined && b !== undefined) return holds(operator, a < b ? -1 : a > b ? 1 : 0, a <= b || a >= b);
  const [text, other] = [asText(left), asText(right)];
  if (text !== undefined && other !== undefined) return holds(operator, compareTexts(text, other));
  const [list, others] = [itemsOf(left), itemsOf(right)];
  if (list && others && typeName(left) === typeName(right)) {
    const at = list.findIndex((item, index) => index >= others.length || !isEqual(item, others[index]!));
    if (at >= 0 && at < others.length) return isOrdered(operator, list[at]!, others[at]!);
    return holds(operator, list.length - others.length);
  }
  throw typeError(`'${operator}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`);
}

const itemsOf = (value: Value): readonly Value[] | undefined =>
  Array.isArray(value) ? value : value instanceof Tuple ? value.items : undefined;

function holds(operator: Order, order: number, isNumber = true): boolean {
  if (!isNumber) return false;
  if (operator === "<") return order < 0;
  if (operator === "<=") return order <= 0;
  return operator === ">" ? order > 0 : order >= 0;
}

/** By code points, as Python; JavaScript compares halves of those beyond U+FFFF. */
function compareTexts(left: string, right: string): number {
  if (left === right) return 0;
  let at = 0;
  while (at < left.length && left[at] === right[at]) at++;
  if (at > 0 && /[\udc00-\udfff]/.test(left[at] ?? right[at] ?? "")) at--;
  return (left.codePointAt(at) ?? -1) - (right.codePointAt(at) ?? -1);
}

/** `item in box`. */
export function contains(box: Value, item: Value): boolean {
  if (box instanceof Undefined) return false;
  const text = asText(box);
  if (text !== undefined) {
    const part = asText(item);
    if (part !== undefined) return text.includes(part);
    needed(item);
    throw typeError(`'in <string>' requires string as left operand, not ${typeName(item)}`);
  }
  if (box instanceof Dict) return box.has(item);
  if (box instanceof DictView && box.kind === "keys") return box.dict.has(item);
  if (box instanceof Attributes && !box.items) throw typeError(`argument of type '${box.type}' is not iterable`);
  for (const other of iterate(box, "argument of type")) if (other === item || isEqual(other, item)) return true;
  return false;
}

/** Sorts as Python: stable, with `<` alone. */
export function sorted<T>(items: readonly T[], keyOfItem: (item: T) => Value, reverse = false): T[] {
  const keyed = items.map((item) => ({ item, key: keyOfItem(item) }));
  const order = (a: { key: Value }, b: { key: Value }) =>
    isOrdered("<", a.key, b.key) ? -1 : isOrdered("<", b.key, a.key) ? 1 : 0;
  // reversed, the equal ones stay in their order
  const all = keyed.sort(reverse ? (a, b) => order(b, a) : order);
  return all.map(({ item }) => item);
}
