import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { floatText, flowYaml, quote } from "../../src/results/libyaml-flow.js";
import { isoTime, logLineWriter } from "../../src/results/log-line.js";

const T = Date.UTC(2026, 7, 1, 10, 0, 0, 123);
const line = (message: Parameters<ReturnType<typeof logLineWriter>>[2], level = "debug" as const, ns?: string) =>
  logLineWriter()(T, level, message, ns);

describe("libyaml's shapes", () => {
  test.each([
    ["", '""'],
    ["plain text", '"plain text"'],
    ['say "hi" \\o/', '"say \\"hi\\" \\\\o/"'],
    ["\0\x07\b\t\n\v\f\r\x1b\x7f", '"\\0\\a\\b\\t\\n\\v\\f\\r\\e\\x7F"'],
    ["\x80\x85\xa0é", '"\\x80\\N\\_\\xE9"'],
    ["13\u202fMB\u2028\u2029\ufeff", '"13\\u202FMB\\L\\P\\uFEFF"'],
    ["😀", '"\\U0001F600"'],
    ["half \ud83d", '"half \\uFFFD"'],
  ])("the text %j", (text, shape) => {
    expect(quote(text)).toBe(shape);
  });

  test.each([
    [511, '! "511"'],
    [27303872, '! "27303872"'],
    [-1, '! "-1"'],
    [1.5, '! "1.5"'],
    [true, '! "true"'],
    [null, '! "null"'],
    [[], "[]"],
    [{}, "{}"],
    [["a", 1, ["b", {}]], '["a", ! "1", ["b", {}]]'],
    [{ a: { b: [] } }, '{"a": {"b": []}}'],
  ])("the value %j", (value, shape) => {
    expect(flowYaml(value)).toBe(shape);
  });

  test.each([
    [42, "42.0"],
    [3.25, "3.25"],
    [0.1, "0.1"],
    [0, "0.0"],
    [-2.5, "-2.5"],
    [0.0001, "0.0001"],
    [0.00001, "1.0e-05"],
    [1.5e-7, "1.5e-07"],
    [1e15, "1000000000000000.0"],
    [1e16, "1.0e+16"],
    [1.25e22, "1.25e+22"],
    [Number.POSITIVE_INFINITY, ".inf"],
  ])("the float %d as Python writes it", (value, shape) => {
    expect(floatText(value)).toBe(shape);
  });

  test("keys that are too long or have line ends are no simple keys", () => {
    expect(flowYaml({ ["k".repeat(128)]: "v" })).toBe(`{"${"k".repeat(128)}": "v"}`);
    expect(flowYaml({ ["k".repeat(129)]: "v" })).toBe(`{? "${"k".repeat(129)}" : "v"}`);
    expect(flowYaml({ ["é".repeat(65)]: "v" })).toMatch(/^\{\? /);
    expect(flowYaml({ "a\nb": "v" })).toBe('{? "a\\nb" : "v"}');
  });
});

describe("log lines", () => {
  test("a text", () => {
    expect(line("start: 0 validate")).toBe(
      '{"dt": "2026-08-01T10:00:00.123000+00:00", "lvl": "debug", "msg": "start: 0 validate"}',
    );
  });
  test("feedback names its namespace last", () => {
    expect(line("hello", "debug", "common")).toMatch(/"msg": "hello", "ns": "common"\}$/);
  });
  test("a result: measurements are floats, line numbers are not", () => {
    const write = logLineWriter();
    expect(
      write(T, "results", { definition: "0_x", case: "m", result: "pass", measurement: 42, units: "s", starttc: 509 }),
    ).toBe(
      '{"dt": "2026-08-01T10:00:00.123000+00:00", "lvl": "results", "msg": {"definition": "0_x", "case": "m", "result": "pass", "measurement": ! "42.0", "units": "s", "starttc": ! "509"}}',
    );
  });
  test("100,000 characters are one too many", () => {
    const room = 100_000 - line("").length;
    expect(line("x".repeat(room - 1))).toHaveLength(99_999);
    expect(line("x".repeat(room))).toBe(line("<line way too long ...>"));
    expect(line(["x".repeat(100_000)])).toBe(line({ skip: "line way too long ..." }));
  });
  test("every line is YAML with the same message", () => {
    for (const message of ["a: b # c", "- [x]", "tab\there", "\u2028", { "a\nb": [null, 1, "é"] }])
      expect((parse(line(message), { version: "1.1" }) as { msg: unknown }).msg).toEqual(
        typeof message === "string" ? message : { "a\nb": ["null", "1", "é"] },
      );
  });
  test("times have microseconds", () => {
    expect(isoTime(T + 0.25)).toBe("2026-08-01T10:00:00.123250+00:00");
  });
});
