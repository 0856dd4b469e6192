/** Functions that every template has. */
import { bind, parameters, unnamed } from "./arguments.js";
import { asNumber } from "./compare.js";
import { fill } from "./container-methods.js";
import { JinjaError, typeError, unsupported } from "./errors.js";
import type { Runtime } from "./runtime.js";
import { Attributes, Callable, Dict, type Named, Namespace, needed, Range, typeName, type Value } from "./values.js";

/** As Jinja2's sandbox. */
const MOST_NUMBERS = 100_000;

export function globals(runtime: Runtime): Map<string, Value> {
  return new Map<string, Value>([
    ["range", new Callable("range", range, "type")],
    [
      "dict",
      new Callable(
        "dict",
        (args, named) => {
          const dict = new Dict();
          fill(dict, args[0], named, runtime.budget);
          return dict;
        },
        "type",
      ),
    ],
    [
      "namespace",
      new Callable(
        "namespace",
        (args, named) => {
          const entries = new Dict();
          fill(entries, args[0], named, runtime.budget);
          const made = new Namespace();
          for (const [key, value] of entries.entries()) made.attributes.set(String(key), value);
          return made;
        },
        "type",
      ),
    ],
    ["cycler", new Callable("cycler", cycler, "type")],
    ["joiner", new Callable("joiner", joiner, "type")],
    [
      "lipsum",
      new Callable("lipsum", () => {
        throw unsupported("lipsum()");
      }),
    ],
  ]);
}

function range(args: Value[], named: Named): Value {
  unnamed("range", named);
  const [a, b, c] = args.map((arg) => {
    const number = asNumber(needed(arg));
    if (typeof number !== "bigint") throw typeError(`'${typeName(arg)}' object cannot be interpreted as an integer`);
    return number;
  });
  if (a === undefined) throw typeError("range expected at least 1 argument, got 0");
  if (args.length > 3) throw typeError(`range expected at most 3 arguments, got ${args.length}`);
  if (c === 0n) throw new JinjaError("runtime", "range() arg 3 must not be zero");
  const made = b === undefined ? new Range(0n, a, 1n) : new Range(a, b, c ?? 1n);
  if (made.length <= MOST_NUMBERS) return made;
  throw new JinjaError("limit", `Range too big. The sandbox blocks ranges larger than MAX_RANGE (${MOST_NUMBERS}).`);
}

function cycler(items: Value[], named: Named): Value {
  unnamed("cycler", named);
  if (items.length === 0) throw new JinjaError("runtime", "at least one item has to be provided");
  let at = 0;
  const methods: { [name: string]: () => Value } = {
    next: () => {
      const item = items[at]!;
      at = (at + 1) % items.length;
      return item;
    },
    reset: () => {
      at = 0;
      return null;
    },
  };
  return new Attributes("Cycler", (name) => {
    if (name === "current") return items[at]!;
    if (name === "pos") return BigInt(at);
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    return method && new Callable(name, method, "method");
  });
}

const JOINER = parameters(["sep", ", "]);

function joiner(args: Value[], named: Named): Value {
  const [between] = bind("joiner", JOINER, args, named);
  let isUsed = false;
  const call = () => {
    if (isUsed) return between!;
    isUsed = true;
    return "";
  };
  return new Attributes(
    "Joiner",
    (name) => (name === "sep" ? between! : name === "used" ? isUsed : undefined),
    undefined,
    call,
  );
}
