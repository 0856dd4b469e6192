/**
 * Long runs of one character, and patterns that would keep a backtracking engine busy, in what the program itself searches:
 * outputs of programs and what a recording holds. Where a search could not be ended, the test itself would not.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LINE_END, withoutLineEnds, withoutReturns } from "../../src/base/line-ends.js";
import { alike } from "../../src/replay/alike.js";
import { KnownNamesReader } from "../../src/replay/known-names.js";
import { ConsoleLines } from "../../src/results/console-lines.js";
import { captureOutput } from "../../src/services/capture-output.js";
import { programFailure } from "../../src/services/run-program.js";
import { runTool } from "../../src/services/run-tool.js";
import { type TestContext, testContext } from "../services/service-context.js";

const LONG = 1_000_000;
const returns = "\r".repeat(LONG);

describe("line ends", () => {
  test("are those of before", () => {
    for (const text of ["a\r\r\nb\nc", "\n\n", "\r\na", "a\r", "a\rb\r\n", ""]) {
      expect(text.split(LINE_END)).toEqual(text.split(/\r*\n/));
      expect(withoutLineEnds(text)).toBe(text.replace(/[\r\n]+$/, ""));
      expect(withoutReturns(text)).toBe(text.replace(/\r+$/, ""));
    }
  });
  test("carriage returns without an end", () => {
    expect(`${returns}x`.split(LINE_END)).toHaveLength(1);
    expect(withoutLineEnds(`${returns}x`)).toHaveLength(LONG + 1);
    expect(withoutReturns(`${returns}x`)).toHaveLength(LONG + 1);
    expect(programFailure(["a"], { code: 1, output: `b${returns}c` } as never, "JobError").message).toContain(
      "returned 1",
    );
    const lines = new ConsoleLines(() => {});
    lines.output(0, `${returns}x\n`);
    lines.end();
  });
});

describe("a tool of the worker", () => {
  let context: TestContext;
  beforeEach(() => {
    context = testContext();
  });
  afterEach(() => context.cleanup());
  /** A program that prints this. */
  function tool(script: string): string {
    mkdirSync(join(context.root, "bin"), { recursive: true });
    const file = join(context.root, "bin", "tool");
    writeFileSync(file, `#!/usr/bin/env node\n${script}\n`);
    chmodSync(file, 0o755);
    return file;
  }
  const PATTERNS = [
    "(a+)+$",
    "(?:a|aa)+\\$",
    "(?:a{1,30}){1,30}\\$",
    "\\s+\\S*\\s+\\S*\\s+\\$",
    ".*.*.*\\$",
    "(a+)+\\1\\$",
  ];

  test("prints carriage returns, blanks and a line for each pattern", async () => {
    const command = tool(
      `const out = process.stdout; out.write("\\r".repeat(60000) + "x\\n" + "a".repeat(40) + "!\\n"); out.write(" a".repeat(20000) + "!\\n")`,
    );
    expect(
      await context.use(runTool, { command: [command], refuse: PATTERNS, reasons: PATTERNS, status: "(a+)+\\$" }),
    ).toEqual({ extra: {} });
    await expect(context.use(runTool, { command: [command], expect: PATTERNS })).rejects.toThrow("did not say");
    const failing = tool(`process.stdout.write("\\r".repeat(60000) + "a".repeat(40) + "!"); process.exitCode = 1`);
    await expect(context.use(runTool, { command: [failing], tolerate: "(a+)+$" })).rejects.toThrow("returned 1");
  });
  test("prints values that have no form", async () => {
    const command = tool(`process.stdout.write("a".repeat(40) + "!" + " ".repeat(60000) + "b")`);
    await expect(
      context.use(captureOutput, { values: { v: { command: [command], pattern: "^(a+)+$" } } }),
    ).rejects.toThrow("not of the right form");
  });
});

describe("a recording", () => {
  test("commands that are nearly those of the job", () => {
    expect(alike(`a ${"a".repeat(LONG)}`, "a b")).toBeUndefined();
    expect(alike(`a ${"a-".repeat(LONG / 2)}`, "a b")).toBeUndefined();
    const names = Array.from({ length: 200 }, () => "lava-overlay-abcdefgh").join(".");
    expect(alike(`a ${names}`, `a ${names}!`)).toBeUndefined();
    expect(alike("cp /tmp/lava-overlay-abcdefgh/x .", "cp /tmp/lava-overlay-hgfedcba/x .")).toBe("chance");
  });
  test("names in what was typed", () => {
    const reader = new KnownNamesReader();
    for (const text of ["nfsroot=", "/lava-", "tftp://", "a/", "a", "https://a/", "serverip "])
      reader.typed(text.repeat(LONG / 8));
    reader.typed("nfsroot=10.0.0.1:/srv/x,v3");
    expect(reader.result().nfs).toEqual({ server: "10.0.0.1", path: "/srv/x" });
  });
});
