/** Jinja2's tests: what may stand behind `is`. */
import { parameters } from "./arguments.js";
import { operate } from "./arithmetic.js";
import { type Test, test } from "./builtin.js";
import { asNumber, contains, isEqual, isOrdered } from "./compare.js";
import { isIterable, lengthOf } from "./iterate.js";
import { islower, isupper } from "./string-methods.js";
import { str } from "./text.js";
import { Attributes, asText, Callable, Dict, DictView, Markup, Once, Undefined, type Value } from "./values.js";

const plain = (name: string, run: (value: Value) => boolean): Test => test(name, [], (value) => run(value));
const compared = (name: string, run: (a: Value, b: Value) => boolean): Test =>
  test(name, parameters("other"), (value, [other]) => run(value, other!));
const remainder = (wanted: bigint): Test =>
  test("test", [], (value, _, { budget }) => isEqual(operate("%", value, 2n, budget), wanted));

const equal = compared("eq", isEqual);
const unequal = compared("ne", (a, b) => !isEqual(a, b));
const ordered = (operator: "<" | "<=" | ">" | ">="): Test => compared(operator, (a, b) => isOrdered(operator, a, b));
const [less, atMost, greater, atLeast] = [ordered("<"), ordered("<="), ordered(">"), ordered(">=")];

export const TESTS: { [name: string]: Test } = {
  "!=": unequal,
  "<": less,
  "<=": atMost,
  "==": equal,
  ">": greater,
  ">=": atLeast,
  boolean: plain("boolean", (value) => typeof value === "boolean"),
  callable: plain(
    "callable",
    (value) => value instanceof Callable || (value instanceof Attributes && value.call !== undefined),
  ),
  defined: plain("defined", (value) => !(value instanceof Undefined)),
  divisibleby: test("divisibleby", parameters("num"), (value, [num], { budget }) =>
    isEqual(operate("%", value, num!, budget), 0n),
  ),
  eq: equal,
  equalto: equal,
  escaped: plain("escaped", (value) => value instanceof Markup),
  even: remainder(0n),
  false: plain("false", (value) => value === false),
  filter: test("filter", [], (value, _, { hasFilter }) => hasFilter(asText(value) ?? "")),
  float: plain("float", (value) => typeof value === "number"),
  ge: atLeast,
  greaterthan: greater,
  gt: greater,
  in: test("in", parameters("seq"), (value, [box]) => contains(box!, value)),
  integer: plain("integer", (value) => typeof value === "bigint"),
  iterable: plain("iterable", isIterable),
  le: atMost,
  lessthan: less,
  lower: plain("lower", (value) => islower(str(value))),
  lt: less,
  mapping: plain("mapping", (value) => value instanceof Dict),
  ne: unequal,
  none: plain("none", (value) => value === null),
  number: plain("number", (value) => asNumber(value) !== undefined),
  odd: remainder(1n),
  sameas: compared("sameas", (a, b) => a === b),
  sequence: plain(
    "sequence",
    (value) => lengthOf(value) !== undefined && !(value instanceof DictView) && !(value instanceof Once),
  ),
  string: plain("string", (value) => asText(value) !== undefined),
  test: test("test", [], (value, _, { hasTest }) => hasTest(asText(value) ?? "")),
  true: plain("true", (value) => value === true),
  undefined: plain("undefined", (value) => value instanceof Undefined),
  upper: plain("upper", (value) => isupper(str(value))),
};
