/** What a command may touch of the process: everything of it comes in through here, so that tests bring their own. */
import type { Clock } from "../base/clock.js";
import type { Terminal } from "./terminal/live-tree.js";

export interface Output extends Terminal {
  readonly isTTY?: boolean;
  /** From now on no write blocks: for commands that run on. */
  unblock?(): void;
}

export interface CliContext {
  /** `lava-dispatch` or `lava-run`. */
  name: string;
  version: string;
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Below it LAVA's server is installed, if it is (default `/`). */
  lavaRoot?: string;
  clock: Clock;
  /** What a person types, for the commands that ask. */
  stdin?: NodeJS.ReadableStream;
  stdout: Output;
  stderr: Output;
  /** Calls back on each of these signals; returns how to stop. */
  onSignals(names: NodeJS.Signals[], callback: (name: NodeJS.Signals) => void): () => void;
  /** Calls back for exceptions that nobody caught; returns how to stop. */
  onUncaught(callback: (error: unknown) => void): () => void;
  /** Calls back for warnings of Node itself, which are then not printed; returns how to stop. */
  onWarning(callback: (message: string) => void): () => void;
  /** Ends the process at once: only for the third Ctrl-C. */
  exitNow(code: number): void;
  setTitle(title: string): void;
}
