/** The records of journal.jsonl, one JSON object a line (docs/journal.md). Times `t` are ms since the Unix epoch. */
import type { ErrorRecord } from "../base/errors.js";
import type { Json, JsonMap } from "../base/json.js";
import type { Location } from "../base/problem.js";
import type { GoldJob } from "./gold-job.js";

export const JOURNAL_VERSION = 1;

/** The tree, as far as reports need it. */
export interface JournalNode {
  level: string;
  name: string;
  summary: string;
  section: string;
  namespace: string;
  max_retries: number;
  timeout: number;
  location?: Location;
  children?: JournalNode[];
}

export type JournalRecord =
  | {
      kind: "header";
      seq: 0;
      t: number;
      v: number;
      /** sha256 of the chart's config. */
      chart: string;
      dispatcher: string;
      job_id: string;
      job_name: string;
      device: string;
      job_file: string;
      device_file: string;
      /** The device's gold-standard job. */
      gold?: GoldJob;
      timeout: number;
      tree: JournalNode[];
      /** Test suites that will run, in order: `<index>_<name>`. */
      suites: string[];
    }
  /** An event that the chart took, and the states (leaf paths) it led to. */
  | { kind: "event"; seq: number; t: number; level?: string; event: { type: string } & JsonMap; state: string[] }
  /** An action began, ended or begins again. `duration` in seconds. */
  | {
      kind: "action";
      seq: number;
      t: number;
      level: string;
      name: string;
      status: "start" | "done" | "failed" | "retry" | "skipped";
      attempt: number;
      duration?: number;
      error?: ErrorRecord;
    }
  /** An effect asked for (before it starts) and its outcome (after it ended). */
  | { kind: "effect"; seq: number; t: number; id: string; level: string; src: string; phase: "start"; input?: Json }
  | {
      kind: "effect";
      seq: number;
      t: number;
      id: string;
      level: string;
      src: string;
      phase: "end";
      outcome: "done" | "error" | "stopped";
      output?: Json;
      error?: ErrorRecord;
    }
  /** A LAVA result line (spec output.md §3), with our own `attempt` beside it; `log_line` counts from 0. */
  | { kind: "result"; seq: number; t: number; level: string; attempt: number; result: JsonMap; log_line: number }
  /** The verdict; the last record of a run that ended. */
  | { kind: "verdict"; seq: number; t: number; verdict: Verdict };

export interface Verdict {
  result: "pass" | "fail";
  /** The error that ended the job, if any: the first one, never hidden by cleanup. */
  error?: ErrorRecord;
  /** Errors of diagnosis, finalize and cleanup. */
  further: ErrorRecord[];
}
