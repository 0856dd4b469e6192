import type { ErrorRecord } from "../base/errors.js";
import type { Json, JsonMap } from "../base/json.js";
import type { TestState } from "./test-signals.js";

/** An absolute, named deadline; ms since the Unix epoch. */
export interface Deadline {
  at: number;
  since: number;
}

/** The chart's context: plain JSON, small; logs and binary data stay out of it. */
export interface JobContext {
  /** Namespace data (docs/machines.md). */
  data: { [namespace: string]: JsonMap };
  /** Attempt of each retry action, from 1. */
  attempts: { [level: string]: number };
  deadlines: { [level: string]: Deadline };
  /** Variables of the dialogues. */
  dialogues: { [level: string]: JsonMap };
  /** Result data of the actions (`extra` of their result lines). */
  extras: { [level: string]: JsonMap };
  tests: { [namespace: string]: TestState };
  /** The error being handled. */
  error: ErrorRecord | null;
  /** An action that failed is being diagnosed: no deadline cuts in, as it is on its way out already. */
  diagnosing: boolean;
  /** Errors of actions after which the job went on: they are the actions' results all the same. */
  pardoned: { [level: string]: ErrorRecord };
  /** Failures of `repeat` attempts, told at the end. */
  repeatErrors: { [level: string]: ErrorRecord };
  /** The error that ended the job: the first one, never replaced. */
  verdict: ErrorRecord | null;
  /** Errors of diagnoses, of actions that may fail, of finalize and cleanup. */
  further: ErrorRecord[];
}

export const initialContext = (): JobContext => ({
  data: {},
  attempts: {},
  deadlines: {},
  dialogues: {},
  extras: {},
  tests: {},
  error: null,
  diagnosing: false,
  pardoned: {},
  repeatErrors: {},
  verdict: null,
  further: [],
});

/** What the actors tell the chart. Every event is plain JSON: the journal holds them as they are. */
export type JobEvent =
  | { type: "deadline"; level: string; error: ErrorRecord }
  | { type: "dialogue.failed"; level: string; error: ErrorRecord }
  | {
      type: "dialogue.take";
      level: string;
      state: string;
      index: number;
      match?: Json;
      assign?: JsonMap;
      save?: JsonMap;
      extra?: JsonMap;
      /** A suite that did not come to its end: for the reports. */
      incomplete?: Json;
      /** Result lines, one or a list. */
      results?: Json;
      error?: ErrorRecord;
    }
  | { type: "watch.message"; level: string; kind: string; message: string }
  | { type: "watch.alarm"; level: string; kind: string; line: string }
  | { type: "test.signal"; level: string; name: string; params: string[]; complete: boolean; raw: string; line: number }
  | { type: "test.pattern"; level: string; groups: JsonMap; line: number }
  | { type: "job.cancel"; error: ErrorRecord };
