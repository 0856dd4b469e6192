import { typeError } from "./errors.js";
import { Attributes, asText, Dict, DictView, Once, Range, Tuple, typeName, Undefined, type Value } from "./values.js";

/**
 * What a `for` goes through. Lists are seen as they are while one goes through them, as in Python.
 * @param what how the message about a value that has no items begins
 */
export function iterate(value: Value, what?: string): Iterable<Value> {
  const text = asText(value);
  if (text !== undefined) return text;
  if (Array.isArray(value) || value instanceof DictView) return value;
  if (value instanceof Tuple) return value.items;
  if (value instanceof Dict) return value.keys();
  if (value instanceof Undefined) return [];
  if (value instanceof Range) return numbers(value);
  if (value instanceof Once) return { [Symbol.iterator]: () => value.iterator };
  if (value instanceof Attributes && value.items) return { [Symbol.iterator]: value.items };
  throw typeError(`${what ? `${what} ` : ""}'${typeName(value)}' ${what ? "is" : "object is"} not iterable`);
}

function* numbers(range: Range): Generator<Value> {
  const { length } = range;
  for (let index = 0; index < length; index++) yield range.at(index);
}

export function isIterable(value: Value): boolean {
  if (asText(value) !== undefined || Array.isArray(value)) return true;
  if (value instanceof Attributes) return value.items !== undefined;
  return [DictView, Tuple, Dict, Undefined, Range, Once].some((type) => value instanceof type);
}

/** `len(value)`; undefined for what has no length. */
export function lengthOf(value: Value): number | undefined {
  const text = asText(value);
  if (text !== undefined) return textLength(text);
  if (Array.isArray(value)) return value.length;
  if (value instanceof Tuple) return value.items.length;
  if (value instanceof Dict) return value.size;
  if (value instanceof DictView) return value.dict.size;
  if (value instanceof Range) return value.length;
  return value instanceof Undefined ? 0 : undefined;
}

/** Characters as Python counts them: one beyond U+FFFF is one. */
export function textLength(text: string): number {
  if (!/[\ud800-\udbff]/.test(text)) return text.length;
  let length = 0;
  for (const _ of text) length++;
  return length;
}
