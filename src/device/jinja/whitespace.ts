/** What Python takes for white space; JavaScript's trim() has a slightly different list. */
const WHITE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const SPACE = new RegExp(`^[${WHITE}]$`);
const WORDS = new RegExp(`[^${WHITE}]+`, "g");

export const isSpace = (character: string | undefined): boolean => character !== undefined && SPACE.test(character);

export function trimStart(text: string): string {
  let from = 0;
  while (isSpace(text[from])) from++;
  return text.slice(from);
}

export function trimEnd(text: string): string {
  let to = text.length;
  while (isSpace(text[to - 1])) to--;
  return text.slice(0, to);
}

export const trim = (text: string): string => trimEnd(trimStart(text));

/** The words of a text, with their places. */
export const words = (text: string): RegExpExecArray[] => [...text.matchAll(WORDS)] as RegExpExecArray[];

/** What Python takes for the end of a line. */
const LINE_ENDS = "\n\r\v\f\x1c-\x1e\x85\u2028\u2029";
const LINE = new RegExp(`[^${LINE_ENDS}]*(?:\r\n|[${LINE_ENDS}]|$)`, "g");
const LINE_END = new RegExp(`(?:\r\n|[${LINE_ENDS}])$`);

/** Python's `splitlines`: a line break at the end begins no new line. */
export function splitLines(text: string, keepEnds = false): string[] {
  const lines = [...(text.match(LINE) ?? [])];
  if (lines.at(-1) === "") lines.pop();
  return keepEnds ? lines : lines.map((line) => line.replace(LINE_END, ""));
}
