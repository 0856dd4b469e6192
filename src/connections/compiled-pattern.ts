import { TestError } from "../base/errors.js";
import { pythonRegExp } from "../base/python-regexp.js";
import { boundedRegExp, needsBounds } from "../base/regexp/bounded-regexp.js";
import { type LastCharacters, lastCharacters } from "./last-characters.js";
import { staysInLine } from "./one-line.js";
import { LINE_END, partialSource } from "./partial-pattern.js";
import { ESCAPE } from "./terminal-text.js";
import type { Pattern } from "./types.js";

/** Characters that a pattern without upper bound may span; LAVA's window is twice a read of 4092. */
export const WINDOW = 8184;

/** One reading of a pattern. */
export interface Expressions {
  /** At one place (`y`). */
  here: RegExp;
  /** From a place on (`g`). */
  anywhere: RegExp;
  /** Only where nothing but blanks and terminal escapes follow to the end of the text (`g`). */
  atEnd: RegExp;
  /** Its source without groups, to be one alternative of many; undefined when it refers back to its groups. */
  alternative: string | undefined;
}

/** A pattern made ready for scanning, with `.` within a line: that reading is tried first. */
export interface CompiledPattern extends Expressions {
  pattern: Pattern;
  ignoreCase: boolean;
  /** With `.` as any character, as LAVA has it; undefined when that is no other reading. */
  wide: Expressions | undefined;
  /** The other reading begins with a repeated `.`: what it finds anywhere it finds at the first place. */
  wideAtFirst: boolean;
  /** What the matches of the other reading end with, where that can be told. */
  wideEnd: LastCharacters | undefined;
  /** Matches its beginnings where the text ends, too (`g`); undefined when that cannot be told. */
  partial: RegExp | undefined;
  /** Numbers of the groups of `partial` that tell that the text's end was seen. */
  ends: number[];
  /** Longest text that it needs to see. */
  reach: number;
  /** It needs to see nothing of the lines before. */
  inLine: boolean;
  matchesEmpty: boolean;
}

/** Escapes, sets and openings of groups of a JavaScript regular expression. */
const TOKENS = /\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|\((?:\?<(?![=!])[^>]*>|(?!\?))/g;
/** What says nothing of a match's length: escaped characters, sets, openings of groups. */
const LITERALS = /\\[^1-9bBk]|\[(?:\\[\s\S]|[^\]\\])*\]|\(\?(?::|<[=!]|<\w+>)/g;
const TRAILER = `(?=(?:[ \\t]|\\r(?!\\n)|${ESCAPE})*(?![\\s\\S]))`;
const BARE_LINE_END = "(?![^\\n])";
const LINE_BEGIN = "(?<![^\\n])";
const TEXT_BEGIN = "(?<![\\s\\S])";
const BEGINS_WITH_ANYTHING = /^(?:\((?:\?:|\?<\w+>)?)*\[\\s\\S\][*+]/;

/**
 * Compiles a pattern. `^` and `$` hold at lines, and a carriage return before the line end is none of the line's text.
 * Throws TestError when it is no regular expression (spec runtime.md §4).
 */
export function compilePattern(pattern: Pattern): CompiledPattern {
  let narrow: RegExp;
  let wide: RegExp;
  try {
    narrow = pythonRegExp(pattern.source, "m");
    wide = pythonRegExp(pattern.source, "ms");
  } catch (error) {
    throw new TestError(`"${pattern.source}" is not a regular expression: ${(error as Error).message}`, {
      cause: error,
      advice:
        "Prompts and patterns are regular expressions: write \\ before a character such as ( [ * + ? that is meant.",
    });
  }
  const { flags } = narrow;
  const source = readOf(narrow.source, pattern);
  const other = wide.source === narrow.source ? undefined : readOf(wide.source, pattern);
  const bare = source.replace(LITERALS, (token) => (token.startsWith("(") ? "(" : "_"));
  const refersBack = /\\[1-9]|\\k</.test(bare);
  const quantified = /[*+{]/.test(bare);
  const partial = partialSource(source);
  return {
    pattern,
    ignoreCase: flags.includes("i"),
    ...expressions(source, flags, refersBack),
    wide: other === undefined ? undefined : expressions(other, flags, refersBack),
    wideAtFirst: other !== undefined && BEGINS_WITH_ANYTHING.test(other) && !bare.includes("|"),
    wideEnd: other === undefined ? undefined : lastCharacters(other),
    partial: partial && boundedRegExp(partial.source, `${flags}g`),
    ends: partial?.ends ?? [],
    // Without repeats a pattern matches no more characters than it is written with.
    reach: quantified || refersBack || other !== undefined ? WINDOW : Math.min(WINDOW, source.length),
    inLine: staysInLine(source),
    matchesEmpty: boundedRegExp(source, flags).test(""),
  };
}

/** Compiled patterns kept. */
const KEPT = 128;

/** Compiles, and remembers what it compiled: a conversation asks for the same patterns again and again. */
export function patternCompiler(): (pattern: Pattern) => CompiledPattern {
  const known = new Map<string, CompiledPattern>();
  return (pattern) => {
    const key = `${pattern.caret ?? ""}/${pattern.source}`;
    let compiled = known.get(key);
    if (!compiled) {
      compiled = compilePattern(pattern);
      if (known.size >= KEPT) known.clear();
      known.set(key, compiled);
    }
    return { ...compiled, pattern };
  };
}

/** A carriage return may stand before the line end; `^` may stand for the end of the match before. */
const readOf = (source: string, { caret }: Pattern): string => {
  const lines = source.replaceAll(BARE_LINE_END, LINE_END);
  return caret === "match" ? lines.replaceAll(LINE_BEGIN, TEXT_BEGIN) : lines;
};

function expressions(source: string, flags: string, refersBack: boolean): Expressions {
  const anywhere = boundedRegExp(source, `${flags}g`);
  return {
    here: boundedRegExp(source, `${flags}y`),
    anywhere,
    atEnd: boundedRegExp(`(?:${source})${TRAILER}`, `${flags}g`),
    alternative: refersBack || needsBounds(anywhere) ? undefined : withoutGroups(source),
  };
}

/** Where a text begins is not known where many patterns are looked for at once. */
const withoutGroups = (source: string): string =>
  `(?:${source.replaceAll(TEXT_BEGIN, "(?:)").replace(TOKENS, (token) => (token.startsWith("(") ? "(?:" : token))})`;
