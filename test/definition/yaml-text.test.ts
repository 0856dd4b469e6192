import { describe, expect, it } from "vitest";
import type { Json } from "../../src/base/json.js";
import { parseYaml } from "../../src/definition/yaml-text.js";
import { expectGolden, shown } from "./golden-problems.js";

const read = (text: string) => {
  const { value, problems } = parseYaml(text, "t.yaml");
  expect(problems).toEqual([]);
  return value;
};

describe("YAML 1.1 as Python's safe loader reads it", () => {
  it.each<[string, Json]>([
    ["yes", true],
    ["Off", false],
    ["y", "y"],
    ["~", null],
    ["0755", 493],
    ["08", "08"],
    ["0o17", "0o17"],
    ["0x1F", 31],
    ["-0b101", -5],
    ["1_000", 1000],
    ["1:30", 90],
    ["1:30:05", 5405],
    ["0:30", "0:30"],
    ["1:30.5", 90.5],
    ["1.5", 1.5],
    [".5", 0.5],
    ["1.e+3", 1000],
    ["1e3", "1e3"],
    ["-1.5e-1", -0.15],
    ["2026-07-01", "2026-07-01"],
    ["2026-07-01 10:00:00", "2026-07-01 10:00:00"],
    ["'yes'", "yes"],
    ['"0755"', "0755"],
    ["!!str 12", "12"],
    ["!!int 12", 12],
    ["!!float 12", 12],
    ['! "12"', 12],
    ["00:1a:2b", "00:1a:2b"],
    ["-", [null]],
    ["-4", -4],
    ["+4", 4],
  ])("%s", (text, value) => {
    expect(read(text)).toEqual(value);
  });

  it("keeps keys as they are written", () => {
    expect(read("on: 1\n8: 2\n1.0: 3\n? x\n: 4\n__proto__: 5\n")).toEqual(
      JSON.parse('{"on":1,"8":2,"1.0":3,"x":4,"__proto__":5}'),
    );
  });

  it("merges maps: own keys win, then the first of a list", () => {
    const text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  z: 3\nd: {<<: *b}\n";
    expect(read(text)).toMatchObject({ c: { x: 1, y: 1, z: 3 }, d: { y: 2, z: 2 } });
  });

  it("copies what an alias stands for, and takes the anchor that stands before it", () => {
    const value = read("a: &x [1]\nb: *x\nc: &x [2]\nd: *x\n") as { [key: string]: Json[] };
    expect(value).toEqual({ a: [1], b: [1], c: [2], d: [2] });
    expect(value.a).not.toBe(value.b);
  });

  it("lets lines within quotes and brackets begin anywhere", () => {
    expect(read("a:\n  b: '\n'\n  c: [x,\ny,\n]\n  d:\n  - \"p\nq\"\n  e: |\n    t: 'u\n")).toEqual({
      a: { b: " ", c: ["x", "y"], d: ["p q"], e: "t: 'u\n" },
    });
  });

  it("keeps block text, and its line ends under CRLF", () => {
    expect(read("a: |\r\n  x\r\n  y\r\nb: >-\n  p\n  q\n")).toEqual({ a: "x\ny\n", b: "p q" });
  });
});

describe("locate", () => {
  const parsed = parseYaml(
    "timeouts:\n  job:\n    minutes: 5\n  action: {minutes: 3}\nactions:\n- boot:\n    prompts: [a, 'b']\n    empty:\n- &t\n  test:\n    <<: {x: 1}\n- *t\n",
    "job.yaml",
  );
  it.each<[(string | number)[], "value" | "key", [number, number]]>([
    [[], "value", [1, 1]],
    [["timeouts", "job"], "value", [2, 3]],
    [["timeouts", "job", "minutes"], "value", [3, 14]],
    [["timeouts", "job", "minutes"], "key", [3, 5]],
    [["timeouts", "action"], "value", [4, 11]],
    [["actions", 0], "value", [6, 3]],
    [["actions", 0, "boot", "prompts", 1], "value", [7, 18]],
    [["actions", 0, "boot", "empty"], "value", [8, 5]],
    [["actions", 1, "test", "x"], "value", [11, 13]],
    [["actions", 2, "test", "x"], "value", [11, 13]],
  ])("%j (%s)", (path, part, [line, column]) => {
    expect(parsed.locate(path, part)).toEqual({ file: "job.yaml", line, column });
  });
  it("knows no place for what is not there", () => {
    expect(parsed.locate(["actions", 7, "boot"])).toBeUndefined();
    expect(parsed.locate(["timeouts", "job", "minutes", "x"])).toBeUndefined();
  });
  it("gives the lines", () => {
    expect(parsed.sourceLine(3)).toBe("    minutes: 5");
    expect(parsed.sourceLine(99)).toBe("");
  });
});

describe("bad files end in a clear problem", () => {
  const laughs = ["a: &a [x,x,x,x,x,x,x,x,x,x]"];
  for (let level = 1; level < 12; level++) {
    const [name, below] = ["abcdefghijkl"[level], "abcdefghijkl"[level - 1]];
    laughs.push(`${name}: &${name} [${Array(10).fill(`*${below}`).join(",")}]`);
  }
  it.each<[string, string]>([
    ["empty", ""],
    ["only-comments", "# nothing\n\n"],
    ["nul", "a: b\0c\n"],
    ["not-utf8", "a: \ufffd\n"],
    ["too-long", `a: ${"x".repeat(2_000_000)}`],
    ["not-yaml", "function a() {\n  return {b: {c: 1};\n}\n"],
    ["unclosed-quote", 'a: "b\nc: d\n'],
    ["unclosed-bracket", "a: [b, c\nd: e\n"],
    ["second-colon", "prompts: login: root\n"],
    ["tab", "a:\n\tb: 1\n"],
    ["indentation", "a:\n    b: 1\n  c: 2\n"],
    ["missing-colon", "a: 1\nb\nc: 3\n"],
    ["two-documents", "a: 1\n---\nb: 2\n"],
    ["reserved-character", "a: @b\n"],
    ["double-quoted-regexp", 'a: "root@\\d+"\n'],
    ["brace-as-key", "commands:\n- {{BOOTX}: x}\n"],
    ["unknown-anchor", "a: *b\n"],
    ["circle", "a: &a [*a]\n"],
    ["circle-of-merges", "a: &a {<<: *a}\n"],
    ["bomb", `${laughs.join("\n")}\n`],
    ["merge-bomb", `a: &a {x: 1}\n${"b: &a {<<: [*a, *a], y: *a}\n".repeat(60)}`],
    ["deep", "[".repeat(300) + "]".repeat(300)],
    ["very-deep", "[".repeat(100_000)],
    ["very-deep-map", `${"{a: ".repeat(50_000)}`],
    ["very-deep-list", "- ".repeat(50_000)],
    ["very-deep-keys", "? ".repeat(20_000)],
    ["very-deep-lines", Array.from({ length: 900 }, (_, level) => `${" ".repeat(level)}a:`).join("\n")],
    ["brace-in-text", "kernel: {image_arg: -kernel {kernel}}\nramdisk: {url: x}\n"],
    ["star-in-list", "prompts: [*]\n"],
    ["dash-without-space", "actions:\n- deploy:\n    to: tmpfs\n-boot:\n    method: qemu\n- test:\n    x: 1\n"],
    ["key-indented-too-far", "boot:\n  method: qemu\n   prompts: [x]\n"],
    ["two-tabs", "a:\n\tb: 1\n\tc: 2\n"],
    ["full-of-errors", "- 'a\n".repeat(5_000)],
    ["merge-of-text", "a:\n  <<: text\n"],
    ["unknown-tag", "a: !!python/object/apply:os.system ['x']\nb: !mine 1\nc: !!int x\n"],
    ["gigantic-number", "a: 99999999999999999999\nb: 1:00:00:00:00:00:00:00:00:00:00\nc: .inf\nd: 1.0e+999\n"],
    ["duplicate-keys", "a: 1\nb:\n  c: 1\n  c: 2\na: 3\n"],
    ["many-problems", `${"a: 1\n".repeat(150)}`],
  ])("%s", (name, text) => {
    expectGolden(`definition/yaml/${name}.txt`, shown(parseYaml(text, "job.yaml").problems));
  });

  it("takes the last of duplicate keys", () => {
    expect(parseYaml("a: 1\na: 2\n", "t").value).toEqual({ a: 2 });
  });
  it("tells a duplicate in an anchored map once", () => {
    expect(parseYaml("a: &a {x: 1, x: 2}\nb: *a\nc: *a\n", "t").problems).toHaveLength(1);
  });
  it("keeps a gigantic number as text", () => {
    expect(parseYaml("a: 99999999999999999999\n", "t").value).toEqual({ a: "99999999999999999999" });
  });
});
