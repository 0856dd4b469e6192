import type { Json } from "../base/json.js";
import { floatText } from "./jinja/float-text.js";
import { quoted } from "./jinja/text.js";

/** A value as it is written in a template. */
export function jinjaLiteral(value: Json): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : floatText(value);
  // the same escapes hold in a template's texts
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map(jinjaLiteral).join(", ")}]`;
  const entries = Object.entries(value).map(([key, item]) => `${quoted(key)}: ${jinjaLiteral(item)}`);
  return `{${entries.join(", ")}}`;
}

/** A device dictionary as LAVA's server has it: what it extends, and a line for each value. */
export function jinjaDictionary(extended: string, values: Iterable<[string, Json]>): string {
  const lines = [...values].map(([name, value]) => `{% set ${name} = ${jinjaLiteral(value)} %}\n`);
  return `{% extends ${quoted(extended)} %}\n${lines.join("")}`;
}
