/** What is still to be written to a reader that may stop reading: bounded, as nothing waits for a reader. */

/** Takes some of the bytes and says how many; `later` is called when there may be room again, if it took fewer. */
export type Attempt = (bytes: Uint8Array, later: () => void) => number;

/** One write, and the one after it: the oldest are dropped from the middle of the chain. */
interface Waiting {
  bytes: Uint8Array;
  next?: Waiting | undefined;
}

/**
 * Writes as fast as the reader takes it. What is more than `most` bytes behind is dropped, the oldest first and each
 * write as a whole, so that no escape sequence is cut and the end is always told; how much was dropped is told too.
 */
export class Backlog {
  readonly #attempt: Attempt;
  readonly #most: number;
  /** The first may have been written in part. */
  #first: Waiting | undefined;
  #last: Waiting | undefined;
  #size = 0;
  #dropped = 0;
  #busy = false;
  #idle: (() => void)[] = [];
  constructor(attempt: Attempt, most: number) {
    this.#attempt = attempt;
    this.#most = most;
  }

  /** Bytes that the reader has not yet taken. */
  get size(): number {
    return this.#size;
  }

  write(text: string): void {
    const bytes = Buffer.from(text);
    if (bytes.length === 0) return;
    const added = { bytes };
    if (this.#first && this.#last) this.#last.next = added;
    else this.#first = added;
    this.#last = added;
    this.#size += bytes.length;
    for (const first = this.#first; this.#size > this.#most; ) {
      const oldest = first.next;
      if (!oldest?.next) break;
      this.#size -= oldest.bytes.length;
      this.#dropped += linesOf(oldest.bytes);
      first.next = oldest.next;
    }
    if (!this.#busy) this.#pump();
  }

  /** Resolves when the reader has everything. */
  drained(): Promise<void> {
    return new Promise((resolve) => (this.#size === 0 ? resolve() : void this.#idle.push(resolve)));
  }

  #pump(): void {
    this.#busy = false;
    for (let first = this.#first; first; first = this.#first) {
      let again = false;
      const taken = this.#attempt(first.bytes, () => {
        again = true;
        if (this.#busy) this.#pump();
      });
      this.#size -= taken;
      if (taken < first.bytes.length) {
        first.bytes = first.bytes.subarray(taken);
        if (again) continue;
        this.#busy = true;
        return;
      }
      this.#first = first.next;
      if (this.#dropped > 0) {
        const notice = Buffer.from(
          `# ${this.#dropped} lines were not shown: nobody read them. The log files hold all.\n`,
        );
        this.#dropped = 0;
        this.#first = { bytes: notice, next: this.#first };
        if (!this.#first.next) this.#last = this.#first;
        this.#size += notice.length;
      }
    }
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** Lines that a write has; it is one, too, when it ends none. */
const linesOf = (bytes: Uint8Array): number =>
  Math.max(
    1,
    bytes.reduce((lines, byte) => lines + (byte === 10 ? 1 : 0), 0),
  );
