/** As Python's textwrap, with tabs and white space left as they are. */
export function wrapText(text: string, width: number, breakLong: boolean, onHyphens: boolean): string[] {
  const chunks = text.split(onHyphens ? HYPHENS : SPACES).filter((chunk) => chunk !== "");
  chunks.reverse();
  const lines: string[] = [];
  while (chunks.length > 0) {
    const line: string[] = [];
    let length = 0;
    if (lines.length > 0 && chunks.at(-1)!.trim() === "") chunks.pop();
    while (chunks.length > 0 && length + chunks.at(-1)!.length <= width) {
      const chunk = chunks.pop()!;
      line.push(chunk);
      length += chunk.length;
    }
    if (chunks.length > 0 && chunks.at(-1)!.length > width) {
      const room = Math.max(1, width - length);
      if (breakLong) {
        const chunk = chunks.pop()!;
        const hyphen = onHyphens ? chunk.lastIndexOf("-", room - 1) : -1;
        const at = hyphen > 0 && /[^-]/.test(chunk.slice(0, hyphen)) ? hyphen + 1 : room;
        line.push(chunk.slice(0, at));
        if (chunk.length > at) chunks.push(chunk.slice(at));
      } else if (line.length === 0) line.push(chunks.pop()!);
    }
    if (line.at(-1)?.trim() === "") line.pop();
    if (line.length > 0) lines.push(line.join(""));
  }
  return lines;
}

const SPACES = /([\t\n\v\f\r ]+)/;
const WORD = "[\\w!\"'&.,?]";
const LETTER = "[^\\d\\W]";
/** White space, dashes between words, or words that may be cut behind a hyphen. */
const HYPHENS = new RegExp(
  `([\\t\\n\\v\\f\\r ]+|(?<=${WORD})-{2,}(?=\\w)|[^\\t\\n\\v\\f\\r ]+?(?:-(?:(?<=${LETTER}{2}-)|(?<=${LETTER}-${LETTER}-))(?=${LETTER}-?${LETTER})|(?=[\\t\\n\\v\\f\\r ]|$)|(?<=${WORD})(?=-{2,}\\w)))`,
);
