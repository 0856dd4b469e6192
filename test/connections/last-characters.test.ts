import { describe, expect, test } from "vitest";
import { compilePattern } from "../../src/connections/compiled-pattern.js";
import { lastCharacters } from "../../src/connections/last-characters.js";

describe("what all matches end with", () => {
  test.each([
    ["ERROR: `.*` failed", "` failed"],
    ["alpha.*beta\\.", "beta\\."],
    ["root@.*[#$]", "[#$]"],
    ["a.*(one|two) done", " done"],
    ["a.*x\\d\\d", "x\\d\\d"],
    ["a.*b.", "b[\\s\\S]"],
    ["a.*0123456789abcdefghij", "456789abcdefghij"],
  ])("%s: %s", (source, end) => {
    expect(compilePattern({ source, kind: "pattern", index: 0 }).wideEnd?.source).toBe(end);
  });

  test.each([
    "a.*",
    "a.*b+",
    "a.*b?",
    "a.*(b|c)",
    "a.*b|c",
    "a.*b$",
    "a.*b\\b",
    "a.*b(?=c)",
    "a.*b(?!c)d",
    "(a).*\\1",
    "(?P<x>a).*(?P=x)",
    "a.*b{2}",
  ])("cannot be told of %s, or is any character", (source) => {
    const end = compilePattern({ source, kind: "pattern", index: 0 }).wideEnd;
    expect(["[\\s\\S]", undefined]).toContain(end?.source);
  });

  test("is asked of other readings only", () => {
    expect(compilePattern({ source: "done", kind: "pattern", index: 0 }).wideEnd).toBeUndefined();
    expect(lastCharacters("done")).toEqual({ source: "done", length: 4 });
  });
});
