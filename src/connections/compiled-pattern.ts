import { TestError } from "../base/errors.js";
import { pythonRegExp } from "../base/python-regexp.js";
import { boundedRegExp, needsBounds } from "../base/regexp/bounded-regexp.js";
import { staysInLine } from "./one-line.js";
import { ESCAPE } from "./terminal-text.js";
import type { Pattern } from "./types.js";

/** Characters that a pattern without upper bound may span from chunk to chunk. */
export const WINDOW = 4096;

/** A pattern made ready for scanning. */
export interface CompiledPattern {
  pattern: Pattern;
  ignoreCase: boolean;
  /** At one place (`y`). */
  here: RegExp;
  /** From a place on (`g`). */
  anywhere: RegExp;
  /** Only where nothing but blanks and terminal escapes follow to the end of the text (`g`). */
  atEnd: RegExp;
  /** Its source without groups, to be one alternative of many; undefined when it refers back to its groups or is slow. */
  alternative: string | undefined;
  /** Longest text that it needs to see. */
  reach: number;
  /** It needs to see nothing of the lines before. */
  inLine: boolean;
  /** Ends with a repeat or an assertion: more output could change a match that ends where the output ends. */
  openEnded: boolean;
  matchesEmpty: boolean;
}

/** Escapes, sets and openings of groups of a JavaScript regular expression. */
const TOKENS = /\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|\((?:\?<(?![=!])[^>]*>|(?!\?))/g;
/** What says nothing of a match's length: escaped characters, sets, openings of groups. */
const LITERALS = /\\[^1-9bBk]|\[(?:\\[\s\S]|[^\]\\])*\]|\(\?(?::|<[=!]|<\w+>)/g;
const TRAILER = `(?=(?:[ \\t]|\\r(?!\\n)|${ESCAPE})*(?![\\s\\S]))`;

/**
 * Compiles a pattern. As with expect, `^` and `$` hold at lines; `.` stays within one.
 * Throws TestError when it is no regular expression (spec runtime.md §4).
 */
export function compilePattern(pattern: Pattern): CompiledPattern {
  let expression: RegExp;
  try {
    expression = pythonRegExp(pattern.source, "m");
  } catch (error) {
    throw new TestError(`"${pattern.source}" is not a regular expression: ${(error as Error).message}`, {
      cause: error,
      advice:
        "Prompts and patterns are regular expressions: write \\ before a character such as ( [ * + ? that is meant.",
    });
  }
  const { source, flags } = expression;
  const anywhere = boundedRegExp(source, `${flags}g`);
  const bare = source.replace(LITERALS, (token) => (token.startsWith("(") ? "(" : "_"));
  const refersBack = /\\[1-9]|\\k</.test(bare);
  const quantified = /[*+{]/.test(bare);
  return {
    pattern,
    ignoreCase: flags.includes("i"),
    here: boundedRegExp(source, `${flags}y`),
    anywhere: boundedRegExp(source, `${flags}g`),
    atEnd: boundedRegExp(`(?:${source})${TRAILER}`, `${flags}g`),
    alternative:
      refersBack || needsBounds(anywhere)
        ? undefined
        : `(?:${source.replace(TOKENS, (token) => (token.startsWith("(") ? "(?:" : token))})`,
    // Without repeats a pattern matches no more characters than it is written with.
    reach: quantified || refersBack ? WINDOW : Math.min(WINDOW, source.length),
    inLine: staysInLine(source),
    openEnded: /(?:[*+?}$]|\\[bB])\)*(?:\||$)|\(\?[=!]/.test(bare),
    matchesEmpty: expression.test(""),
  };
}
