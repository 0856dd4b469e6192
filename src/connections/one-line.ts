/** Escaped characters, sets, and single characters of a JavaScript regular expression. */
const TOKENS = /\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|[\s\S]/g;
/** Escapes that stand for a line end, for a class that holds it, or for a character that is not looked at here. */
const MAY_BE_LINE_END = /\\[nsDWxuc0]/;
/** Escapes that take the line end out of a set that is turned round. */
const HOLDS_LINE_END = /\\[nsDW]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: where a range could begin that holds the line end
const CONTROL = /[\x00-\x1f]|\\[tfvr]-/;

/**
 * Whether an expression, as `pythonRegExp` makes it, matches no text with a line end in it, and looks at none beyond
 * the line's. In doubt it is said to do so.
 */
export function staysInLine(source: string): boolean {
  for (const [token] of source.matchAll(TOKENS)) {
    const turned = token.startsWith("[^") && token.length > 2;
    if (turned ? !HOLDS_LINE_END.test(token) : MAY_BE_LINE_END.test(token)) return false;
    if (!turned && CONTROL.test(token)) return false;
  }
  return true;
}
