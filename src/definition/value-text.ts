import { isMap, type Json } from "../base/json.js";
import type { YamlPath } from "./yaml-text.js";

const TYPES: { [type: string]: string } = {
  object: "a map",
  array: "a list",
  string: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  null: "empty",
};
/** `actions[1].boot.prompts` */
export const pathText = (path: YamlPath): string =>
  path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");

/** What a schema's `type` asks for, in words. */
export const expected = (type: string | string[] | undefined): string =>
  [type]
    .flat()
    .map((name) => TYPES[name ?? ""] ?? "something else")
    .join(" or ");

/** What a value is, in words. */
export function found(value: Json): string {
  if (value === null) return "is empty";
  if (Array.isArray(value)) return "is a list";
  if (typeof value === "object") return "is a map";
  return typeof value === "string" ? `is the text ${quoted(value)}` : `is ${value}`;
}

/** A value as messages quote it, cut when long. */
export function quoted(value: Json): string {
  const text = typeof value === "string" ? JSON.stringify(value) : flow(value);
  return text.length > 80 ? `${text.slice(0, 76)}..."` : text;
}

/** A value in YAML's one-line form, as a user would write it. */
export function flow(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (isMap(value))
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}: ${flow(item)}`)
      .join(", ")}}`;
  if (typeof value !== "string") return String(value);
  return /^[A-Za-z/][\w./ -]*$/.test(value) ? value : `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
