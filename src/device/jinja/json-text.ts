import { asNumber } from "./compare.js";
import { typeError } from "./errors.js";
import { floatText } from "./float-text.js";
import { asText, Dict, Tuple, typeName, type Value } from "./values.js";

/** `|tojson`: Python's JSON with sorted keys, in ASCII, and safe in HTML. */
export function jsonText(value: Value, indent: Value): string {
  const columns = asNumber(indent);
  const step = asText(indent) ?? (columns === undefined ? undefined : " ".repeat(Math.min(100, Number(columns))));
  return json(value, step, "\n")
    .replaceAll("<", "\\u003c")
    .replaceAll(">", "\\u003e")
    .replaceAll("&", "\\u0026")
    .replaceAll("'", "\\u0027");
}

function json(value: Value, step: string | undefined, newline: string): string {
  const text = asText(value);
  if (text !== undefined) return jsonString(text);
  if (value === null) return "null";
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") {
    if (Number.isFinite(value)) return floatText(value);
    return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  }
  const inner = step === undefined ? "" : newline + step;
  const all = (open: string, items: string[], close: string) =>
    items.length === 0
      ? open + close
      : open +
        inner +
        items.join(step === undefined ? ", " : `,${inner}`) +
        (step === undefined ? "" : newline) +
        close;
  const items = Array.isArray(value) ? value : value instanceof Tuple ? value.items : undefined;
  if (items)
    return all(
      "[",
      items.map((item) => json(item, step, inner)),
      "]",
    );
  if (value instanceof Dict) {
    const entries = [...value.entries()].map(([key, item]) => [keyText(key), json(item, step, inner)] as const);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return all(
      "{",
      entries.map(([key, item]) => `${jsonString(key)}: ${item}`),
      "}",
    );
  }
  throw typeError(`Object of type ${typeName(value)} is not JSON serializable`);
}

function keyText(key: Value): string {
  const text = asText(key);
  if (text !== undefined) return text;
  if (key === null) return "null";
  if (typeof key === "boolean" || typeof key === "bigint") return String(key);
  if (typeof key === "number") return floatText(key);
  throw typeError(`keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

const jsonString = (text: string): string =>
  JSON.stringify(text).replace(/[\x7f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
