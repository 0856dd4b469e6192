/** Tokens of a JavaScript regular expression. */
const TOKENS =
  /\\k<\w+>|\\x[\dA-Fa-f]{2}|\\u[\dA-Fa-f]{4}|\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|\(\?(?:[:=!]|<[=!]|<\w+>)|[\s\S]/g;
/** What looks at what follows, or is as long as something before it. */
const LOOKS_ON = /^(?:\(\?[=!]|\\[bB1-9k])/;
/** One character, whatever stands around it. */
const ONE = /^(?:\[|\\[^bB1-9k]|[^\\()[\]{}*+?|^$.]$)/;
/** Characters that are enough to tell. */
const MOST = 16;

/** The last characters of all that an expression matches. */
export interface LastCharacters {
  source: string;
  length: number;
}

/**
 * What every match of an expression ends with, as an expression of so many characters: where that is nowhere in what came
 * last, no match ends there. Undefined where it cannot be told.
 */
export function lastCharacters(source: string): LastCharacters | undefined {
  const tokens = source.match(TOKENS) ?? [];
  let depth = 0;
  for (const token of tokens) {
    if (token.startsWith("(")) depth += 1;
    else if (token === ")") depth -= 1;
    if (LOOKS_ON.test(token) || token === "$" || (token === "|" && depth === 0)) return undefined;
  }
  let first = tokens.length;
  while (first > 0 && tokens.length - first < MOST && ONE.test(tokens[first - 1]!)) first -= 1;
  const length = tokens.length - first;
  return length === 0 ? undefined : { source: tokens.slice(first).join(""), length };
}
