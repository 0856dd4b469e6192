import { expect, it } from "vitest";
import { deepMerge, type JsonMap, setKey } from "../../src/base/json.js";

it.each(["__proto__", "constructor", "toString"])("%s is a key like any other", (name) => {
  const from: JsonMap = {};
  setKey(from, name, { a: 1 });
  const merged = deepMerge({ b: 2 }, from);
  expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
  expect(Object.entries(merged)).toEqual([
    ["b", 2],
    [name, { a: 1 }],
  ]);
  expect(({} as JsonMap).a).toBeUndefined();
});
