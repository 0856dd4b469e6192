/** Jinja2's filters of lists and maps. */

import { parameters } from "./arguments.js";
import { operate } from "./arithmetic.js";
import { attributeGetter, ignoreCase } from "./attribute-getter.js";
import { ownAttribute } from "./attributes.js";
import { type Filter, filter } from "./builtin.js";
import { isEqual, isOrdered, isTrue, sorted } from "./compare.js";
import { JinjaError, typeError, unsupported } from "./errors.js";
import { iterate, lengthOf } from "./iterate.js";
import type { Runtime } from "./runtime.js";
import { characters, indexOf } from "./subscripts.js";
import { str } from "./text.js";
import {
  asText,
  Dict,
  Group,
  keyOf,
  type List,
  needed,
  Once,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from "./values.js";

const length: Filter = filter("len", [], (value) => {
  const size = lengthOf(value);
  if (size === undefined) throw typeError(`object of type '${typeName(value)}' has no len()`);
  return BigInt(size);
});

const standard: Filter = filter(
  "default",
  parameters(["default_value", ""], ["boolean", false]),
  (value, [other, falsy]) => (value instanceof Undefined || (isTrue(falsy!) && !isTrue(value)) ? other! : value),
);

/** All items, counted. */
function itemsOf(value: Value, { budget }: Runtime): List {
  const items: List = [];
  for (const item of iterate(value)) {
    budget.make(1);
    items.push(item);
  }
  return items;
}

/** A comma-separated list of attributes to sort by. */
function sortKey(path: Value, isCaseSensitive: boolean, runtime: Runtime): (value: Value) => Value {
  const paths = (asText(path)?.split(",") ?? [path]) as Value[];
  const getters = paths.map((each) => attributeGetter(each, runtime));
  return (value) => getters.map((get) => (isCaseSensitive ? get(value) : ignoreCase(get(value))));
}

const extreme = (name: string, operator: "<" | ">"): Filter =>
  filter(
    name,
    parameters(["case_sensitive", false], ["attribute", null]),
    (value, [isCaseSensitive, path], runtime) => {
      const get = attributeGetter(path!, runtime);
      const key = (item: Value) => (isTrue(isCaseSensitive!) ? get(item) : ignoreCase(get(item)));
      const items = itemsOf(value, runtime);
      if (items.length === 0) return new Undefined("", "No aggregated item, sequence was empty.");
      return items.reduce((best, item) => (isOrdered(operator, key(item), key(best)) ? item : best), items[0]!);
    },
  );

/** `select`, `reject`, `selectattr` and `rejectattr`. */
const selecting =
  (wanted: boolean, byAttribute: boolean): Filter =>
  (value, args, named, runtime) => {
    const [path, name, ...rest] = byAttribute ? args : [null, ...args];
    if (path === undefined) throw new JinjaError("runtime", "Missing parameter for attribute name");
    const get = attributeGetter(path, runtime);
    const holds = (item: Value) =>
      name === undefined ? isTrue(get(item)) : runtime.test(nameOf(name), get(item), rest, named);
    return lazily(value, function* () {
      for (const item of iterate(value)) if (holds(item) === wanted) yield item;
    });
  };

/** A generator, as Python gives it: nothing is done before somebody goes through it. */
function lazily(value: Value, items: () => Generator<Value>): Value {
  return new Once(isTrue(value) ? items() : [][Symbol.iterator]());
}

function nameOf(name: Value): string {
  const text = asText(needed(name));
  if (text === undefined) throw typeError(`the name of a filter or test is a text, not ${typeName(name)}`);
  return text;
}

const map: Filter = (value, args, named, runtime) => {
  if (args.length === 0 && named.has("attribute")) {
    const { attribute, default: other, ...rest } = Object.fromEntries(named) as { [name: string]: Value };
    const [unknown] = Object.keys(rest);
    if (unknown) throw new JinjaError("runtime", `Unexpected keyword argument '${unknown}'`);
    const get = attributeGetter(attribute!, runtime, other);
    return lazily(value, function* () {
      for (const item of iterate(value)) yield get(item);
    });
  }
  const [name, ...rest] = args;
  if (name === undefined) throw new JinjaError("runtime", "map requires a filter argument");
  return lazily(value, function* () {
    for (const item of iterate(value)) yield runtime.filter(nameOf(name), item, rest, named);
  });
};

export const SEQUENCE_FILTERS: { [name: string]: Filter } = {
  attr: filter("attr", parameters("name"), (value, [name], runtime) => {
    needed(value);
    return (
      ownAttribute(value, nameOf(name!), runtime) ??
      new Undefined(nameOf(name!), `'${typeName(value)} object' has no attribute '${str(name!)}'`)
    );
  }),
  batch: filter("batch", parameters("linecount", ["fill_with", null]), (value, [count, fill], runtime) => {
    const size = indexOf(count!);
    const items = itemsOf(value, runtime);
    const rows: List = [];
    // with no size, Python puts an empty row before each item
    for (let at = 0; at < items.length; at += Math.max(1, size)) rows.push(items.slice(at, at + Math.max(1, size)));
    const last = rows.at(-1) as List | undefined;
    if (last && fill !== null) {
      runtime.budget.make(Math.max(0, size - last.length));
      while (last.length < size) last.push(fill!);
    }
    return new Once(rows[Symbol.iterator]());
  }),
  count: length,
  d: standard,
  default: standard,
  dictsort: filter(
    "dictsort",
    parameters(["case_sensitive", false], ["by", "key"], ["reverse", false]),
    (value, [isCaseSensitive, by, reverse]) => {
      if (by !== "key" && by !== "value")
        throw new JinjaError("runtime", 'You can only sort by either "key" or "value"');
      if (!(needed(value) instanceof Dict)) throw typeError(`'${typeName(value)}' object has no attribute 'items'`);
      const key = ([name, item]: [Value, Value]) => (by === "key" ? name : item);
      const all = sorted(
        [...(value as Dict).entries()],
        (entry) => (isTrue(isCaseSensitive!) ? key(entry) : ignoreCase(key(entry))),
        isTrue(reverse!),
      );
      return all.map((entry) => new Tuple([...entry]));
    },
  ),
  first: filter("first", [], (value) => {
    for (const item of iterate(value)) return item;
    return new Undefined("", "No first item, sequence was empty.");
  }),
  groupby: filter(
    "groupby",
    parameters("attribute", ["default", null], ["case_sensitive", false]),
    (value, [path, other, isCaseSensitive], runtime) => {
      const get = attributeGetter(path!, runtime, other!);
      const key = (item: Value) => (isTrue(isCaseSensitive!) ? get(item) : ignoreCase(get(item)));
      const groups: { key: Value; items: List }[] = [];
      for (const item of sorted(itemsOf(value, runtime), key)) {
        const last = groups.at(-1);
        if (last && isEqual(key(last.items[0]!), key(item))) last.items.push(item);
        else groups.push({ key: get(item), items: [item] });
      }
      return groups.map((group) => new Group(group.key, group.items));
    },
  ),
  items: filter("items", [], (value) => {
    if (value instanceof Undefined) return new Once([][Symbol.iterator]());
    if (!(value instanceof Dict)) throw typeError("Can only get item pairs from a mapping.");
    return new Once([...value.entries()].map((entry): Value => new Tuple([...entry]))[Symbol.iterator]());
  }),
  last: filter("last", [], (value) => {
    if (value instanceof Once) throw typeError("'generator' object is not reversible");
    const all = [...iterate(value)];
    return all.at(-1) ?? new Undefined("", "No last item, sequence was empty.");
  }),
  length,
  list: filter("list", [], (value, _, runtime) => itemsOf(value, runtime)),
  map,
  max: extreme("max", ">"),
  min: extreme("min", "<"),
  reject: selecting(false, false),
  rejectattr: selecting(false, true),
  reverse: filter("reverse", [], (value, _, runtime) => {
    const text = asText(value);
    if (text !== undefined) return characters(text).reverse().join("");
    return new Once(itemsOf(value, runtime).reverse()[Symbol.iterator]());
  }),
  select: selecting(true, false),
  selectattr: selecting(true, true),
  slice: filter("slice", parameters("slices", ["fill_with", null]), (value, [slices, fill], runtime) => {
    const items = itemsOf(value, runtime);
    const count = indexOf(slices!);
    if (count === 0) throw new JinjaError("runtime", "integer division or modulo by zero");
    runtime.budget.make(Math.max(0, count));
    const rows: List = [];
    const [size, extra] = [Math.floor(items.length / count), items.length % count];
    let from = 0;
    for (let index = 0; index < count; index++) {
      const to = from + size + (index < extra ? 1 : 0);
      const row: List = items.slice(from, to);
      if (fill !== null && index >= extra) row.push(fill!);
      rows.push(row);
      from = to;
    }
    return new Once(rows[Symbol.iterator]());
  }),
  sort: filter(
    "sort",
    parameters(["reverse", false], ["case_sensitive", false], ["attribute", null]),
    (value, [reverse, isCaseSensitive, path], runtime) =>
      sorted(itemsOf(value, runtime), sortKey(path!, isTrue(isCaseSensitive!), runtime), isTrue(reverse!)),
  ),
  sum: filter("sum", parameters(["attribute", null], ["start", 0n]), (value, [path, start], runtime) => {
    const get = attributeGetter(path!, runtime);
    let sum: Value = start ?? null;
    if (asText(sum) !== undefined) throw typeError("sum() can't sum strings [use ''.join(seq) instead]");
    for (const item of iterate(value)) sum = operate("+", sum, get(item), runtime.budget);
    return sum;
  }),
  unique: filter(
    "unique",
    parameters(["case_sensitive", false], ["attribute", null]),
    (value, [isCaseSensitive, path], runtime) => {
      const get = attributeGetter(path!, runtime);
      return new Once(
        (function* () {
          const seen = new Set();
          for (const item of iterate(value)) {
            const key = keyOf(isTrue(isCaseSensitive!) ? get(item) : ignoreCase(get(item)));
            if (!seen.has(key)) yield item;
            seen.add(key);
          }
        })(),
      );
    },
  ),
  xmlattr: () => {
    throw unsupported("the filter 'xmlattr'");
  },
};
