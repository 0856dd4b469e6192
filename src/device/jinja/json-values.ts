import type { Json } from "../../base/json.js";
import { asNumber } from "./compare.js";
import { Dict, Markup, Tuple, type Value } from "./values.js";

/** Data of a job or dictionary as Python's values. Whole numbers are integers. */
export function fromJson(value: Json): Value {
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(fromJson);
  if (typeof value !== "object" || value === null) return value;
  return Dict.of(Object.entries(value).map(([key, item]) => [key, fromJson(item)]));
}

/** A value as data; undefined for what is none. */
export function toJson(value: Value): Json | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (value instanceof Markup) return value.text;
  const number = asNumber(value);
  if (number !== undefined) return Number(number);
  const items = Array.isArray(value) ? value : value instanceof Tuple ? value.items : undefined;
  if (items) return items.map((item) => toJson(item) ?? null);
  if (!(value instanceof Dict)) return undefined;
  return Object.fromEntries([...value.entries()].map(([key, item]) => [String(key), toJson(item) ?? null]));
}
