/** What an output directory holds for the page. */
import { closeSync, existsSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { NotRegular, openRegular, readRegular } from "../base/regular-file.js";
import { JOURNAL_VERSION, type JournalNode } from "../interpreter/journal-format.js";
import type { Explanation } from "../pipeline/explain.js";
import type { Chart, ChartState } from "../statechart/chart-types.js";
import type { JournalHeader } from "./timeline.js";
import { treeChart } from "./tree-chart.js";
import { STREAMS } from "./view-data.js";

export const CHART_FILE = "chart.json";
export const EXPLANATION_FILE = "explain.json";
/** A header holds the tree: that of the largest job is far smaller. */
const LONGEST_HEADER = 16 << 20;
const LARGEST_CHART = 64 << 20;

/** An output directory that cannot be shown; the hint says what to do. */
export class NotARun extends Error {
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.name = "NotARun";
    this.hint = hint;
  }
}

export interface Run {
  header: JournalHeader;
  chart: Chart;
  /** False when the chart is made from the journal's tree. */
  whole: boolean;
  explanation?: Explanation;
  ended: boolean;
}

/** A chart with where its timeouts come from. */
export interface RunChart {
  chart: Chart;
  explanation: Explanation;
}

/** The journal's first line, or undefined while it is not yet written. Throws NotARun. */
export function readHeader(directory: string): JournalHeader | undefined {
  const path = join(directory, STREAMS.journal);
  if (!existsSync(path)) return undefined;
  const line = firstLine(path);
  if (line === undefined) return undefined;
  let header: Partial<JournalHeader> | undefined;
  try {
    header = JSON.parse(line);
  } catch {
    header = undefined;
  }
  if (header?.kind !== "header" || !Array.isArray(header.tree) || typeof header.t !== "number")
    throw new NotARun(`${path} is no journal of a run.`, "Give the output directory of a run.");
  if (header.v !== JOURNAL_VERSION)
    throw new NotARun(
      `The journal's version is ${header.v}, this program reads ${JOURNAL_VERSION}.`,
      `Use the version of lava-dispatch that wrote it (${header.dispatcher ?? "unknown"}).`,
    );
  return header as JournalHeader;
}

/** Throws NotARun for a pipe or a device, which might never end. */
function openJournal(path: string): number {
  try {
    return openRegular(path);
  } catch (error) {
    if (!(error instanceof NotRegular)) throw error;
    throw new NotARun(`${error.message}: it is no journal of a run.`, "Give the output directory of a run.");
  }
}

function firstLine(path: string): string | undefined {
  const file = openJournal(path);
  try {
    const parts: Buffer[] = [];
    let size = 0;
    for (;;) {
      const part = Buffer.alloc(64 << 10);
      const count = readSync(file, part, 0, part.length, null);
      const end = part.subarray(0, count).indexOf(10);
      parts.push(part.subarray(0, end < 0 ? count : end));
      if (end >= 0) return Buffer.concat(parts).toString("utf8");
      size += count;
      if (count === 0) return undefined;
      if (size > LONGEST_HEADER)
        throw new NotARun(
          `${path} is no journal of a run: its first line is too long.`,
          "Give the output directory of a run.",
        );
    }
  } finally {
    closeSync(file);
  }
}

/**
 * Everything but the streams. What was read before is kept as long as the run is the same: its chart does not change once
 * it is there. Undefined while the run has not begun. Throws NotARun.
 *
 * @param made the chart to take where the directory has none of its own
 */
export function readRun(directory: string, before?: Run, made?: RunChart): Run | undefined {
  const header = readHeader(directory);
  if (!header) return undefined;
  const ended = hasEnded(join(directory, STREAMS.journal));
  if (before?.whole && isDeepStrictEqual(before.header, header)) return { ...before, ended };
  const own = readJson<Chart>(join(directory, CHART_FILE));
  const chart = [own, made?.chart].find((each) => each !== undefined && fits(each, header.tree));
  const whole = chart !== undefined;
  const explanation = whole
    ? (readJson<Explanation>(join(directory, EXPLANATION_FILE)) ?? (chart === own ? undefined : made?.explanation))
    : undefined;
  return {
    header,
    chart: whole ? chart : treeChart(header.tree),
    whole,
    ...(explanation && Array.isArray(explanation.actions) && { explanation }),
    ended,
  };
}

function readJson<T>(path: string): T | undefined {
  try {
    const text = readRegular(path, LARGEST_CHART);
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether this is the chart of this tree: every action is in it, by level and name. */
function fits(chart: Chart, tree: JournalNode[]): boolean {
  const inChart = new Set<string>();
  const walk = (state: ChartState | undefined, depth: number) => {
    if (typeof state !== "object" || state === null || depth > 200) return;
    if (state.meta?.level !== undefined) inChart.add(`${state.meta.level} ${state.meta.name}`);
    for (const child of Object.values(state.states ?? {})) walk(child, depth + 1);
  };
  walk(chart, 0);
  const every = (nodes: JournalNode[]): boolean =>
    nodes.every(({ level, name, children }) => inChart.has(`${level} ${name}`) && every(children ?? []));
  return inChart.size > 0 && every(tree);
}

/** Whether the journal's last line is a verdict. */
export function hasEnded(path: string): boolean {
  const file = openJournal(path);
  try {
    const { size } = statSync(path);
    const tail = Buffer.alloc(Math.min(size, 1 << 20));
    readSync(file, tail, 0, tail.length, size - tail.length);
    const last = tail.toString("utf8").trimEnd().split("\n").at(-1) ?? "";
    return /"kind":"verdict"/.test(last) && last.endsWith("}");
  } finally {
    closeSync(file);
  }
}
