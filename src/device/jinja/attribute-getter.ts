import { item } from "./attributes.js";
import { typeError } from "./errors.js";
import type { Runtime } from "./runtime.js";
import { asText, Undefined, type Value } from "./values.js";

/** `"a.b.0"` as a way from a value to a part of it; null is the value itself. */
export function attributeGetter(path: Value, runtime: Runtime, standard?: Value): (value: Value) => Value {
  const parts = partsOf(path);
  return (value) => {
    let found = value;
    for (const part of parts) {
      found = item(found, part, runtime);
      if (standard !== undefined && standard !== null && found instanceof Undefined) found = standard;
    }
    return found;
  };
}

function partsOf(path: Value): Value[] {
  if (path === null) return [];
  const text = asText(path);
  if (text !== undefined) return text.split(".").map((part) => (/^\d+$/.test(part) ? BigInt(part) : part));
  if (typeof path === "bigint") return [path];
  throw typeError("an attribute is a text or a number");
}

/** Texts are compared in lower case, unless asked otherwise. */
export const ignoreCase = (value: Value): Value => asText(value)?.toLowerCase() ?? value;
