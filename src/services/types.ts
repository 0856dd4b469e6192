import type { Clock } from "../base/clock.js";
import type { DispatchError, ErrorClassName } from "../base/errors.js";
import type { Json, JsonMap } from "../base/json.js";
import type { Logger } from "../base/log.js";
import type { Location } from "../base/problem.js";
import type { Console } from "../connections/types.js";
import type { DiskMeter } from "./disk-meter.js";
import type { ProgramGuard } from "./program-guard.js";

/** Folders of this job; all absolute. Everything a service writes lies below one of them. */
export interface JobPaths {
  /** The output directory. */
  output: string;
  /** The job's own scratch folder, removed at the end. */
  work: string;
  /** What the TFTP server hands out; the job's files go to `<tftpRoot>/<prefix><job id>/...`, removed at the end. */
  tftpRoot: string;
  /** The program that does so, where it is known: it must be there before a job that uses it begins. */
  tftpServer?: string;
  /** Folder of the job file: relative `file:` URLs start here. */
  jobDir: string;
  /** Folder of the device file: commands beginning with `./` or `../` start here. */
  deviceDir: string;
}

/** What a service knows of the action that runs it. */
export interface ActionInfo {
  name: string;
  level: string;
  namespace: string;
  section: string;
  parameters: JsonMap;
  commandError: ErrorClassName;
  attempt: number;
  location?: Location;
}

export interface Progress {
  /** What is going on, e.g. `kernel`. */
  label: string;
  /** Done so far, and the total where known; bytes. */
  done: number;
  total?: number;
}

/** Everything from outside that a service may use. */
export interface ServiceContext {
  action: ActionInfo;
  jobId: string;
  job: JsonMap;
  device: JsonMap;
  dispatcher: JsonMap;
  paths: JobPaths;
  /** The action's namespace data, read-only (see docs/machines.md "Namespace data"). */
  data: JsonMap;
  /** Aborted when the state is left: timeout, cancel, failure elsewhere. Stop at once and release everything. */
  signal: AbortSignal;
  /** Aborted when the user is in a hurry (second Ctrl-C): a wait that is only good manners ends early. */
  hurry: AbortSignal;
  clock: Clock;
  log: Logger;
  /** Process environment for programs that are started. */
  env: NodeJS.ProcessEnv;
  progress(progress: Progress): void;
  /** The console of the namespace, if one is open. */
  console: Console | undefined;
  /** Hands over a console opened by a connecting service. */
  setConsole(console: Console | undefined): void;
  /** Wraps a connection into a recorded, logged console (name shown in logs). */
  openConsole(connection: import("../connections/types.js").Connection, name: string): Console;
  /** What the job takes of the worker's disk. */
  meter: DiskMeter;
  /** Ends the programs that are started when the dispatcher itself is killed. */
  guard?: ProgramGuard;
  /** Undone at the job's end (and between attempts of the retry action around), last first. */
  onCleanup(undo: (signal: AbortSignal) => Promise<unknown>): void;
}

export interface ServiceResult {
  /** Merged deeply into the namespace's data. */
  data?: JsonMap;
  /** Becomes `extra` of the action's result line (spec output.md §3). */
  extra?: JsonMap;
  /** The rest of the action is left out (steps with `skips: true`). */
  skip?: boolean;
}

/** One skill: one file in this folder, registered in services/index.ts by its name. */
export interface Service {
  name: string;
  /** Programs that must be found in PATH, given what is known before the run; missing ones are an InfrastructureError at validation. */
  programs?(known: { input: JsonMap; device: JsonMap; parameters: JsonMap }): string[];
  /** Checks before the run (spec runtime.md §2 validate); input values not known yet are absent. Collects all it finds. */
  validate?(input: JsonMap, context: ServiceContext): Promise<DispatchError[]>;
  /** It opens the console that actions behind it talk on. */
  opensConsole?: boolean;
  /** Whether with this input it touches nothing but its context: a replay then runs it, where others answer as recorded. */
  pure?(input: JsonMap): boolean;
  run(input: JsonMap, context: ServiceContext): Promise<ServiceResult | undefined>;
}

export type ServiceRegistry = { [name: string]: Service };
export type { Json };
