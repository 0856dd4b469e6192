/** What the page is given: by the server, or inside a self-contained file. */
import type { Problem } from "../base/problem.js";
import type { Explanation } from "../pipeline/explain.js";
import type { Chart } from "../statechart/chart-types.js";

export const VIEW_VERSION = 1;

/** The report of a run, which the page leads to. */
export const REPORT = "report.html";

/** The files of a run that the page reads, by what they are. */
export const STREAMS = { journal: "journal.jsonl", console: "console.cast", log: "logs.yaml" } as const;
export type StreamName = keyof typeof STREAMS;

export interface ViewData {
  version: number;
  title: string;
  chart: Chart;
  /** Whether the chart is the whole one; from a journal alone only the tree is known. */
  whole: boolean;
  explanation?: Explanation;
  /** Texts by the names that locations use. */
  sources: { [file: string]: string };
  problems: Problem[];
  /** Whether the run's report.html is served beside the page, once it is there. */
  report?: true;
  /** `none`: the job was not run; `live`: follow it to its end. */
  run: "none" | "recorded" | "live";
}

/** What comes over the stream, in pieces. */
export interface StreamPiece {
  stream: StreamName;
  lines: string[];
  /** Bytes at the beginning of the file that are left out, as it is too large. */
  skipped?: number;
}

/** Files of a self-contained page: whole texts, as in the output directory. */
export type EmbeddedFiles = { [name in StreamName]?: string };
