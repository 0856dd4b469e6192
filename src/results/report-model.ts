/** What the reports say of a run; results.json is this model as it stands (docs/output.md). */
import type { ErrorRecord } from "../base/errors.js";
import type { Json } from "../base/json.js";
import type { Location } from "../base/problem.js";
import type { GoldJob } from "../interpreter/gold-job.js";

export const REPORT_VERSION = 1;

/**
 * How a run ended. `pass`: all is well; `fail`: the job ran to its end, a test did not pass; the others: the error that
 * ended the job was the submission's (`job`), the lab's (`infrastructure`), the test's own protocol's (`test`), ours
 * (`bug`), or somebody cancelled (`canceled`).
 */
export type VerdictClass = "pass" | "fail" | "job" | "infrastructure" | "test" | "bug" | "canceled";

export const RESULT_WORDS = ["pass", "fail", "skip", "unknown"] as const;
export type ResultWord = (typeof RESULT_WORDS)[number];
export type Counts = { [word in ResultWord]: number };

export interface CaseReport {
  name: string;
  result: ResultWord;
  set?: string;
  measurement?: number;
  units?: string;
  reference?: string;
  /** Seconds, where the dispatcher measured it. */
  duration?: number;
  level: string;
  /** Attempt of the retry action around, from 1. */
  attempt: number;
  /** False when a later attempt took the place of this one: kept, but not counted. */
  final: boolean;
  /** Line numbers in logs.yaml, from 0: of the result itself, and of the case's first and last line. */
  log: { line: number; start?: number; end?: number };
  extra?: Json;
  /** It stands for so many results that were not kept. */
  count?: number;
}

export interface SuiteReport {
  name: string;
  /** A suite that did not end is incomplete, whatever its cases say. */
  state: "complete" | "incomplete";
  started: boolean;
  attempt: number;
  duration?: number;
  uuid?: string;
  path?: string;
  revision?: string;
  commit_id?: string;
  counts: Counts;
  cases: CaseReport[];
}

export interface AttemptReport {
  attempt: number;
  status: "running" | "done" | "failed" | "skipped";
  /** ISO 8601. */
  started: string;
  /** Seconds. */
  duration?: number;
  error?: ErrorRecord;
}

export interface ActionReport {
  level: string;
  name: string;
  summary: string;
  section: string;
  namespace: string;
  /** Seconds. */
  timeout: number;
  max_retries: number;
  location?: Location;
  status: AttemptReport["status"] | "not run";
  /** Seconds of all attempts. */
  duration: number;
  attempts: AttemptReport[];
}

export interface RunReport {
  version: number;
  dispatcher: string;
  job: {
    id: string;
    name: string;
    device: string;
    file: string;
    device_file: string;
    /** The device's gold-standard job. */
    gold?: GoldJob;
    /** Seconds. */
    timeout: number;
    /** ISO 8601; absent when nothing was recorded. */
    started?: string;
    ended?: string;
    /** Seconds. */
    duration: number;
  };
  verdict: {
    class: VerdictClass;
    /** LAVA's word: whether the job itself ran to its end. */
    result: "pass" | "fail";
    /** One sentence. */
    summary: string;
    error?: ErrorRecord;
    /** Errors of diagnosis, finalize and cleanup. */
    further: ErrorRecord[];
  };
  /** Cases of all suites but `lava`, the final attempts only; and the suites that did not end. */
  counts: Counts & { incomplete_suites: number };
  suites: SuiteReport[];
  actions: ActionReport[];
  /** What was wrong with the journal itself. */
  problems: string[];
}

export const noCounts = (): Counts => ({ pass: 0, fail: 0, skip: 0, unknown: 0 });

/** The suite of LAVA's own results: actions, test runs, the job. */
export const LAVA_SUITE = "lava";
