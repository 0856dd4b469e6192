import type { Location } from "./problem.js";

/** LAVA's `error_type` words (spec runtime.md §1). */
export type ErrorType =
  | "Infrastructure"
  | "Job"
  | "Test"
  | "Bug"
  | "Configuration"
  | "Canceled"
  | "LAVATimeout"
  | "MultinodeTimeout";

/** What the machine is known to be when the error happened; `dead`: only a reset can bring it back. */
export type BoardState = "unknown" | "dead";

/** An error as plain data: it travels through the chart's context, the journal and the reports. */
export interface ErrorRecord {
  /** Class name, e.g. `JobError`. */
  class: string;
  type: ErrorType;
  message: string;
  level?: string;
  action?: string;
  location?: Location;
  /** One sentence on what to do. */
  advice?: string;
  /** The original cause's text; for a LAVABug its stack. */
  cause?: string;
  board?: BoardState;
  /** The "stuck because" report (lines of text), when a wait ended without its match. */
  stuck?: string[];
}

export interface ErrorOptions {
  cause?: unknown;
  location?: Location;
  advice?: string;
  board?: BoardState;
  stuck?: string[];
}

/** Base of all errors that end an action. */
export abstract class DispatchError extends Error {
  abstract readonly type: ErrorType;
  /** Whether a retry action may try again after this error (spec runtime.md §1). */
  readonly retryable: boolean = false;
  location?: Location;
  advice?: string;
  board?: BoardState;
  stuck?: string[];
  constructor(message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    if (options.location) this.location = options.location;
    if (options.advice) this.advice = options.advice;
    if (options.board) this.board = options.board;
    if (options.stuck) this.stuck = options.stuck;
  }
}

export class JobError extends DispatchError {
  readonly type = "Job";
  override readonly retryable = true;
}
export class InfrastructureError extends DispatchError {
  readonly type: ErrorType = "Infrastructure";
  override readonly retryable = true;
}
export class ConnectionClosedError extends InfrastructureError {}
export class TestError extends DispatchError {
  readonly type = "Test";
  override readonly retryable = true;
}
export class ConfigurationError extends DispatchError {
  readonly type = "Configuration";
}
export class JobCanceled extends DispatchError {
  readonly type = "Canceled";
}
export class LAVATimeoutError extends DispatchError {
  readonly type = "LAVATimeout";
}
export class MultinodeProtocolTimeoutError extends DispatchError {
  readonly type = "MultinodeTimeout";
}
export class LAVABug extends DispatchError {
  readonly type = "Bug";
}

const CLASSES = {
  JobError,
  InfrastructureError,
  ConnectionClosedError,
  TestError,
  ConfigurationError,
  JobCanceled,
  LAVATimeoutError,
  MultinodeProtocolTimeoutError,
  LAVABug,
} as const;
export type ErrorClassName = keyof typeof CLASSES;
export const ERROR_CLASS_NAMES = Object.keys(CLASSES) as ErrorClassName[];

/** Makes the error named by a machines file. */
export function makeError(name: ErrorClassName, message: string, options?: ErrorOptions): DispatchError {
  return new CLASSES[name](message, options);
}

/** Whether retry actions may try again after an error of this record's class. */
export const isRetryable = (record: ErrorRecord): boolean =>
  record.type === "Infrastructure" || record.type === "Job" || record.type === "Test";

/** Faults of names that a job gives, and of the worker's disk, by the system's own codes. */
const SYSTEM_FAULTS = new Map<string, { name: "JobError" | "InfrastructureError"; what: string; advice: string }>([
  [
    "ENAMETOOLONG",
    {
      name: "JobError",
      what: "A name is too long for a file",
      advice: "Shorten it in the job, or in the archive that holds it.",
    },
  ],
  [
    "EILSEQ",
    {
      name: "JobError",
      what: "A name cannot be that of a file",
      advice: "Change it in the job, or in the archive that holds it.",
    },
  ],
  [
    "ELOOP",
    {
      name: "JobError",
      what: "Links lead in a circle",
      advice: "Look at the links in the archive or repository of the job.",
    },
  ],
  ["ENOSPC", { name: "InfrastructureError", what: "The disk is full", advice: "Make room on the worker." }],
  ["EDQUOT", { name: "InfrastructureError", what: "The disk is full", advice: "Make room on the worker." }],
  [
    "EIO",
    { name: "InfrastructureError", what: "The disk cannot be read or written", advice: "Look at the worker's disk." },
  ],
  ["EROFS", { name: "InfrastructureError", what: "The disk cannot be written", advice: "Look at the worker's disk." }],
  ["EMFILE", { name: "InfrastructureError", what: "Too many files are open", advice: "Raise the worker's limits." }],
  ["ENFILE", { name: "InfrastructureError", what: "Too many files are open", advice: "Raise the worker's limits." }],
]);

/** An error of the system as the fault that it is; undefined for others. */
export function systemFault(error: unknown): DispatchError | undefined {
  const { code, errno, message } = error as NodeJS.ErrnoException;
  const fault = errno === undefined ? undefined : SYSTEM_FAULTS.get(code ?? "");
  return fault && makeError(fault.name, `${fault.what}: ${message}`, { cause: error, advice: fault.advice });
}

/** An error that is a record already: what a chart's actor rejects with. */
const isErrorRecord = (thrown: unknown): thrown is ErrorRecord =>
  typeof thrown === "object" && thrown !== null && !(thrown instanceof Error) && "class" in thrown && "type" in thrown;

/** Any thrown value as a record; what is no DispatchError and no fault of the system is a LAVABug with its stack. */
export function toErrorRecord(thrown: unknown): ErrorRecord {
  if (isErrorRecord(thrown)) return thrown;
  const error =
    thrown instanceof Error && !(thrown instanceof DispatchError) ? (systemFault(thrown) ?? thrown) : thrown;
  if (error instanceof DispatchError) {
    const cause = error.cause instanceof Error ? error.cause.message : error.cause;
    return {
      class: error.name,
      type: error.type,
      message: error.message,
      ...(error.location && { location: error.location }),
      ...(error.advice && { advice: error.advice }),
      ...(error.board && { board: error.board }),
      ...(error.stuck && { stuck: error.stuck }),
      ...(cause !== undefined && { cause: String(cause) }),
    };
  }
  const bug = error instanceof Error ? error : new Error(String(error));
  return {
    class: "LAVABug",
    type: "Bug",
    message: bug.message,
    cause: bug.stack ?? bug.message,
    advice: "This is a bug in lava-dispatch: please report it with the journal of this job.",
  };
}
