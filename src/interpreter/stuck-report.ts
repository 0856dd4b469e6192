import { LINE_END } from "../base/line-ends.js";
import { pythonRegExp } from "../base/python-regexp.js";
import { gaveUp } from "../base/regexp/bounded-regexp.js";
import type { Console, Pattern } from "../connections/types.js";
import type { Progress } from "../services/types.js";

/** What a `talk` actor is waiting for. */
export interface Awaiting {
  level: string;
  state: string;
  since: number;
  patterns: Pattern[];
  console: Console;
}

/** What a service is at. */
export interface Work {
  level: string;
  service: string;
  since: number;
  progress?: Progress;
  /** The last that it warned of. */
  trouble?: string;
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

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/**
 * The "stuck because" report (users.md B): where the chart stood, what was awaited, the line that came nearest, what
 * was sent last, the end of what the board printed; of a service, how far it came and what it complained of. Lines of text.
 */
export function stuckReport(
  { awaiting, work }: { awaiting?: Awaiting | undefined; work?: Work | undefined },
  statePath: string,
  now: number,
): string[] {
  const lines = [`state: ${statePath}`];
  if (work) {
    lines.push(`${work.service} has been at it for ${seconds(now - work.since)}`);
    if (work.progress) lines.push(progressText(work.progress));
    if (work.trouble) lines.push(`it warned last: ${work.trouble}`);
  }
  if (awaiting) lines.push(...consoleLines(awaiting, now));
  return lines;
}

function progressText({ label, done, total }: Progress): string {
  const of = total === undefined ? "" : ` of ${total}`;
  return `${label}: ${done === 0 ? "no byte" : `${done}${of} bytes`} came`;
}

function consoleLines({ console, patterns, since }: Awaiting, now: number): string[] {
  const lines = [`waiting for ${seconds(now - since)} for: ${patterns.map((p) => quote(p.source)).join(", ")}`];
  for (const { source } of patterns)
    if (gaveUp(pythonRegExp(source, "m")))
      lines.push(`${quote(source)} is looked for no more: searches for it took too long`);
  const nearest = console.nearest(patterns);
  if (nearest) lines.push(`nearest to ${quote(nearest.pattern)} came the line ${quote(nearest.line)}`);
  const sent = console.lastSent();
  lines.push(sent === undefined ? "nothing was sent yet" : `last sent: ${quote(sent)}`);
  const tail = console.tail().trimEnd();
  if (tail === "") lines.push("the board printed nothing");
  else lines.push(`the board printed last: ${quote(tail.split(LINE_END).slice(-3).join("\n"))}`);
  if (console.isClosed) lines.push("the console is closed");
  return lines;
}
