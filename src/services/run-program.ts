/** External programs: an argument array, never a shell; every line in the log; nothing is left running. */

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { Clock } from "../base/clock.js";
import { type DispatchError, type ErrorClassName, InfrastructureError, makeError } from "../base/errors.js";
import { LINE_END, withoutLineEnds } from "../base/line-ends.js";
import type { Logger } from "../base/log.js";
import type { ProgramGuard } from "./program-guard.js";
import { findProgram, missingProgram, showWords } from "./programs.js";

/** ms between TERM and KILL (spec runtime.md §2). */
const GRACE = 3_000;
/** ms of silence after which the output of a program that has ended is closed. */
const LINGER = 100;
/** A line longer than this is logged in pieces. */
const LONGEST_LINE = 8_192;

export interface ProgramOptions {
  /** On abort the program's whole process group is ended, and the call rejects with the signal's reason. */
  signal: AbortSignal;
  log: Logger;
  clock: Clock;
  env: NodeJS.ProcessEnv;
  cwd?: string;
  /** The call rejects with an InfrastructureError when the program runs longer. */
  timeoutMs?: number;
  /** Written to standard input, which is empty otherwise. */
  input?: string | Uint8Array;
  /** Nothing of the output is logged. */
  quiet?: boolean;
  /** Sees each line of the output as it comes, without its end. */
  onLine?: (line: string) => void;
  /** Characters of output that come back, the last ones (default 64 Ki). */
  maxOutput?: number;
  /** Told of its process group, so that it is ended even when this process is killed. */
  guard?: ProgramGuard;
  /**
   * The most that a file which the program writes may have, and the error when it would have more: by `prlimit`, where
   * the worker has it.
   */
  fileLimit?: { bytes: number; error: () => Error };
}

export interface ProgramResult {
  /** Exit code; 128 + number when a signal ended the program. */
  code: number;
  /** Standard output and error, line by line as they came; only the end when there was more than `maxOutput`. */
  output: string;
  /** The signal that ended the program, e.g. `SIGKILL`. */
  killed?: NodeJS.Signals;
}

/** Splits bytes into lines (their ends kept), incrementally; bounded. So two streams never meet inside a line. */
class LineSplitter {
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";
  constructor(readonly take: (line: string) => void) {}
  push(bytes: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(bytes)).split(/(?<=\n)/);
    this.#rest = lines.at(-1)?.endsWith("\n") ? "" : (lines.pop() ?? "");
    for (const line of lines) this.take(line);
    while (this.#rest.length > LONGEST_LINE) {
      this.take(this.#rest.slice(0, LONGEST_LINE));
      this.#rest = this.#rest.slice(LONGEST_LINE);
    }
  }
  end(): void {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = "";
    if (rest) this.take(rest);
  }
}

/** Ends a detached child with its whole process group. */
function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

/** How a program tells that a file would have become larger than it may be; git tells it of its own helpers. */
const FILE_TOO_LARGE = /File too large|File size limit exceeded|died of signal 25\b/;

/** The largest size that this process may give to a file, in bytes: what it starts cannot be allowed more. */
function ownFileLimit(): number {
  try {
    const [, hard] = /^Max file size +\S+ +(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return hard === "unlimited" ? Number.POSITIVE_INFINITY : Number(hard ?? 0);
  } catch {
    return 0;
  }
}

/** The words before a program by which its files stay below the limit; none where it cannot be set, or is lower already. */
function limiter({ fileLimit, env }: ProgramOptions): string[] {
  if (!fileLimit || fileLimit.bytes > ownFileLimit()) return [];
  const prlimit = findProgram("prlimit", env);
  return prlimit ? [prlimit, `--fsize=${Math.max(0, Math.floor(fileLimit.bytes))}`, "--"] : [];
}

/** Starts a program as the leader of its own process group. @throws InfrastructureError when it is not there. */
function start(argv: string[], options: ProgramOptions, input: boolean): ChildProcess {
  const [name = "", ...args] = argv;
  const file = findProgram(name, options.env, options.cwd);
  if (!file) throw missingProgram(name);
  const [limit, ...before] = limiter(options);
  const child = spawn(limit ?? file, limit === undefined ? args : [...before, file, ...args], {
    ...(limit === undefined && { argv0: name }),
    detached: true,
    env: options.env,
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    stdio: [input ? "pipe" : "ignore", "pipe", "pipe"],
  });
  const { guard } = options;
  const { pid } = child;
  if (guard && pid !== undefined) {
    guard.started(pid);
    child.once("exit", () => guard.ended(pid));
  }
  return child;
}

/** Ends the child when the signal aborts: TERM, and KILL after the grace. Returns how to stop watching. */
function endOnAbort(child: ChildProcess, signal: AbortSignal, clock: Clock): () => void {
  let timer: unknown;
  const end = () => {
    killGroup(child, "SIGTERM");
    timer = clock.setTimeout(() => killGroup(child, "SIGKILL"), GRACE);
  };
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  return () => {
    signal.removeEventListener("abort", end);
    if (timer !== undefined) clock.clearTimeout(timer);
  };
}

/** Resolves when the child has ended and its output is closed. @throws InfrastructureError when it cannot be started. */
function ended(child: ChildProcess, name: string): Promise<{ code: number; killed?: NodeJS.Signals }> {
  return new Promise((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "ENOENT"
          ? missingProgram(name, error)
          : new InfrastructureError(`The program '${name}' cannot be started: ${error.message}`, { cause: error }),
      ),
    );
    child.once("close", (code, killed) =>
      resolve(killed ? { code: 128 + (constants.signals[killed] ?? 0), killed } : { code: code ?? 0 }),
    );
  });
}

/**
 * Closes the output of a program that has ended when nothing comes any more: a daemon that it started may hold it open
 * for ever. Two silent spans, as on a busy machine the first may end before what is there was read.
 */
function closeLingering(child: ChildProcess, clock: Clock): void {
  let silent = 0;
  const heard = () => {
    silent = 0;
  };
  child.stdout?.on("data", heard);
  child.stderr?.on("data", heard);
  child.once("exit", () => {
    let timer: unknown;
    const wait = () => {
      timer = clock.setTimeout(() => {
        if (++silent < 2) return wait();
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, LINGER);
    };
    wait();
    child.once("close", () => clock.clearTimeout(timer));
  });
}

/**
 * Runs a program and waits for its end. Each line of its output is logged as debug `>> line`. A non-zero exit code is
 * a result, not an error: see {@link mustSucceed}.
 * @throws InfrastructureError when the program is missing, cannot be started or runs longer than `timeoutMs`; the
 *   reason of the signal when aborted.
 */
export async function runProgram(argv: string[], options: ProgramOptions): Promise<ProgramResult> {
  options.signal.throwIfAborted();
  const expired = new AbortController();
  const stop = AbortSignal.any([options.signal, expired.signal]);
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : options.clock.setTimeout(
          () =>
            expired.abort(
              new InfrastructureError(
                `${showWords(argv)} did not end within ${(options.timeoutMs ?? 0) / 1000} seconds`,
              ),
            ),
          options.timeoutMs,
        );
  const child = start(argv, options, options.input !== undefined);
  const unwatch = endOnAbort(child, stop, options.clock);
  const most = options.maxOutput ?? 65_536;
  let output = "";
  for (const stream of [child.stdout, child.stderr] as Readable[]) {
    const lines = new LineSplitter((line) => {
      const said = withoutLineEnds(line);
      if (!options.quiet) options.log.debug(`>> ${said}`);
      options.onLine?.(said);
      output += line;
      if (output.length > 2 * most) output = output.slice(-most);
    });
    stream.on("data", (bytes: Buffer) => lines.push(bytes));
    stream.once("close", () => lines.end());
  }
  closeLingering(child, options.clock);
  if (options.input !== undefined) {
    child.stdin?.on("error", () => {}); // The program need not read all of its input.
    child.stdin?.end(options.input);
  }
  try {
    const result = await ended(child, argv[0] ?? "");
    stop.throwIfAborted();
    if (options.fileLimit && result.code !== 0 && (result.killed === "SIGXFSZ" || FILE_TOO_LARGE.test(output)))
      throw options.fileLimit.error();
    return { ...result, output: output.length > most ? output.slice(-most) : output };
  } finally {
    unwatch();
    if (timer !== undefined) options.clock.clearTimeout(timer);
  }
}

/** What to say of a program that failed; its last line is the reason unless another one is known. */
export function programFailure(
  argv: string[],
  result: ProgramResult,
  error: ErrorClassName,
  reason = result.output.trim().split(LINE_END).at(-1),
): DispatchError {
  const how = result.killed ? `was killed by ${result.killed}` : `returned ${result.code}`;
  return makeError(error, `Unable to run: ${showWords(argv)} ${how}${reason ? `: ${reason}` : ""}`, {
    ...(result.killed && {
      advice: "Something outside of this job killed the program: look at the worker's memory and logs.",
    }),
  });
}

/** The output of a program that must succeed. @throws the error class given (an action's `commandError`) otherwise. */
export async function mustSucceed(
  argv: string[],
  options: ProgramOptions & { error: ErrorClassName },
): Promise<string> {
  const result = await runProgram(argv, options);
  if (result.code !== 0) throw programFailure(argv, result, options.error);
  return result.output;
}

/**
 * Bytes through a program: what `source` gives goes to its input, its output comes out; back-pressure holds both ways
 * and memory stays bounded. An error of the source goes before an error of the program.
 * @throws InfrastructureError when the program is missing; `error` with the program's last words when it fails.
 */
export async function* filterThrough(
  argv: string[],
  source: AsyncIterable<Uint8Array>,
  options: ProgramOptions & { error: ErrorClassName },
): AsyncGenerator<Uint8Array> {
  const { pipeline } = await import("node:stream/promises");
  const child = start(argv, options, true);
  const unwatch = endOnAbort(child, options.signal, options.clock);
  let words = "";
  (child.stderr as Readable).on("data", (bytes: Buffer) => {
    words = (words + bytes.toString()).slice(-4096);
  });
  const end = ended(child, argv[0] ?? "");
  end.catch(() => {}); // Awaited below.
  let fault: unknown;
  const feeding = pipeline(source, child.stdin as NodeJS.WritableStream).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_PREMATURE_CLOSE") fault = error;
  });
  let drained = false;
  try {
    yield* child.stdout as Readable;
    drained = true;
    await feeding;
    if (fault !== undefined) throw fault;
    const result = await end;
    options.signal.throwIfAborted();
    if (result.code !== 0) throw programFailure(argv, { ...result, output: words }, options.error);
  } finally {
    unwatch();
    if (!drained) killGroup(child, "SIGKILL");
  }
}
