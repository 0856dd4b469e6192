/** Standard output and error: plain writes until a command asks for a stream. */
import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { isatty } from "node:tty";
import { onlyOwnSequences } from "../base/visible-text.js";
import { Backlog } from "./backlog.js";
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
    return (this.#stream !== undefined || isCharacterDevice(this.#fd)) && this.stream().isTTY === true;
  }
  get columns(): number | undefined {
    return this.isTTY ? this.stream().columns : undefined;
  }
  get rows(): number | undefined {
    return this.isTTY ? this.stream().rows : undefined;
  }

  /** From now on no write blocks: Node writes to a terminal only when it takes everything, which a stopped one never does. */
  unblock(): void {
    this.#backlog ??= isatty(this.#fd) ? terminalBacklog(this.#fd) : undefined;
    if (!this.#backlog) this.stream();
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
  drained(): Promise<void> {
    if (this.#backlog) return this.#backlog.drained();
    const stream = this.#stream;
    return new Promise((resolve) => (stream?.writableLength ? stream.write("", () => resolve()) : resolve()));
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

function isCharacterDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}

/** Bytes that a stopped terminal may be behind, and how often it is asked whether it goes on, in ms. */
const MOST_BEHIND = 1 << 20;
const ASK_AGAIN = 50;

/** A way of our own to the terminal, which does not block; undefined where it cannot be opened again (another user's). */
function terminalBacklog(fd: number): Backlog | undefined {
  let own: number;
  try {
    own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  return new Backlog((bytes, later) => {
    let at = 0;
    try {
      while (at < bytes.length) at += writeSync(own, bytes, at);
    } catch (error) {
      // A terminal that is gone takes everything.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return bytes.length;
      setTimeout(later, ASK_AGAIN);
    }
    return at;
  }, MOST_BEHIND);
}
