import { JobError } from "../../base/errors.js";
import { isMap, type Json, type JsonMap, own } from "../../base/json.js";

const wrong = (key: string, what: string): never => {
  throw new JobError(`'${key}' must be ${what}`);
};

/** A text that may be missing (null counts as missing). @throws JobError when it is something else. */
export function optionalText(input: JsonMap, key: string): string | undefined {
  const value = input[key];
  if (value === undefined || value === null) return undefined;
  return typeof value === "string" ? value : wrong(key, "a text");
}

/** A text that must be there. @throws JobError */
export const text = (input: JsonMap, key: string): string => optionalText(input, key) ?? wrong(key, "a text");

/** A whole number that must be there. @throws JobError */
export function integer(input: JsonMap, key: string): number {
  const value = input[key];
  return typeof value === "number" && Number.isInteger(value) ? value : wrong(key, "a whole number");
}

/** A map, empty when missing. @throws JobError when it is something else. */
export function map(input: JsonMap, key: string): JsonMap {
  const value = input[key];
  if (value === undefined || value === null) return {};
  return isMap(value) ? value : wrong(key, "a map");
}

/** A list of texts; one text alone is a list of one, missing is empty. @throws JobError */
export function texts(input: JsonMap, key: string): string[] {
  const value = input[key];
  if (value === undefined || value === null) return [];
  const list = Array.isArray(value) ? value : [value];
  return list.every((item) => typeof item === "string") ? (list as string[]) : wrong(key, "a list of texts");
}

/** Follows keys into a tree; undefined as soon as one is missing. */
export function dig(value: Json | undefined, ...keys: string[]): Json | undefined {
  for (const key of keys) value = isMap(value) ? own(value, key) : undefined;
  return value ?? undefined;
}
