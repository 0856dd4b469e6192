/** What a player of any kind of recording offers the loop that runs the replay. */
import type { ErrorRecord } from "../base/errors.js";
import type { Pattern } from "../connections/types.js";
import type { AtConsole } from "./recording.js";

/** A line that the machine typed, line end included, and the name of the console that it was typed on. */
export interface Typed {
  text: string;
  secret: boolean;
  console: string;
}

/** The machine did what the recorded one did not. */
export interface Divergence {
  /** What the recording has here, as text; undefined at its end. */
  expected: string | undefined;
  got: string;
  /** `file:line` of what was expected. */
  place?: string;
}

export interface Player {
  readonly divergence: Divergence | undefined;
  /** The recording was played to its end. */
  readonly over: boolean;
  readonly notes: PlayerNotes;
  typed(typed: Typed): void;
  actionStarted(name: string, console: string): void;
  /** Virtual time at which the next piece of the recording comes; undefined while it waits for the machine. */
  due(): Promise<number | undefined>;
  /** Plays that piece. */
  play(): void;
}

export interface PlayerNotes {
  /** Inputs that were the same. */
  inputs: number;
  /** Those that were so but for addresses and options, which the device's configuration says. */
  otherwise: number;
  /** Recorded empty lines, typed to wake the board, that the machine did not type. */
  skipped: number;
  /** Empty lines that the machine typed and the recording does not have. */
  unheard: number;
  /** Recorded inputs that were passed over because the machine reset the board before them. */
  dropped: number;
}

export interface World {
  now(): number;
  /** What a board says. */
  say(bytes: Uint8Array, at: AtConsole): void;
  hangUp(message: string, at: AtConsole): void;
  cancel(error: ErrorRecord): void;
  isOpen(at: AtConsole): boolean;
  /** Patterns that the machine waits for on the console; none while it does something else. */
  awaited(): Pattern[];
  /** Whether it reads the rest of a kernel message. */
  isSettling(): boolean;
}

/** A control character and what erases it again, typed to see whether a board lives that looks dead. */
export const isLifeCheck = (text: string): boolean => text === "\x0c\x15";

/** An empty line, or a comment, typed to see whether anybody answers. */
export const isPoke = (text: string): boolean => /^#?[\r\n]*$/.test(text) || isLifeCheck(text);
