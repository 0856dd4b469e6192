import { describe, expect, it } from "vitest";
import { formatProblem } from "../../src/definition/format-problem.js";

const location = { file: "job.yaml", line: 12, column: 5 };

describe("formatProblem", () => {
  it("shows place, line, mark, hint and related places", () => {
    const problem = {
      severity: "warning",
      message: '"promts" is not a key of boot method qemu',
      location,
      source: "    promts: x # comment",
      hint: 'did you mean "prompts"?',
      related: [{ location: { ...location, line: 3 }, source: "    a: 1", message: "it stands here first" }],
    } as const;
    expect(formatProblem({ ...problem, related: [...problem.related] }, { color: false })).toBe(
      [
        'job.yaml:12:5: warning: "promts" is not a key of boot method qemu',
        "   12 |     promts: x # comment",
        "      |     ^~~~~~",
        '      = did you mean "prompts"?',
        "job.yaml:3:5: note: it stands here first",
        "    3 |     a: 1",
        "      |     ^",
      ].join("\n"),
    );
  });
  it("needs no place", () => {
    expect(formatProblem({ severity: "error", message: "x" }, { color: false })).toBe("error: x");
  });
  it("colours when asked", () => {
    const text = formatProblem({ severity: "error", message: "x", location, source: "    abc" }, { color: true });
    expect(text).toContain("\x1b[31;1merror:\x1b[0m x");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
    expect(text.replace(/\x1b\[[\d;]*m/g, "")).toBe("job.yaml:12:5: error: x\n   12 |     abc\n      |     ^~~");
  });
  it("cuts long lines to a window around the place", () => {
    const source = `a: ${"x".repeat(300)} BAD ${"y".repeat(300)}`;
    const at = { ...location, column: source.indexOf("BAD") + 1 };
    const [, text, mark] = formatProblem(
      { severity: "error", message: "m", location: at, source },
      { color: false },
    ).split("\n");
    expect(text!.length).toBeLessThan(140);
    expect(text!.slice(mark!.indexOf("^"), mark!.lastIndexOf("~") + 1)).toBe("BAD");
  });
  it("keeps the mark below its word after tabs and control characters", () => {
    const source = "\ta\x1b[31m: BAD";
    const at = { ...location, column: source.indexOf("BAD") + 1 };
    const [, text, mark] = formatProblem(
      { severity: "error", message: "m", location: at, source },
      { color: false },
    ).split("\n");
    expect(text).toBe("   12 |  a\\u001b[31m: BAD");
    expect(text!.slice(mark!.indexOf("^"))).toBe("BAD");
  });
});
