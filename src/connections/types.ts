import type { Observable } from "rxjs";
import type { Clock } from "../base/clock.js";

/** Why a transport ended. */
export interface CloseReason {
  /** `closed`: by us; `eof`: the peer ended it; `error`: a fault of the transport. */
  kind: "closed" | "eof" | "error";
  message: string;
}

/** One open line to a board: raw bytes both ways. Every transport in this folder has this form and passes the conformance suite. */
export interface Connection {
  /** Human name, e.g. `telnet 127.0.0.1:6020`. */
  readonly name: string;
  /** Bytes from the board, negotiation removed; hot; completes at the end. Back-pressure is the transport's own. */
  readonly output: Observable<Uint8Array>;
  /** Resolves when the bytes were handed to the peer. Rejects with ConnectionClosedError after the end. */
  write(bytes: Uint8Array): Promise<void>;
  /** Idempotent; resolves when everything is released. */
  close(): Promise<void>;
  readonly closed: Promise<CloseReason>;
  /** Stops/starts reading (bounded buffers). */
  pause(): void;
  resume(): void;
}

export interface ConnectOptions {
  signal: AbortSignal;
  clock: Clock;
  /** Folder that relative programs (`./x`) are looked up from. */
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  columns?: number;
  rows?: number;
}

/** A transport: one file of this folder. The first whose `accepts` holds for the command's words is used. */
export interface Transport {
  readonly name: string;
  accepts(words: string[]): boolean;
  /** Programs that must be found in PATH for this command. */
  programs(words: string[]): string[];
  connect(words: string[], options: ConnectOptions): Promise<Connection>;
}

/** A pattern asked for. `prompt` counts in the last, unfinished line after a short silence; else wherever it appears. */
export interface Pattern {
  source: string;
  kind: "prompt" | "pattern";
  /** Index that comes back with the match. */
  index: number;
  /** A prompt that counts in a finished line, too, when nothing better comes. */
  finished?: boolean;
  /** `^` stands for the end of the match before; else for the beginning of a line. */
  caret?: "match";
  /** A match in the echo of what was typed counts, too, when nothing better comes. */
  echo?: boolean;
  /** A prompt that was there before the wait began counts, too, when nothing better comes until the time is nearly up. */
  loose?: boolean;
  /** The match is told when its line has ended, or after a short silence: its text is shown to somebody. */
  wholeLine?: boolean;
}

/** When a prompt is taken that stands in finished lines only. */
export interface FinishedLineRule {
  /** When the wait began. */
  since: number;
  /** Silence of the board that is enough, ms. */
  silence: number;
  /** When the board's silence is no more awaited. */
  at: number;
}

export interface ExpectOptions {
  /** Absent: such a prompt is never taken. */
  finished?: Omit<FinishedLineRule, "since">;
}

export interface Match {
  index: number;
  pattern: string;
  /** What matched. */
  text: string;
  /** The line in which it ended. */
  line: string;
  groups: string[];
  named: { [name: string]: string };
  /** Offset of its end in all that the board said. */
  end: number;
  /** It was found where it need not be what was awaited, as nothing better came. */
  in?: "finished line" | "echo";
  /** What one had found before it who takes a prompt wherever it appears (LAVA), where that is something else. */
  sooner?: { kind: Pattern["kind"]; pattern: string };
}

/** A test signal, put together again when kernel messages split it (spec test-shell.md §4). */
export interface Signal {
  /** `LAVA_SIGNAL_TESTCASE` gives `TESTCASE`; the runner's own lines give `RUNNER_EXIT`, `RUNNER_INSTALL_FAIL`. */
  name: string;
  /** Words after the name. */
  params: string[];
  /** The bytes as they came, control characters kept. */
  raw: string;
  /** Put together from pieces. */
  mended: boolean;
  /** False when it could not be read in full; its case is then `unknown`. */
  complete: boolean;
}

export interface SendOptions {
  /** ms between characters (0: all at once). */
  delay?: number;
  /** Line end to add (default "\n" for lines, "" for text). */
  lineEnd?: string;
  /** Verify the echo; sends again, slower, when garbled. */
  echo?: boolean;
  /** Not shown in logs or recordings. */
  secret?: boolean;
}

export interface SendReport {
  /** Times it had to be sent. */
  attempts: number;
  /** `seen`: echo verified; `garbled`: it stayed another text; `none`: peer does not echo; `off`: not asked. */
  echo: "seen" | "garbled" | "none" | "off";
}

/** What the console tells of everything that it reads, for logs and recordings. */
export type ConsoleEvent =
  /** The lines that one piece of output ended: told together, as there are many. */
  | { kind: "lines"; lines: string[]; time: number }
  | { kind: "output"; text: string; time: number }
  /** `lineEnd` follows the text; a secret's text is already hidden. */
  | { kind: "input"; text: string; lineEnd: string; secret: boolean; time: number };

/** Where a wait stood when it ended without its match. */
export interface NearestMiss {
  pattern: string;
  /** The line that came nearest. */
  line: string;
  /** 0..1 */
  similarity: number;
}

/** The bare line behind a console, lent to a file transfer; what comes meanwhile is nobody else's. */
export interface Relay {
  /** What the board sends; ends with the line. */
  readonly output: Observable<Uint8Array>;
  write(bytes: Uint8Array): Promise<void>;
  /** Gives the line back to the console. */
  end(): void;
}

/**
 * The console over one connection: one pass over the stream whatever the number of patterns; bounded memory.
 * Matching is consuming, as with expect: a wait sees only what came after the previous match.
 */
export interface Console {
  readonly name: string;
  readonly events: Observable<ConsoleEvent>;
  readonly signals: Observable<Signal>;
  readonly closed: Promise<CloseReason>;
  readonly isClosed: boolean;
  /** Sends a line or a text. */
  send(text: string, options?: SendOptions): Promise<SendReport>;
  /** Waits for the first of the patterns. Rejects with ConnectionClosedError at the end of the stream, with the signal's reason on abort, with TestError on a bad pattern. */
  expect(patterns: Pattern[], signal: AbortSignal, options?: ExpectOptions): Promise<Match>;
  /** What came until now counts for no wait any more: it is the past of a board that starts anew. */
  forget(): void;
  /** Lends the line out: until the relay's end nothing is matched, logged or recorded. */
  relay(): Relay;
  /**
   * Calls back for every match after that of the last wait, not consuming; returns how to stop. `told` are the
   * lines from the match's on that `events` had told before.
   */
  watch(patterns: Pattern[], callback: (match: Match, told: string[]) => void): () => void;
  /**
   * Calls back with every line that ends from now on, and at once with those that ended since the last match and were
   * given to nobody else; returns how to stop.
   */
  lines(callback: (lines: string[]) => void): () => void;
  /** Resolves after `ms` without output. */
  silence(ms: number, signal: AbortSignal): Promise<void>;
  /** The last characters read (for "stuck because"). */
  tail(): string;
  /** What userspace printed last, as far as no line end came. */
  lastLine(): string;
  /** The last thing sent, as shown in logs. */
  lastSent(): string | undefined;
  nearest(patterns: Pattern[]): NearestMiss | undefined;
  close(): Promise<void>;
}
