/** JSON values: all that a chart's context, the journal and the namespace data may hold. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonMap = { [key: string]: Json };

export const isMap = (value: unknown): value is JsonMap =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Merges `from` into a copy of `into`: maps key by key, everything else replaced. */
export function deepMerge(into: JsonMap, from: JsonMap): JsonMap {
  const merged: JsonMap = { ...into };
  for (const [key, value] of Object.entries(from)) {
    const old = merged[key];
    merged[key] = isMap(old) && isMap(value) ? deepMerge(old, value) : value;
  }
  return merged;
}
