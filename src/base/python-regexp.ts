/**
 * Jobs and devices carry Python regular expressions (spec job.md §5, device.md §2); this file makes them JavaScript's.
 */

import { boundedRegExp } from "./regexp/bounded-regexp.js";

/** Python's meaning of `(?i)`, `(?s)`, ...; `a`, `u` and `L` choose a character set and change nothing here. */
interface Flags {
  i: boolean;
  m: boolean;
  s: boolean;
  x: boolean;
}

/** Escapes that mean the same in both languages, or that only JavaScript has. */
const SAME_ESCAPES = new Set([..."bBdDsSwWfnrtvxu"]);
/** Expressions come from jobs, and the engine's compiler recurses. */
const MAX_LENGTH = 10_000;
const MAX_DEPTH = 100;
const OPENERS = ["(?:", "(?=", "(?!", "(?<=", "(?<!"];

/**
 * Compiles a Python regular expression.
 *
 * Translated: `(?P<n>..)`, `(?P=n)`, `(?#..)`, `\A`, `\Z`, `\a`, `\UXXXXXXXX`, `{,n}`, `[]x]`, the flags `(?imsx)` and
 * `(?msx:..)`; `.`, `^` and `$` keep Python's meaning (only `\n` ends a line; `$` also stands before a last `\n`).
 * As the translation carries `m` and `s` in itself, `source` can be joined with that of other patterns. What is made of it
 * anew is made by `boundedRegExp`, as this is: no pattern and no text can make a search long.
 * `\w`, `\d` and `\b` are those of ASCII.
 *
 * @param flags JavaScript's letters (`g`, `i`, `m`, `s`, `y`, `d`)
 * @throws SyntaxError whose message says what is wrong and at which character, e.g.
 *   `the group opened at character 3 is never closed`; it does not repeat the expression
 */
export function pythonRegExp(source: string, flags = ""): RegExp {
  if (source.length > MAX_LENGTH) throw new SyntaxError(`the expression is longer than ${MAX_LENGTH} characters`);
  const translation = translate(source, flags);
  try {
    return boundedRegExp(translation.source, translation.flags);
  } catch (error) {
    const text = (error as Error).message;
    const reason = text.slice(text.lastIndexOf(": ") + 2);
    throw new SyntaxError(reason.charAt(0).toLowerCase() + reason.slice(1));
  }
}

function translate(source: string, jsFlags: string): { source: string; flags: string } {
  const global: Flags = { i: jsFlags.includes("i"), m: jsFlags.includes("m"), s: jsFlags.includes("s"), x: false };
  let at = 0;
  const leading = /^\(\?([aiLmsux]+)\)/.exec(source);
  if (leading) {
    for (const letter of leading[1]!) if (letter in global) global[letter as keyof Flags] = true;
    at = leading[0].length;
  }
  const groups: { at: number; flags: Flags }[] = [];
  const names = new Set<string>();
  let flags = global;
  let out = "";
  /** Whether a quantifier may follow. */
  let item = false;

  const emit = (text: string, length: number) => {
    out += text;
    at += length;
    item = true;
  };
  const open = (text: string, length: number, scoped = flags) => {
    if (groups.length >= MAX_DEPTH) fail(`groups are nested more than ${MAX_DEPTH} deep`, at);
    groups.push({ at, flags });
    flags = scoped;
    emit(text, length);
    item = false;
  };

  while (at < source.length) {
    const char = source[at]!;
    if (char === "\\") {
      const escaped = translateEscape(source, at, false);
      emit(escaped.text, escaped.length);
    } else if (char === "[") {
      const set = translateSet(source, at);
      emit(set.text, set.length);
    } else if (char === "(") {
      const name = /^\(\?P?<([A-Za-z_]\w*)>/.exec(source.slice(at, at + 200));
      const scoped = /^\(\?([aiLmsux]*)(?:-([imsx]+))?:/.exec(source.slice(at, at + 20));
      if (name) {
        if (names.has(name[1]!)) fail(`the group name "${name[1]}" is used twice`, at);
        names.add(name[1]!);
        open(`(?<${name[1]}>`, name[0].length);
      } else if (source.startsWith("(?P=", at)) {
        const back = /^\(\?P=(\w+)\)/.exec(source.slice(at));
        if (!back) fail("a back reference is written (?P=name)", at);
        if (!names.has(back[1]!)) fail(`no group before it is named "${back[1]}"`, at);
        emit(`\\k<${back[1]}>`, back[0].length);
      } else if (source.startsWith("(?#", at)) {
        const end = source.indexOf(")", at);
        if (end < 0) fail("a comment is never closed", at);
        at = end + 1;
      } else if (scoped && scoped[0] !== "(?:") {
        const inner = { ...flags };
        for (const letter of scoped[1]!) if (letter in inner) inner[letter as keyof Flags] = true;
        for (const letter of scoped[2] ?? "") inner[letter as keyof Flags] = false;
        if (inner.i !== flags.i) {
          fail("upper and lower case can only be ignored in the whole expression: write (?i) at its beginning", at);
        }
        open("(?:", scoped[0].length, inner);
      } else if (!source.startsWith("(?", at)) {
        open("(", 1);
      } else {
        const opener = OPENERS.find((text) => source.startsWith(text, at));
        if (!opener) fail(unsupportedGroup(source, at), at);
        open(opener, opener.length);
      }
    } else if (char === ")") {
      const group = groups.pop();
      if (!group) fail("a closing parenthesis has no opening one", at);
      flags = group.flags;
      emit(")", 1);
    } else if (char === "*" || char === "+" || char === "?" || isRepeat(source, at)) {
      const repeat = /^(?:[*+?]|\{\d*,?\d*\})/.exec(source.slice(at, at + 40))![0];
      if (!item) fail(`"${repeat}" has nothing to repeat`, at);
      const next = source[at + repeat.length];
      if (next === "+") fail("possessive repeats are not known here", at);
      if (next === "*" || (next === "?" && source[at + repeat.length + 1] === "?")) {
        fail("a repeat is repeated", at + repeat.length);
      }
      emit(repeat.replace("{,", "{0,") + (next === "?" ? "?" : ""), repeat.length + (next === "?" ? 1 : 0));
      item = false;
    } else if (flags.x && /\s/.test(char)) {
      at += 1;
    } else if (flags.x && char === "#") {
      const end = source.indexOf("\n", at);
      at = end < 0 ? source.length : end + 1;
    } else if (char === "|" || char === "^") {
      emit(char === "^" && flags.m ? "(?<![^\\n])" : char, 1);
      item = false;
    } else if (char === "$") {
      emit(flags.m ? "(?![^\\n])" : "(?=\\n?$)", 1);
    } else if (char === ".") {
      emit(flags.s ? "[\\s\\S]" : "[^\\n]", 1);
    } else {
      emit(char === "{" || char === "}" || char === "]" ? `\\${char}` : char, 1);
    }
  }
  const unclosed = groups.pop();
  if (unclosed) fail("a group is never closed", unclosed.at);
  const kept = [...jsFlags.replace(/[ims]/g, ""), ...(global.i ? "i" : "")].join("");
  return { source: out === "" ? "(?:)" : out, flags: kept };
}

/** `{2}`, `{2,}`, `{,3}` and `{2,3}` repeat; any other brace stands for itself, as in Python. */
const isRepeat = (source: string, at: number): boolean =>
  source[at] === "{" && /^\{(?:\d+(?:,\d*)?|,\d+)\}/.test(source.slice(at, at + 40));

function translateEscape(source: string, at: number, inSet: boolean): { text: string; length: number } {
  const char = source[at + 1];
  if (char === undefined) fail("a backslash stands at the end", at);
  if (char === "A" && !inSet) return { text: "(?:^)", length: 2 };
  if (char === "Z" && !inSet) return { text: "(?:$)", length: 2 };
  if (char === "a") return { text: "\\x07", length: 2 };
  if (char === "k" && !inSet && /^<\w+>/.test(source.slice(at + 2))) return { text: "\\k", length: 2 };
  if (char === "U") {
    const code = /^[0-9A-Fa-f]{8}/.exec(source.slice(at + 2));
    if (!code || Number.parseInt(code[0], 16) > 0x10ffff) fail("\\U needs the eight digits of a character", at);
    const text = String.fromCodePoint(Number.parseInt(code[0], 16));
    return { text: inSet || text.length === 1 ? text : `(?:${text})`, length: 10 };
  }
  if (char === "x" && !/^[0-9A-Fa-f]{2}/.test(source.slice(at + 2))) fail("\\x needs two hexadecimal digits", at);
  if (char === "u" && !/^[0-9A-Fa-f]{4}/.test(source.slice(at + 2))) fail("\\u needs four hexadecimal digits", at);
  if (/[A-Za-z]/.test(char) && !SAME_ESCAPES.has(char)) fail(`\\${char} has no meaning`, at);
  if (char === "B" && inSet) fail("\\B has no meaning in a set", at);
  return { text: `\\${char}`, length: 2 };
}

/** `[...]`; a `]` in the first place stands for itself. */
function translateSet(source: string, start: number): { text: string; length: number } {
  let at = start + 1;
  let text = "[";
  if (source[at] === "^") {
    text += "^";
    at += 1;
  }
  for (let first = true; ; first = false) {
    const char = source[at];
    if (char === undefined) fail("a set of characters is never closed", start);
    if (char === "]" && !first) return { text: `${text}]`, length: at + 1 - start };
    if (char === "\\") {
      const escaped = translateEscape(source, at, true);
      text += escaped.text;
      at += escaped.length;
    } else {
      text += char === "]" || char === "[" ? `\\${char}` : char;
      at += 1;
    }
  }
}

function unsupportedGroup(source: string, at: number): string {
  if (/^\(\?[aiLmsux]+\)/.test(source.slice(at))) return "flags must stand at the beginning of the expression";
  if (source.startsWith("(?>", at)) return "atomic groups are not known here";
  if (source.startsWith("(?(", at)) return "conditional groups are not known here";
  if (source.startsWith("(?P<", at) || source.startsWith("(?<", at)) return "a group's name must be a word";
  return `"${source.slice(at, at + 3)}" opens no known kind of group`;
}

function fail(message: string, at: number): never {
  throw new SyntaxError(`${message} (character ${at + 1})`);
}
