import type { Stage } from "./batches.js";
import type { RecordedEvent } from "./recording.js";

/** Bytes that are said at once, at most. */
const MOST = 64 * 1024;

type Output = Extract<RecordedEvent, { kind: "output" }>;

/** Joins what a board said within one millisecond, the least that virtual time knows: a line comes in many small reads. */
export class Moments implements Stage<RecordedEvent> {
  #first: Output | undefined;
  #pieces: Uint8Array[] = [];
  #size = 0;

  take(batch: readonly RecordedEvent[]): RecordedEvent[] {
    const joined: RecordedEvent[] = [];
    for (const event of batch) {
      if (event.kind === "output" && this.#first && isSameMoment(event, this.#first) && this.#size < MOST) {
        this.#pieces.push(event.bytes);
        this.#size += event.bytes.length;
        continue;
      }
      this.#give(joined);
      if (event.kind !== "output") {
        joined.push(event);
        continue;
      }
      this.#first = event;
      this.#pieces = [event.bytes];
      this.#size = event.bytes.length;
    }
    return joined;
  }

  end(): RecordedEvent[] {
    const joined: RecordedEvent[] = [];
    this.#give(joined);
    return joined;
  }

  #give(to: RecordedEvent[]): void {
    if (!this.#first) return;
    to.push(this.#pieces.length === 1 ? this.#first : { ...this.#first, bytes: Buffer.concat(this.#pieces) });
    this.#first = undefined;
  }
}

const isSameMoment = (one: Output, other: Output): boolean =>
  Math.ceil(one.t) === Math.ceil(other.t) && one.console === other.console && one.namespace === other.namespace;
