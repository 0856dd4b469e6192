import type { Location, Problem } from "../base/problem.js";
import { visible } from "../base/visible-text.js";

const WIDTH = 120;
const COLORS = { error: "31;1", warning: "33;1", note: "36;1", bold: "1", dim: "2" } as const;

/**
 * A problem as compilers print it: `file:line:column: error: message`, the line, a mark below the place, the hint, and
 * the related places. Control characters of the file are made visible, so that none reaches the terminal.
 */
export function formatProblem(problem: Problem, { color }: { color: boolean }): string {
  const paint = (name: keyof typeof COLORS, text: string) => (color ? `\x1b[${COLORS[name]}m${text}\x1b[0m` : text);
  const head = (kind: "error" | "warning" | "note", location: Location | undefined, message: string) =>
    (location ? paint("bold", `${visible(location.file)}:${location.line}:${location.column}: `) : "") +
    `${paint(kind, `${kind}:`)} ${visible(message)}`;
  const lines = [head(problem.severity, problem.location, problem.message)];
  const gutter = " ".repeat(6);
  const place = (location: Location | undefined, source: string | undefined, kind: "error" | "warning" | "note") => {
    if (!location || !source?.trim()) return;
    const { text, mark } = excerpt(source, location.column);
    lines.push(`${paint("dim", `${String(location.line).padStart(5)} |`)} ${text}`);
    lines.push(`${paint("dim", `${gutter}|`)} ${paint(kind, mark)}`);
  };
  place(problem.location, problem.source, problem.severity);
  if (problem.hint) lines.push(`${paint("dim", `${gutter}=`)} ${visible(problem.hint)}`);
  for (const { location, source, message } of problem.related ?? []) {
    lines.push(head("note", location, message));
    place(location, source, "note");
  }
  return lines.join("\n");
}

/** The line, cut to a window when long, and the mark that goes below it. */
function excerpt(source: string, column: number): { text: string; mark: string } {
  const from = column > WIDTH - 20 ? column - 40 : 0;
  const window = source.slice(from, from + WIDTH);
  const before = visible(window.slice(0, column - 1 - from)).replaceAll("\t", " ");
  const rest = window.slice(column - 1 - from);
  const word = /^(?:"(?:[^"\\]|\\.)*"|'[^']*'|(?:[^\s:,[\]{}]|:(?=[^\s,[\]{}]))+|.)/.exec(rest)?.[0] ?? "";
  const left = from > 0 ? "..." : "";
  const right = from + WIDTH < source.length ? "..." : "";
  return {
    text: left + before + visible(rest).replaceAll("\t", " ") + right,
    mark: `${" ".repeat(left.length + before.length)}^${"~".repeat(Math.max(0, visible(word).length - 1))}`,
  };
}
