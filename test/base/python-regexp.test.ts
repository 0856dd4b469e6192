import { describe, expect, it } from "vitest";
import { pythonRegExp } from "../../src/base/python-regexp.js";

const match = (pattern: string, text: string, flags?: string) => pythonRegExp(pattern, flags).exec(text);

describe("pythonRegExp: same meaning as in Python", () => {
  it.each([
    ["named groups", "(?P<name>\\w+)-(?P=name)", "ab-ab", "ab-ab"],
    ["\\A", "\\Aab", "ab", "ab"],
    ["\\Z", "ab\\Z", "xab", "ab"],
    ["$ stands before a last newline", "ab$", "ab\n", "ab"],
    [". takes a carriage return", "a.b", "a\rb", "a\rb"],
    ["{,n}", "^a{,2}b", "aab", "aab"],
    ["a brace that does not repeat", "{x} {1,x}", "{x} {1,x}", "{x} {1,x}"],
    ["] first in a set", "[]x]+", "]x", "]x"],
    ["] first in a negated set", "[^]x]+", "]ab", "ab"],
    ["a bracket in a set", "[[]", "[", "["],
    ["comment", "a(?# not this)b", "ab", "ab"],
    ["leading flags", "(?i)ABC", "abc", "abc"],
    ["verbose", "(?x) a b # comment\n c", "abc", "abc"],
    ["verbose keeps escaped blanks", "(?x)a\\ b", "a b", "a b"],
    ["scoped s", "a(?s:.)b", "a\nb", "a\nb"],
    ["scoped m", "a\\n(?m:^)b", "a\nb", "a\nb"],
    ["lookbehind", "(?<=a)b", "ab", "b"],
    ["lazy repeat", "a+?", "aaa", "a"],
    ["bell", "\\a", "\x07", "\x07"],
    ["\\U", "\\U0001F600+", "\u{1F600}\u{1F600}", "\u{1F600}\u{1F600}"],
    ["octal", "\\033\\[6n", "\x1b[6n", "\x1b[6n"],
    ["backslash z in upper case after a group", "(a|b)\\Z", "ab", "b"],
    ["empty", "", "x", ""],
  ])("%s", (_, pattern, text, expected) => {
    expect(match(pattern, text)?.[0]).toBe(expected);
  });

  it.each([
    ["$ is not the end of a line inside", "ab$", "ab\ncd"],
    ["\\Z is only the very end", "ab\\Z", "ab\n"],
    [". does not take a newline", "a.b", "a\nb"],
    ["m: a carriage return begins no line", "(?m)^b", "a\rb"],
  ])("does not match: %s", (_, pattern, text) => {
    expect(match(pattern, text)).toBeNull();
  });

  it("keeps the caller's flags, with m and s in the source itself", () => {
    const pattern = pythonRegExp("^a.$", "gms");
    expect(pattern.flags).toBe("g");
    expect("x\na\n\ny".match(pattern)).toEqual(["a\n"]);
    expect(pythonRegExp("(?i)a", "gi").flags).toBe("gi");
  });

  it("names groups", () => {
    expect(match("(?P<test_case_id>\\d+): (?P<result>\\w+)", "7: pass")?.groups).toEqual({
      test_case_id: "7",
      result: "pass",
    });
  });
});

describe("pythonRegExp: what is wrong is said in words", () => {
  it.each([
    ["root@(", "a group is never closed (character 6)"],
    ["a)", "a closing parenthesis has no opening one (character 2)"],
    ["[abc", "a set of characters is never closed (character 1)"],
    ["[]", "a set of characters is never closed (character 1)"],
    ["*a", '"*" has nothing to repeat (character 1)'],
    ["a|+", '"+" has nothing to repeat (character 3)'],
    ["({2})", '"{2}" has nothing to repeat (character 2)'],
    ["a**", "a repeat is repeated (character 3)"],
    ["a++", "possessive repeats are not known here (character 2)"],
    ["(?>a)", "atomic groups are not known here (character 1)"],
    ["(?(1)a|b)", "conditional groups are not known here (character 1)"],
    ["(?Q)", '"(?Q" opens no known kind of group (character 1)'],
    ["(?P<1>a)", "a group's name must be a word (character 1)"],
    ["(?P<a>x)(?P<a>y)", 'the group name "a" is used twice (character 9)'],
    ["(?P=a)", 'no group before it is named "a" (character 1)'],
    ["a(?i)b", "flags must stand at the beginning of the expression (character 2)"],
    ["\\", "a backslash stands at the end (character 1)"],
    ["\\q", "\\q has no meaning (character 1)"],
    ["\\x1", "\\x needs two hexadecimal digits (character 1)"],
    ["[z-a]", "range out of order in character class"],
    ["(".repeat(101), "groups are nested more than 100 deep (character 101)"],
    ["a|".repeat(5001), "the expression is longer than 10000 characters"],
    ["a{3,2}", "numbers out of order in {} quantifier"],
  ])("%s", (pattern, message) => {
    expect(() => pythonRegExp(pattern)).toThrow(new SyntaxError(message));
  });
});
