/** JSON values: all that a chart's context, the journal and the namespace data may hold. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonMap = { [key: string]: Json };

export const isMap = (value: unknown): value is JsonMap =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value of a key that the map itself has: `constructor` and the like are keys of every object of JavaScript. */
export const own = <T>(map: { readonly [key: string]: T } | undefined, key: string): T | undefined =>
  map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;

/** Sets a key, whatever it is: to assign "__proto__" would give the map another prototype. */
export function setKey(map: JsonMap, key: string, value: Json): void {
  if (key !== "__proto__") map[key] = value;
  else Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Merges `from` into a copy of `into`: maps key by key, everything else replaced. */
export function deepMerge(into: JsonMap, from: JsonMap): JsonMap {
  const merged: JsonMap = { ...into };
  for (const [key, value] of Object.entries(from)) {
    const old = Object.hasOwn(merged, key) ? merged[key] : undefined;
    setKey(merged, key, isMap(old) && isMap(value) ? deepMerge(old, value) : value);
  }
  return merged;
}
