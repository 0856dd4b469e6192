import { expect, test } from "vitest";
import { onlyOwnSequences, visible } from "../../src/base/visible-text.js";

const HOSTILE = [
  "\x1b]52;c;aGk=\x07",
  "\x1b]0;title\x1b\\",
  "\x1b[2J",
  "\x1b[8m",
  "\x1b[6n",
  "\x1bc",
  "\x9b2J",
  "\x9d0;t\x9c",
  "\r",
  "\b",
  "\x7f",
  "\x0e",
];

test.each(HOSTILE)("%j is shown, not sent", (text) => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  const steering = /[\0-\x08\x0b-\x1f\x7f-\x9f]/;
  for (const shown of [visible(text), onlyOwnSequences(text)]) {
    expect(shown).not.toMatch(steering);
    expect(JSON.parse(`"${shown.replace(/\\(?!u)/g, "\\\\")}"`)).toBe(text);
  }
  expect(onlyOwnSequences(`\x1b[31m${text}\x1b[39m\n`)).toBe(`\x1b[31m${visible(text)}\x1b[39m\n`);
});

test("the program's own colours and cursor movements go out as they are", () => {
  const own = "\x1b[?25l\x1b[?2026h\x1b[12A\r\x1b[1mbold\x1b[22m\x1b[K\n\x1b[J\x1b[?2026l\x1b[?25h\ta\r\n\x1b[0m";
  expect(onlyOwnSequences(own)).toBe(own);
});
