/** `value.name` and `value[key]`, as Jinja2's sandbox looks them up. */
import { asNumber } from "./compare.js";
import {
  dataAttribute,
  dictMethod,
  listMethod,
  methodOf,
  numberMethod,
  type Surroundings,
  sequenceMethod,
} from "./container-methods.js";
import { JinjaError } from "./errors.js";
import { stringMethod } from "./string-methods.js";
import { itemOf } from "./subscripts.js";
import { repr } from "./text.js";
import {
  Attributes,
  asText,
  Callable,
  Dict,
  Namespace,
  needed,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from "./values.js";

/** Python's objects have attributes of this kind: none of them is given out. */
const isPrivate = (name: string): boolean => name.startsWith("_");

/** `value.name`: an attribute or, where there is none, the item of that name. */
export function attribute(value: Value, name: string, around: Surroundings): Value {
  needed(value);
  return ownAttribute(value, name, around) ?? itemOr(value, name) ?? missing(value, name);
}

/** `value[key]`: an item or, where there is none, the attribute of that name. */
export function item(value: Value, key: Value, around: Surroundings): Value {
  needed(value);
  const found = itemOr(value, key);
  if (found !== undefined) return found;
  const name = asText(key);
  const own = name === undefined ? undefined : ownAttribute(value, name, around);
  return own ?? missing(value, name ?? key);
}

function itemOr(value: Value, key: Value): Value | undefined {
  try {
    return itemOf(value, key);
  } catch (error) {
    // as Jinja2: a key that Python cannot look up is one that is not there
    if (error instanceof JinjaError && /^unhashable|^slice indices/.test(error.message)) return undefined;
    throw error;
  }
}

/** An attribute that the value itself has, and templates may see. */
export function ownAttribute(value: Value, name: string, around: Surroundings): Value | undefined {
  if (isPrivate(name)) {
    if (!name.startsWith("__")) return undefined;
    const keyed = value instanceof Dict ? value.get(name) : undefined;
    if (keyed !== undefined) return keyed;
    return new Undefined(name, `access to attribute '${name}' of '${typeName(value)}' object is unsafe.`);
  }
  if (value instanceof Namespace) return value.attributes.get(name);
  if (value instanceof Attributes) return value.get(name);
  if (value instanceof Callable) return value.attributes.get(name)?.();
  const method = methodNamed(value, name, around);
  return method ? methodOf(value, name, method) : dataAttribute(value, name);
}

function methodNamed(value: Value, name: string, around: Surroundings) {
  const text = asText(value);
  if (text !== undefined) return stringMethod(text, name, around.budget);
  if (value instanceof Dict) return dictMethod(value, name, around);
  if (Array.isArray(value)) return listMethod(value, name, around);
  if (value instanceof Tuple) return sequenceMethod(value.items, name, "tuple");
  const number = asNumber(value);
  return number === undefined ? undefined : numberMethod(number, name);
}

function missing(value: Value, key: Value): Undefined {
  const name = asText(key);
  const message =
    name === undefined
      ? `${typeName(value)} object has no element ${repr(key)}`
      : `'${typeName(value)} object' has no attribute '${name}'`;
  return new Undefined(name ?? repr(key), message);
}
