import { write } from "node:fs";
import type { Clock } from "../base/clock.js";

/** Waits between tries while the terminal's buffer is full, ms. */
const FIRST_WAIT = 1;
const LONGEST_WAIT = 50;

/**
 * Writes to a pseudo-terminal, in order, and tells when the bytes were taken. node-pty's own write tells nothing, and
 * spins while the buffer is full.
 */
export class PtyWriter {
  readonly #fd: number;
  readonly #clock: Clock;
  readonly #closed: () => boolean;
  #last: Promise<void> = Promise.resolve();

  constructor(fd: number, clock: Clock, closed: () => boolean) {
    this.#fd = fd;
    this.#clock = clock;
    this.#closed = closed;
  }

  /** Rejects when the terminal is gone. */
  write(bytes: Uint8Array): Promise<void> {
    const writing = this.#last.then(() => this.#all(bytes));
    this.#last = writing.catch(() => {});
    return writing;
  }

  async #all(bytes: Uint8Array): Promise<void> {
    let wait = FIRST_WAIT;
    for (let at = 0; at < bytes.length; ) {
      // The number of a closed descriptor may already be somebody else's.
      if (this.#closed()) throw new Error("the terminal is closed");
      const written = await this.#some(bytes, at);
      at += written;
      wait = written > 0 ? FIRST_WAIT : Math.min(wait * 2, LONGEST_WAIT);
      if (written === 0) await new Promise<void>((resolve) => void this.#clock.setTimeout(resolve, wait));
    }
  }

  #some(bytes: Uint8Array, at: number): Promise<number> {
    return new Promise((resolve, reject) => {
      write(this.#fd, bytes, at, bytes.length - at, null, (error, written) => {
        if (!error) resolve(written);
        else if (error.code === "EAGAIN") resolve(0);
        else reject(error);
      });
    });
  }
}
