/** Standard output and error: plain writes until a command asks for a stream. */
import { constants, fstatSync, openSync, type Stats, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { onlyOwnSequences } from "../base/visible-text.js";
import { type Attempt, Backlog } from "./backlog.js";
import type { Output } from "./context.js";

/**
 * Node's own streams cost a good part of a short command's time, so they are made only for commands that run on:
 * `stream()` makes one, and from then on no write blocks. A reader that went away (`| head`) ends the output, not the
 * program: a board must still be powered off.
 */
export class ProcessOutput implements Output {
  readonly #fd: number;
  #stream: NodeJS.WriteStream | undefined;
  #gone = false;
  #backlog: Backlog | undefined;
  constructor(fd: number) {
    this.#fd = fd;
  }

  get isTTY(): boolean {
    // Only a character device can be one; asking Node itself makes the stream.
    return (
      (this.#stream !== undefined || kindOf(this.#fd)?.isCharacterDevice() === true) && this.stream().isTTY === true
    );
  }
  get columns(): number | undefined {
    return this.isTTY ? this.stream().columns : undefined;
  }
  get rows(): number | undefined {
    return this.isTTY ? this.stream().rows : undefined;
  }

  /**
   * From now on no write blocks, nor is kept without a bound: Node writes to a terminal only when it takes everything,
   * which a stopped one never does, and keeps all that a pipe does not take (`| less`).
   */
  unblock(): void {
    if (this.#backlog || this.#gone) return;
    const terminal = isatty(this.#fd);
    const most = terminal ? MOST_BEHIND : MOST_BEHIND_IN_PIPE;
    const own = terminal || kindOf(this.#fd)?.isFIFO() ? ownWay(this.#fd) : undefined;
    if (own !== undefined) this.#backlog = new Backlog(attempts(own), most);
    else if (kindOf(this.#fd)?.isSocket()) this.#backlog = new Backlog(streamAttempts(this.stream()), most);
    else this.stream();
  }

  /** Whether the reader has fallen behind. */
  get behind(): boolean {
    return (this.#backlog?.size ?? 0) > 0;
  }

  stream(): NodeJS.WriteStream {
    if (!this.#stream) {
      this.#stream = this.#fd === 1 ? process.stdout : process.stderr;
      this.#stream.on("error", () => {});
    }
    return this.#stream;
  }

  write(output: string): void {
    const text = onlyOwnSequences(output);
    if (this.#backlog) this.#backlog.write(text);
    else if (this.#stream) this.#stream.write(text);
    else if (!this.#gone) this.#writeAll(Buffer.from(text));
  }

  on(event: "resize", listener: () => void): void {
    this.stream().on(event, listener);
  }
  off(event: "resize", listener: () => void): void {
    this.stream().off(event, listener);
  }

  /** Resolves when everything was taken: the output may be a pipe that is still being read. */
  async drained(): Promise<void> {
    await this.#backlog?.drained();
    const stream = this.#stream;
    await new Promise<void>((resolve) => (stream?.writableLength ? stream.write("", () => resolve()) : resolve()));
  }

  #writeAll(bytes: Uint8Array): void {
    let at = 0;
    try {
      while (at < bytes.length) at += writeSync(this.#fd, bytes, at);
    } catch (error) {
      // A pipe that its owner made non-blocking is full: Node's stream knows how to wait.
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") this.stream().write(bytes.subarray(at));
      else this.#gone = true;
    }
  }
}

function kindOf(fd: number): Stats | undefined {
  try {
    return fstatSync(fd);
  } catch {
    return undefined;
  }
}

/** Bytes that a stopped terminal may be behind. */
const MOST_BEHIND = 1 << 20;
/** Bytes that the program at the other end of a pipe may be behind: it may collect what comes, and be slow. */
const MOST_BEHIND_IN_PIPE = 16 << 20;
/** ms after which a reader that took nothing is asked whether it goes on: soon at first, and this seldom in the end. */
const ASK_AGAIN = 50;

/**
 * A way of our own to a terminal or a pipe, which does not block: its other users keep theirs as it is. Undefined where
 * it cannot be opened again (another user's).
 */
function ownWay(fd: number): number | undefined {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

function attempts(own: number): Attempt {
  let wait = 1;
  return (bytes, later) => {
    let at = 0;
    try {
      while (at < bytes.length) at += writeSync(own, bytes, at);
    } catch (error) {
      // A terminal or a reader that is gone takes everything.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return bytes.length;
      wait = at > 0 ? 1 : Math.min(2 * wait, ASK_AGAIN);
      setTimeout(later, wait);
    }
    return at;
  };
}

/** The same by Node's stream, for sockets: it has one write at a time. */
function streamAttempts(stream: NodeJS.WriteStream): Attempt {
  let busy = false;
  let waiting: (() => void) | undefined;
  return (bytes, later) => {
    if (busy) {
      waiting = later;
      return 0;
    }
    busy = true;
    stream.write(bytes, () => {
      busy = false;
      waiting?.();
    });
    return bytes.length;
  };
}
