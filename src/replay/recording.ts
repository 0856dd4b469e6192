/** What a recording is to whoever replays it, whatever file it came from. Times are ms since the Unix epoch. */
import type { ErrorRecord } from "../base/errors.js";
import type { Json, JsonMap } from "../base/json.js";

/** `own`: console.cast and journal.jsonl; `lava-log`: logs.yaml of a LAVA job; `console`: what a serial line said. */
export type RecordingFormat = "own" | "lava-log" | "console";

/**
 * The console of an event, as far as the recording tells it. `console`: by its name. `namespace`: that of the action of
 * this namespace. Neither: the only one, or the one that was opened last.
 */
export interface AtConsole {
  console?: string;
  namespace?: string;
}

/** The name by which events of one console belong together. */
export const consoleOf = ({ console, namespace }: AtConsole): string => console ?? namespace ?? "";

/** One thing that happened, in the order of the recording. `place` is `file:line`, for messages. */
export type RecordedEvent =
  | ({ kind: "output"; t: number; bytes: Uint8Array; place: string } & AtConsole)
  /** Typed on the console, line end included. */
  | ({ kind: "input"; t: number; text: string; place: string } & AtConsole)
  /** An action of this name began that brings the board to a known state. */
  | ({ kind: "reset"; t: number; action: string; place: string } & AtConsole)
  | { kind: "cancel"; t: number; error: ErrorRecord; place: string }
  /** The peer ended the line. */
  | ({ kind: "closed"; t: number; message: string; place: string } & AtConsole);

/** What a service answered when the recording was made. */
export interface RecordedAnswer {
  action: string;
  level: string;
  /** Not known in a LAVA log. */
  service?: string;
  input?: Json;
  outcome: "done" | "error" | "stopped";
  output?: Json;
  error?: ErrorRecord;
  /** ms */
  duration: number;
}

/** How the recorded job ended. */
export interface RecordedVerdict {
  result: "pass" | "fail";
  error?: { class?: string; type: string; message: string; level?: string };
}

/** What a first pass over the recording found; small, whatever the size of the recording. */
export interface RecordingFacts {
  start: number;
  end: number;
  /** False: there are no times; lines come one after the other. */
  timed: boolean;
  /** False: the recording was cut off, or cannot say that it came to its end. */
  complete: boolean;
  jobId?: string;
  jobName?: string;
  device?: string;
  jobFile?: string;
  deviceFile?: string;
  /** Name of the first action of the job. */
  firstAction?: string;
  verdict?: RecordedVerdict;
  /** How many tests had which result; not known of a console alone. */
  results?: { [result: string]: number };
  answers: RecordedAnswer[];
  /** What validation found by looking at the world. */
  validation: ErrorRecord[];
  inputs: number;
  /** How often an action of each name began, by namespace. */
  starts: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Names of the consoles, or of their namespaces, where there are several. */
  consoles: ReadonlySet<string>;
  /** The device as it was then is seldom at hand: its addresses and options may be others. */
  otherDevice?: boolean;
  /** Keys that stop a countdown may be missing among the inputs. */
  unloggedKeys?: boolean;
  /** What only the worker knew, read from what was typed. */
  known: KnownNames;
}

/** Names that services make up or look up, as the recorded commands have them. */
export interface KnownNames {
  dispatcherIp?: string;
  /** `<job id>/<folder>` below the TFTP root. */
  tftpSuffix?: string;
  /** Root file system over NFS: server and path. */
  nfs?: { server: string; path: string };
  /** UUID of the disk that holds the overlay. */
  diskUuid?: string;
  /** Base URL of the files that the worker hands out. */
  httpUrl?: string;
}

export interface Recording {
  /** As it was named. */
  name: string;
  format: RecordingFormat;
  facts: RecordingFacts;
  /** Reads the recording, batch by batch; each call begins anew. Throws RecordingError. */
  events(resets: ReadonlySet<string>): AsyncIterable<readonly RecordedEvent[]>;
}

/** A recording that cannot be used: what is wrong, where, and what to do. */
export class RecordingError extends Error {
  readonly advice: string | undefined;
  constructor(message: string, advice?: string) {
    super(message);
    this.name = "RecordingError";
    this.advice = advice;
  }
}

export const MASKED_INPUT = "[MASKED]";

export type { JsonMap };
