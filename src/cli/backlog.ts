/** What is still to be written to a reader that may stop reading: bounded, as nothing waits for a reader. */

/** Takes some of the bytes and says how many; `later` is called when there may be room again, if it took fewer. */
export type Attempt = (bytes: Uint8Array, later: () => void) => number;

/**
 * Writes as fast as the reader takes it. What is more than `most` bytes behind is dropped, the oldest first and each
 * write as a whole, so that no escape sequence is cut and the end is always told; how much was dropped is told too.
 */
export class Backlog {
  readonly #attempt: Attempt;
  readonly #most: number;
  #waiting: Uint8Array[] = [];
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
    this.#waiting.push(bytes);
    this.#size += bytes.length;
    // The first may have been written in part.
    while (this.#size > this.#most && this.#waiting.length > 2) {
      const [oldest] = this.#waiting.splice(1, 1) as [Uint8Array];
      this.#size -= oldest.length;
      this.#dropped++;
    }
    if (!this.#busy) this.#pump();
  }

  /** Resolves when the reader has everything. */
  drained(): Promise<void> {
    return new Promise((resolve) => (this.#size === 0 ? resolve() : void this.#idle.push(resolve)));
  }

  #pump(): void {
    this.#busy = false;
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      let again = false;
      const taken = this.#attempt(first, () => {
        again = true;
        if (this.#busy) this.#pump();
      });
      this.#size -= taken;
      if (taken < first.length) {
        this.#waiting[0] = first.subarray(taken);
        if (again) continue;
        this.#busy = true;
        return;
      }
      this.#waiting.shift();
      if (this.#dropped > 0) {
        const notice = Buffer.from(
          `# ${this.#dropped} lines were not shown: nobody read them. The log files hold all.\n`,
        );
        this.#dropped = 0;
        this.#waiting.unshift(notice);
        this.#size += notice.length;
      }
    }
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
