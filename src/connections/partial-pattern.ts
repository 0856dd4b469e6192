/** Tokens of a JavaScript regular expression. */
const TOKENS =
  /\\k<\w+>|\\[1-9]\d*|\\x[\dA-Fa-f]{2}|\\u[\dA-Fa-f]{4}|\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|\(\?(?:[:=!]|<[=!]|<\w+>)|(?:[*+?]|\{\d+(?:,\d*)?\})\??|[\s\S]/g;
/** Only where the text ends; its empty group tells that it was there. */
const AT_END = "$()";
/** Characters that a back reference may stand for, at most, when it is said to be begun. */
const BACK_REFERENCE = 256;
/** What is seen in one place: the text ends. */
export const LINE_END = "(?=\\r*(?![^\\n]))";

/**
 * Makes an expression match the beginnings of its matches, too, where the text ends: each piece may be missing there.
 * It takes the same way through a text as the expression itself; where that way comes to the end of the text, so that
 * more text could lead it elsewhere, `touchesEnd` says so. Undefined for what cannot be told so.
 *
 * @param source without flags `m` and `s`, as `pythonRegExp` makes it
 */
export function partialSource(source: string): { source: string; ends: number[] } | undefined {
  const tokens = source.replaceAll(LINE_END, "\uE000").match(TOKENS) ?? [];
  const ends: number[] = [];
  /** Numbers of the expression's own groups. */
  const own: number[] = [0];
  let groups = 0;
  let text = "";
  const end = () => {
    groups += 1;
    ends.push(groups);
    return AT_END;
  };
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index]!;
    if (token === "(?!") return undefined;
    if (token === "(?<=" || token === "(?<!") {
      const close = closing(tokens, index);
      text += tokens.slice(index, close + 1).join("");
      index = close;
    } else if (token === "(" || /^\(\?<\w/.test(token)) {
      groups += 1;
      own.push(groups);
      text += token;
    } else if (token.startsWith("(?") || token === ")" || token === "|" || token === "^") text += token;
    else if (token === "$") text += `(?:${end()})`;
    else if (token === "\uE000") text += `(?=\\r*(?:${end()}|\\n))`;
    else if (token === "\\b" || token === "\\B") text += `(?:${end()}|${token})`;
    else if (/^(?:[*+?]|\{\d)/.test(token) && isRepeat(token)) {
      const open = !token.endsWith("?") || token === "?";
      text += token + (open && !/^\{\d+\}$/.test(token) ? `(?:${end()}|)` : "");
    } else if (/^\\(?:[1-9]|k<)/.test(token)) {
      const back = token.startsWith("\\k") ? token : `\\${own[Number(token.slice(1))] ?? 0}`;
      text += `(?:${back}|(?=[\\s\\S]{0,${BACK_REFERENCE}}$)${end().slice(1)})`;
    } else text += `(?:${token}|${end()})`;
  }
  return { source: text, ends };
}

const isRepeat = (token: string): boolean => /^(?:[*+?]|\{\d+(?:,\d*)?\})\??$/.test(token);

/** Index of the token that closes the group which the token at `open` opens. */
function closing(tokens: string[], open: number): number {
  let depth = 0;
  for (let index = open; index < tokens.length; index += 1) {
    if (tokens[index]!.startsWith("(")) depth += 1;
    if (tokens[index] === ")") depth -= 1;
    if (depth === 0) return index;
  }
  return tokens.length - 1;
}
