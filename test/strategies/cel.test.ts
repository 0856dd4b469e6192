import { expect, test } from "vitest";
import { evaluateCel, evaluateCondition, evaluateText, evaluateTree, truthy } from "../../src/strategies/cel.js";

const scope = {
  a: { "u-boot": { n: 3 }, none: null, list: ["x", 2] },
  text: "/srv/tftp/kernel",
  number: 4,
};

test.each([
  ["1 + 2", 3],
  ["number + 1", 5],
  ["1 + number", 5],
  ["number * 1000 / 8", 500],
  ['a["u-boot"].n', 3],
  ['a[?"x"].?n.orValue("d")', "d"],
  ["a.?none", null],
  ['{"k": [1, "two", null]}', { k: [1, "two", null] }],
  ["basename(text)", "kernel"],
  ['basename("/srv/tftp/")', "tftp"],
  ["list(null)", []],
  ['list("x")', ["x"]],
  ["list(a.list)", ["x", 2]],
  ["flatten([[1, [2]], 3])", [1, 2, 3]],
  ['regex_escape("a.b(c)")', "a\\.b\\(c\\)"],
  ["keys(a)", ["u-boot", "none", "list"]],
  ["keys(a.none)", []],
  ["keys(number)", []],
  ['join(["a", 1], "-")', "a-1"],
  ['sorted(["b", "a"])', ["a", "b"]],
  ["text(null)", ""],
  ["text(number)", "4"],
  ['fill("http://{ip}/{other}", [{"ip": "1.2.3.4"}, {"ip": "no"}])', "http://1.2.3.4/{other}"],
  ['fill("plain", null)', "plain"],
  ['merge({"a": 1, "b": 1}, {"b": 2})', { a: 1, b: 2 }],
  ["merge(null, null)", {}],
  ["truthy([])", false],
  ['truthy("x")', true],
])("%s", (expression, value) => expect(evaluateCel(expression, scope)).toEqual(value));

test("an error names the expression and where it stands", () => {
  const at = { file: "machines/boot/x.yaml", line: 7, column: 3 };
  expect(() => evaluateCel("a.missing", scope, at)).toThrow(
    "The expression `a.missing` (machines/boot/x.yaml:7) has no value: No such key: missing.",
  );
  expect(() => evaluateCel("a +", scope, at)).toThrow(/machines\/boot\/x\.yaml:7/);
  expect(() => evaluateCondition("a", scope, at)).toThrow(/instead of true or false/);
});

test("nothing of JavaScript is in reach", () => {
  for (const expression of [
    "a.constructor",
    "a.__proto__",
    "text.constructor",
    "constructor",
    "process",
    "a.toString()",
  ])
    expect(() => evaluateCel(expression, scope), expression).toThrow();
});

test("a tree's texts are expressions, its other scalars stand for themselves", () => {
  const tree = { number: "number", literal: "'number'", deep: [true, null, 7, { n: "number + 1" }] };
  expect(evaluateTree(tree, scope)).toEqual({ number: 4, literal: "number", deep: [true, null, 7, { n: 5 }] });
});

test("truthy as in LAVA: empty things are false", () => {
  expect([null, undefined, "", 0, false, [], {}].map(truthy)).toEqual(Array(7).fill(false));
  expect(["0", 1, true, [0], { a: 0 }].map(truthy)).toEqual(Array(5).fill(true));
});

test.each([
  ['has(job.method) && job.method == "qemu"', true],
  ["has(job.missing)", false],
  ["keys(job)", ["constructor", "method", "list"]],
  ["type(job.list) == list && size(job.list) > 0", true],
  ["job.list[0].x", 1],
  ['job["constructor"]', 3],
  ["truthy(job)", true],
  ['merge(job.list[0], {"y": 2}).x', 1],
  ['fill("{method}", job)', "qemu"],
  ["job.list[0]", { constructor: "c", x: 1 }],
])("a map with the key `constructor` is a map: %s", (expression, value) => {
  const job = { constructor: 3, method: "qemu", list: [{ constructor: "c", x: 1 }] };
  expect(evaluateCel(expression, { job })).toEqual(value);
});

test.each([
  ["null", ""],
  ["job.nothing", ""],
  ["7", "7"],
  ["1.5", "1.5"],
  ["true", "true"],
  ['"bootm " + job.address', "bootm 0x80"],
])("what is typed on a device is a text: %s", (expression, text) => {
  expect(evaluateText(expression, { job: { nothing: null, address: "0x80" } })).toBe(text);
});

test.each([
  ["job", "a map"],
  ["job.list", "a list"],
  ["{}", "a map"],
  ["job.empty", "a list"],
])("a value without a form never reaches a device: %s is refused by its name", (expression, kind) => {
  const at = { file: "d.yaml", line: 3, column: 1 };
  expect(() => evaluateText(expression, { job: { list: ["a", {}], empty: [] } }, at)).toThrow(
    `The expression \`${expression}\` (d.yaml:3) is to give a text, but gives ${kind}.`,
  );
});
