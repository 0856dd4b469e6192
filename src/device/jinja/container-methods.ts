/** The methods of Python's dict, list, tuple and numbers. */
import { bind, parameters, unnamed } from "./arguments.js";
import type { Budget } from "./budget.js";
import { isEqual, isTrue, sorted } from "./compare.js";
import { JinjaError, typeError } from "./errors.js";
import { iterate } from "./iterate.js";
import { indexOf, itemOf } from "./subscripts.js";
import { repr } from "./text.js";
import {
  Callable,
  Dict,
  DictView,
  Group,
  type List,
  type Named,
  needed,
  Range,
  Slice,
  Tuple,
  typeName,
  type Value,
} from "./values.js";

type Method = (args: Value[], named: Named) => Value;

/** What a method of a list or map is given besides. */
export interface Surroundings {
  budget: Budget;
  call(callee: Value, args: Value[], named: Named): Value;
}

function arity(name: string, args: Value[], named: Named, least: number, most: number): void {
  unnamed(name, named);
  if (args.length < least)
    throw typeError(`${name} expected at least ${least} argument${least === 1 ? "" : "s"}, got ${args.length}`);
  if (args.length > most)
    throw typeError(`${name} expected at most ${most} argument${most === 1 ? "" : "s"}, got ${args.length}`);
}

const keyError = (key: Value): JinjaError => new JinjaError("runtime", `KeyError: ${repr(key)}`);

export function dictMethod(dict: Dict, name: string, { budget }: Surroundings): Method | undefined {
  switch (name) {
    case "get":
      return (args, named) => {
        arity(name, args, named, 1, 2);
        return dict.get(args[0]!) ?? args[1] ?? null;
      };
    case "keys":
    case "values":
    case "items":
      return (args, named) => {
        arity(name, args, named, 0, 0);
        return new DictView(dict, name);
      };
    case "copy":
      return () => Dict.of(dict.entries());
    case "clear":
      return () => {
        dict.clear();
        return null;
      };
    case "pop":
      return (args, named) => {
        arity(name, args, named, 1, 2);
        const found = dict.get(args[0]!) ?? args[1];
        if (found === undefined) throw keyError(args[0]!);
        dict.delete(args[0]!);
        return found;
      };
    case "popitem":
      return () => {
        const last = [...dict.entries()].at(-1);
        if (!last) throw new JinjaError("runtime", "KeyError: 'popitem(): dictionary is empty'");
        dict.delete(last[0]);
        return new Tuple([...last]);
      };
    case "setdefault":
      return (args, named) => {
        arity(name, args, named, 1, 2);
        const found = dict.get(args[0]!);
        if (found !== undefined) return found;
        budget.make(1);
        dict.set(args[0]!, args[1] ?? null);
        return args[1] ?? null;
      };
    case "update":
      return (args, named) => {
        if (args.length > 1) throw typeError(`update expected at most 1 argument, got ${args.length}`);
        fill(dict, args[0], named, budget);
        return null;
      };
  }
  return undefined;
}

/** Adds a map's entries, or a list's pairs, and keywords. */
export function fill(dict: Dict, from: Value | undefined, named: Named, budget: Budget): void {
  if (from instanceof Dict) {
    budget.make(from.size);
    for (const [key, value] of [...from.entries()]) dict.set(key, value);
  } else if (from !== undefined) {
    for (const pair of iterate(needed(from))) {
      budget.make(1);
      const [key, value, ...rest] = iterate(pair);
      if (key === undefined || value === undefined || rest.length > 0) {
        throw new JinjaError("runtime", "dictionary update sequence element has not the length 2");
      }
      dict.set(key, value);
    }
  }
  for (const [key, value] of named) dict.set(key, value);
}

const SORT = parameters(["key", null], ["reverse", false]);

export function listMethod(list: List, name: string, around: Surroundings): Method | undefined {
  const { budget } = around;
  const noted = (change: () => void): Value => {
    change();
    return null;
  };
  switch (name) {
    case "append":
      return (args, named) => {
        arity(`list.${name}()`, args, named, 1, 1);
        budget.make(1);
        return noted(() => list.push(args[0]!));
      };
    case "extend":
      return (args, named) => {
        arity(`list.${name}()`, args, named, 1, 1);
        const items = [...iterate(needed(args[0]!))];
        budget.make(items.length);
        return noted(() => {
          for (const item of items) list.push(item);
        });
      };
    case "insert":
      return (args, named) => {
        arity(name, args, named, 2, 2);
        budget.make(1);
        return noted(() => list.splice(indexOf(args[0]!), 0, args[1]!));
      };
    case "pop":
      return (args, named) => {
        arity(name, args, named, 0, 1);
        if (list.length === 0) throw new JinjaError("runtime", "pop from empty list");
        const index = args.length > 0 ? indexOf(args[0]!) : -1;
        const at = index < 0 ? index + list.length : index;
        if (at < 0 || at >= list.length) throw new JinjaError("runtime", "pop index out of range");
        return list.splice(at, 1)[0]!;
      };
    case "remove":
      return ([item]) => {
        const at = list.findIndex((other) => isEqual(other, item!));
        if (at < 0) throw new JinjaError("runtime", "list.remove(x): x not in list");
        return noted(() => list.splice(at, 1));
      };
    case "clear":
      return () => noted(() => list.splice(0));
    case "copy":
      return () => {
        budget.make(list.length);
        return [...list];
      };
    case "reverse":
      return () => noted(() => list.reverse());
    case "sort":
      return (args, named) => {
        if (args.length > 0) throw typeError("sort() takes no positional arguments");
        const [key, reverse] = bind("sort", SORT, args, named);
        const order = (item: Value) => (key === null ? item : around.call(key!, [item], new Map()));
        return noted(() => list.splice(0, list.length, ...sorted(list, order, isTrue(reverse!))));
      };
  }
  return sequenceMethod(list, name, "list");
}

export function sequenceMethod(items: readonly Value[], name: string, type: string): Method | undefined {
  if (name === "count") return ([item]) => BigInt(items.filter((other) => isEqual(other, item!)).length);
  if (name !== "index") return undefined;
  return ([item, start, stop]) => {
    const from = start === undefined ? 0 : indexOf(start);
    const to = stop === undefined ? items.length : indexOf(stop);
    const part = itemOf(new Tuple(items), new Slice(BigInt(from), BigInt(to), null)) as Tuple;
    const at = part.items.findIndex((other) => isEqual(other, item!));
    if (at < 0)
      throw new JinjaError(
        "runtime",
        type === "tuple" ? "tuple.index(x): x not in tuple" : `${repr(item!)} is not in list`,
      );
    return BigInt(at + (from < 0 ? Math.max(0, items.length + from) : from));
  };
}

export function numberMethod(value: bigint | number, name: string): Method | undefined {
  if (name === "is_integer") return () => typeof value === "bigint" || Number.isInteger(value);
  if (name === "bit_length" && typeof value === "bigint") {
    return () => BigInt(value === 0n ? 0 : (value < 0n ? -value : value).toString(2).length);
  }
  return undefined;
}

/** Attributes that are no methods. */
export function dataAttribute(value: Value, name: string): Value | undefined {
  if (value instanceof Range && (name === "start" || name === "stop" || name === "step")) return value[name];
  if (value instanceof Group && (name === "grouper" || name === "list")) return value[name];
  if (name === "real" && (typeof value === "bigint" || typeof value === "number")) return value;
  if (name === "imag" && typeof value === "bigint") return 0n;
  return undefined;
}

export const methodOf = (value: Value, name: string, call: Method): Callable =>
  new Callable(`${typeName(value)}.${name}`, call, "builtin_function_or_method");
