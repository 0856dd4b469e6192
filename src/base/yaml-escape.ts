/** What stands in a double-quoted text of YAML for a character, as libyaml and PyYAML write it when all is to be ASCII. */

/** The characters that do not stand for themselves. */
export const YAML_SPECIALS = /["\\]|[^\x20-\x7e]/gu;

const SHORT: { [char: string]: string } = {
  "\0": "\\0",
  "\x07": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  "\x1b": "\\e",
  '"': '\\"',
  "\\": "\\\\",
  "\x85": "\\N",
  "\xa0": "\\_",
  "\u2028": "\\L",
  "\u2029": "\\P",
};

const hex = (code: number, digits: number) => code.toString(16).toUpperCase().padStart(digits, "0");

export function yamlEscape(char: string): string {
  const short = SHORT[char];
  if (short) return short;
  const code = char.codePointAt(0)!;
  if (code <= 0xff) return `\\x${hex(code, 2)}`;
  return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}
