import { syntaxError, unsupported } from "./errors.js";

const SIMPLE: { [letter: string]: string } = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};
const LONG: { [letter: string]: number } = { x: 2, u: 4, U: 8 };

/** What stands between the quotes of a text, with Python's escapes. An escape that Python does not know stays as it is. */
export function unescapeString(text: string, line: number): string {
  if (!text.includes("\\")) return text;
  let result = "";
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== "\\") {
      result += text[at];
      continue;
    }
    const letter = text[++at]!;
    const octal = /^[0-7]{1,3}/.exec(text.slice(at, at + 3))?.[0];
    const digits = LONG[letter];
    if (octal !== undefined) {
      result += String.fromCharCode(Number.parseInt(octal, 8));
      at += octal.length - 1;
    } else if (digits !== undefined) {
      const hex = text.slice(at + 1, at + 1 + digits);
      const code = /^[0-9a-fA-F]+$/.test(hex) && hex.length === digits ? Number.parseInt(hex, 16) : -1;
      if (code < 0 || code > 0x10ffff) throw syntaxError(`truncated \\${letter} escape in a text`, line);
      result += String.fromCodePoint(code);
      at += digits;
    } else if (letter === "N") throw unsupported("a character by its name (\\N{...})", line);
    else if (letter > "\x7f") {
      // Jinja2 escapes the character before it reads the escapes: the backslash meets that of the escape
      const code = text.codePointAt(at)!;
      const hex = code.toString(16);
      if (code > 0xffff) at++;
      result +=
        code < 0x100 ? `\\x${hex}` : code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
    } else result += SIMPLE[letter] ?? `\\${letter}`;
  }
  return result;
}
