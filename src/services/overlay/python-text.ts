import type { Json } from "../../base/json.js";

/** What Python calls the numbers that are none. */
const NUMBERS = new Map([
  ["NaN", "nan"],
  ["Infinity", "inf"],
  ["-Infinity", "-inf"],
]);

/** A value inside a list or a map, as Python shows it. */
function shownInside(value: Json): string {
  if (typeof value === "string") {
    const text = value.replaceAll("\\", "\\\\");
    return text.includes("'") && !text.includes('"') ? `"${text}"` : `'${text.replaceAll("'", "\\'")}'`;
  }
  return value === null ? "None" : pythonText(value);
}

/** A value as Python's `str` shows it, as LAVA does: existing definitions compare with `True`. */
export function pythonText(value: Json): string {
  if (value === null) return "";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(shownInside).join(", ")}]`;
  if (typeof value === "number" && !Number.isFinite(value)) return NUMBERS.get(String(value)) as string;
  if (typeof value !== "object") return String(value);
  const pairs = Object.entries(value).map(([key, item]) => `${shownInside(key)}: ${shownInside(item)}`);
  return `{${pairs.join(", ")}}`;
}

/**
 * A value of a job or a device as a word of a command, of a file or of what is typed: what is not there is empty, lists and
 * maps are as Python shows them. Never `undefined`, `null`, `NaN` or `[object Object]`.
 */
export const plainText = (value: Json | undefined): string =>
  typeof value === "boolean" ? String(value) : pythonText(value ?? null);
