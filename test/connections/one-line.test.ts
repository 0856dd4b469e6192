import { expect, test } from "vitest";
import { pythonRegExp } from "../../src/base/python-regexp.js";
import { staysInLine } from "../../src/connections/one-line.js";

const stays = (source: string) => staysInLine(pythonRegExp(source, "m").source);

test.each([
  "login:",
  "^root@board:.*# ?$",
  "(?i)kernel panic - not syncing: (?P<why>.*)",
  "U-Boot 20[0-9]{2}\\.[0-9]{2}\\S* \\(",
  "[^\\n]+\\bdone\\b",
  "[^\\s]+#",
  "\\w+\\d*\\r?$",
  "[ \\t]*\\$",
  "a]b",
  "(=>|->) (?!x)",
  "(a+)\\1",
])("%s stays in its line", (source) => expect(stays(source)).toBe(true));

test.each([
  "a\\s+b",
  "a\nb",
  "a\\nb",
  "[^a]b",
  "[\\s\\S]*",
  "\\W",
  "\\D+",
  "(?s)a.b",
  "(?<=\\n)x",
  "\\x0a",
  "\\u000a",
  "[\\t-\\r]x",
  "[\t-\r]x",
  "\\0",
  "[a\n]",
])("%s may go beyond it", (source) => expect(stays(source)).toBe(false));

test("none that is said to stay in its line matches a line end", () => {
  const atoms = [
    "a",
    ".",
    "^",
    "$",
    "\\s",
    "\\S",
    "\\w",
    "\\W",
    "[^a]",
    "[^\\n]",
    "[a-z]",
    "[ -~]",
    "\\b",
    "[\\t\\r]",
    "#",
  ];
  const text = "ab #\n\n\tz\r\na-\n";
  for (const a of atoms)
    for (const b of atoms)
      for (const repeat of ["", "*", "+"]) {
        let expression: RegExp;
        try {
          expression = pythonRegExp(`${a}${b}${repeat}`, "mg");
        } catch {
          continue;
        }
        if (!staysInLine(expression.source)) continue;
        for (const [match] of text.matchAll(expression)) expect(`${expression.source} ${match}`).not.toContain("\n");
      }
});
