import { describe, expect, it, vi } from "vitest";
import { pythonRegExp } from "../../../src/base/python-regexp.js";
import { boundedRegExp, gaveUp, needsBounds, whyTimed } from "../../../src/base/regexp/bounded-regexp.js";

const LONG = 64 * 1024;
const repeat = (text: string, length: number) => text.repeat(Math.ceil(length / text.length)).slice(0, length);
const plain = (found: RegExpExecArray | null) =>
  found && { at: found.index, all: [...found], named: found.groups && { ...found.groups } };

/** Each would keep a backtracking engine busy for hours, on its text. */
const HOSTILE: [pattern: string, text: string, found: string | undefined][] = [
  ["(a+)+$", `${"a".repeat(40)}!`, undefined],
  ["(?:a|aa)+$", `${"a".repeat(60)}!`, undefined],
  ["(?i)(a+)+b", "aA".repeat(30), undefined],
  ["(a+)+$", repeat("a", LONG), repeat("a", LONG)],
  ["(?=(?:a+)+$)a", `${"a".repeat(40)}!`, undefined],
  ["(?<=^(?:a|aa)+)!", `b${"a".repeat(60)}!`, undefined],
  ["^(([a-z])+.)+[A-Z]([a-z])+$", "a".repeat(60), undefined],
  ["(?:\\w+\\s?)*\\$", `${"word ".repeat(20)}!`, undefined],
  ["(?:a?){40}a{40}", "a".repeat(39), undefined],
  ["(?:|){40}b", "a", undefined],
  [
    "(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)b",
    "a".repeat(40),
    undefined,
  ],
  ["(?:a{1,30}){1,30}b", "a".repeat(60), undefined],
  ["\\s+\\S*\\s+\\S*\\s+z", repeat(" a", LONG), undefined],
  [".*.*.*z", repeat("x", LONG), undefined],
  ["[^z]*.*[^z]*z!", `${repeat("x", LONG)}z`, undefined],
  ["root@(.*):(.*)#", repeat("root@:", LONG), undefined],
  ["(?m)^.*\\d+.*\\d+.*z$", repeat("1", LONG), undefined],
];

describe("a pattern that is slow by backtracking", () => {
  it.each(HOSTILE)("%s is searched for at once", (pattern, text, found) => {
    expect(pythonRegExp(pattern).exec(text)?.[0]).toBe(found);
    expect(pythonRegExp(pattern).test(text)).toBe(found !== undefined);
  });

  it("has its leftmost match, captures and names as backtracking finds them", () => {
    const text = `${repeat("x ", LONG)}\nroot@board:~ # id=7\nroot@other:/#${repeat(" y", LONG)}`;
    const found = pythonRegExp("(?:\\w+)@(?P<host>(?:\\w)+):(?P<path>.*?)(?: )?#(?P<rest>(?:(?: id)?=(\\d))?)").exec(
      text,
    );
    expect(plain(found)).toEqual({
      at: LONG + 1,
      all: ["root@board:~ # id=7", "board", "~", " id=7", "7"],
      named: { host: "board", path: "~", rest: " id=7" },
    });
    const greedy = pythonRegExp("(?P<a>(?:\\w|@|:)+)(?P<b>(?:\\w|:)+)#").exec(`${repeat(" ", LONG)}a@b:c#`);
    expect(greedy?.groups).toEqual({ a: "a@b:", b: "c" });
  });
});

describe("what differs between a text that the engine searches and one that the automaton does", () => {
  // Both search the same: short texts by the engine, the same texts made long by the automaton.
  const PATTERNS = [
    "(a*)*b",
    "(?:(a)|(b))*c",
    "((?:a|b)+?)(b*)$",
    "(?=(a+)).(\\w*)",
    "(?<=(\\w)\\w)c(?:a|b)*",
    "(?<!a|bb)c+?(?:$|\\n)",
    "\\b(\\w+)\\B(?:.\\b)*",
    "(?:(?:a|b){2,3}c?)+",
    "^(?:[^c]|c(?!a))*",
    "(?:a|ab)(?:c|bcd)*(d*)",
    "(z)((a+)?(b+)?(c))*",
    "[^\\n]*\\.([a-c]+|\\s+)*",
  ];
  const TEXTS = ["", "abc", "aabbcc", "zaacbbbcac", "abcd", "cab\nca", "a b.c a.ab ", "éa.bc", "bbca.\u2028c"];
  for (const flags of ["g", "y", "gi", "gm", "gs"])
    it.each(PATTERNS)(`is nothing: /%s/${flags}`, (pattern) => {
      const native = new RegExp(pattern, flags);
      const bounded = boundedRegExp(`(?:${pattern})(?:(?:)(?:(?:[\\s\\S])*)*|x)`, flags);
      const alone = boundedRegExp(pattern, flags);
      expect(needsBounds(bounded)).toBe(true);
      for (const text of TEXTS)
        for (let from = 0; from <= text.length; from++) {
          for (const expression of [native, bounded, alone]) expression.lastIndex = from;
          const wanted = native.exec(text);
          expect(plain(alone.exec(text)), `${text} from ${from}`).toEqual(plain(wanted));
          expect(alone.lastIndex).toBe(native.lastIndex);
          const found = bounded.exec(text);
          // It takes all that follows as well.
          expect(found?.index).toBe(wanted?.index);
          expect(found?.slice(1)).toEqual(wanted?.slice(1));
        }
    });
});

describe("an expression of a library's kind", () => {
  const text = repeat("a1 ", 30_000);
  it("replaces, splits and matches all, as the engine's does", () => {
    const native = /(?:\w)+ /g;
    const bounded = boundedRegExp("(?:(?:\\w)+)+ ", "g");
    expect(text.replace(bounded, "-")).toBe(text.replace(native, "-"));
    expect([...text.matchAll(bounded)].map(({ index }) => index)).toEqual(
      [...text.matchAll(native)].map(({ index }) => index),
    );
    expect(text.split(bounded)).toEqual(text.split(native));
    expect(text.search(bounded)).toBe(0);
  });
});

describe("what no automaton can search", () => {
  it.each([
    ["(a+)+\\1$", "it refers back to a group and repeats"],
    ["(?P<x>a+)*(?P=x)$", "it refers back to a group and repeats"],
    ["(?:a{1,900}){1,900}$", "its repeats multiply to too many"],
  ])("is given up after a time, and says so: %s", (pattern, why) => {
    const expression = pythonRegExp(pattern);
    expect(whyTimed(expression)).toBe(why);
    expect(gaveUp(expression)).toBe(false);
    const text = `${"a".repeat(60)}!`;
    for (let times = 0; times < 20 && !gaveUp(expression); times++) expect(expression.test(text)).toBe(false);
    expect(gaveUp(expression)).toBe(true);
    expect(gaveUp(pythonRegExp(pattern))).toBe(true);
  });

  it.each(["(\\w)\\1", "(a+)b\\1", "^(['\"]).*\\1$"])("is found all the same where it is quick: %s", (pattern) => {
    const text = "'aaba'";
    expect(plain(pythonRegExp(pattern).exec(text))).toEqual(plain(new RegExp(pattern).exec(text)));
  });

  it.each(["(a+)+$", "\\w{1,255}(?:\\.\\w{1,255}){1,9}", "login: $", "(?:a|b)*"])("is no %s", (pattern) => {
    expect(whyTimed(pythonRegExp(pattern))).toBeUndefined();
  });
});

describe("a long text without the characters that stand in every match", () => {
  const text = "a".repeat(1024);
  it.each(["\\S+\\$", "\\S+ y", "(?:a|b)+(\\w+)=$"])("%s: the engine is not asked", (source) => {
    const expression = boundedRegExp(source, "g");
    const searches = [vi.spyOn(RegExp.prototype, "test"), vi.spyOn(RegExp.prototype, "exec")];
    const found = [expression.test(text), expression.exec(text), expression.lastIndex];
    // Small searches of what the expression itself is made of are none of the text.
    const asked = searches.flatMap(({ mock }) => mock.calls.filter(([given]) => given === text));
    for (const search of searches) search.mockRestore();
    expect(found).toEqual([false, null, 0]);
    expect(asked).toEqual([]);
  });
  it("with them it is searched, after the place where the search begins", () => {
    const expression = boundedRegExp("\\S+\\$", "g");
    expression.lastIndex = 10;
    expect(expression.exec(`${text}$`)?.index).toBe(10);
    expect(expression.exec(`${text}$`)).toBeNull();
    expect(boundedRegExp("(?<=\\$\\w*)b+", "g").exec(`$${text}b`)?.index).toBe(1025);
  });
});
