import type { Console, Pattern } from "../connections/types.js";

/** What a `talk` actor is waiting for. */
export interface Awaiting {
  level: string;
  state: string;
  since: number;
  patterns: Pattern[];
  console: Console;
}

/** Where a job stands at a moment. */
export interface Standing {
  /** Leaf states, as the journal has them, joined. */
  state(): string;
  awaiting: Awaiting[];
  /** Makes the "stuck because" report of the innermost wait, as lines. */
  stuck(): string[];
}

const quote = (text: string) => JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text);

/**
 * The "stuck because" report (users.md B): where the chart stood, what was awaited, the line that came nearest, what
 * was sent last, the end of what the board printed. Lines of text.
 */
export function stuckReport(awaiting: Awaiting | undefined, statePath: string, now: number): string[] {
  if (!awaiting) return [`state: ${statePath}`];
  const { console, patterns } = awaiting;
  const lines = [
    `state: ${statePath}`,
    `waiting for ${((now - awaiting.since) / 1000).toFixed(1)} s for: ${patterns.map((p) => quote(p.source)).join(", ")}`,
  ];
  const nearest = console.nearest(patterns);
  if (nearest) lines.push(`nearest to ${quote(nearest.pattern)} came the line ${quote(nearest.line)}`);
  const sent = console.lastSent();
  lines.push(sent === undefined ? "nothing was sent yet" : `last sent: ${quote(sent)}`);
  const tail = console.tail().trimEnd();
  if (tail === "") lines.push("the board printed nothing");
  else lines.push(`the board printed last: ${quote(tail.split(/\r*\n/).slice(-3).join("\n"))}`);
  if (console.isClosed) lines.push("the console is closed");
  return lines;
}
