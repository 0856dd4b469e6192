/** `value[key]`: items and slices. */
import { asNumber } from "./compare.js";
import { JinjaError, typeError } from "./errors.js";
import { asText, Dict, type List, Markup, Range, Slice, Tuple, typeName, type Value } from "./values.js";

/** The item, or undefined where Python has none of that key. */
export function itemOf(value: Value, key: Value): Value | undefined {
  if (value instanceof Dict) return value.get(key);
  const text = asText(value);
  const items = text !== undefined ? characters(text) : listOf(value);
  if (!items) return undefined;
  if (key instanceof Slice) {
    const found = sliced(items, key);
    if (text === undefined) return Array.isArray(value) ? found : new Tuple(found);
    const part = found.join("");
    return value instanceof Markup ? new Markup(part) : part;
  }
  const index = asNumber(key);
  if (typeof index !== "bigint") return undefined;
  const item = items.at(Number(index));
  return item !== undefined && value instanceof Markup ? new Markup(item as string) : item;
}

export const characters = (text: string): string[] => (/[\ud800-\udbff]/.test(text) ? [...text] : text.split(""));

function listOf(value: Value): readonly Value[] | undefined {
  if (Array.isArray(value)) return value;
  if (value instanceof Tuple) return value.items;
  if (value instanceof Range) return Array.from({ length: value.length }, (_, index) => value.at(index));
  return undefined;
}

function sliced(items: readonly Value[], { start, stop, step }: Slice): List {
  const by = bound(step, 1);
  if (by === 0) throw new JinjaError("runtime", "slice step cannot be zero");
  const { length } = items;
  const clamp = (at: number) =>
    by > 0
      ? Math.min(Math.max(at < 0 ? at + length : at, 0), length)
      : Math.min(Math.max(at < 0 ? at + length : at, -1), length - 1);
  const from = start === null ? (by > 0 ? 0 : length - 1) : clamp(bound(start, 0));
  const to = stop === null ? (by > 0 ? length : -1) : clamp(bound(stop, 0));
  const found: List = [];
  for (let at = from; by > 0 ? at < to : at > to; at += by) found.push(items[at]!);
  return found;
}

function bound(value: Value, standard: number): number {
  if (value === null) return standard;
  const number = asNumber(value);
  if (typeof number !== "bigint") throw typeError("slice indices must be integers or None or have an __index__ method");
  return Math.max(-(2 ** 31), Math.min(2 ** 31, Number(number)));
}

/** A list index in a call such as `list.pop(-1)`. */
export function indexOf(value: Value): number {
  const number = asNumber(value);
  if (typeof number !== "bigint") throw typeError(`'${typeName(value)}' object cannot be interpreted as an integer`);
  return bound(number, 0);
}
