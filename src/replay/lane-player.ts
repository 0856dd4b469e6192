/**
 * Several boards in one recording: each console has a lane of its own, with its own inputs to meet at. What one board
 * says does not wait for another.
 */
import { Queue } from "./batches.js";
import type { Divergence, Player, PlayerNotes, Typed } from "./player.js";
import { consoleOf, type RecordedEvent, RecordingError } from "./recording.js";

/** What the other boards say before the next event of one that is waited for, bytes that are kept. */
const MOST_AHEAD = 64 << 20;

/** Deals the events of a recording out to lanes. */
class Lanes {
  readonly #events: Queue<RecordedEvent>;
  readonly #nameOf: (console: string) => string;
  readonly #ahead = new Map<string, RecordedEvent[]>();
  #size = 0;
  #here = "";

  constructor(events: AsyncIterable<readonly RecordedEvent[]>, nameOf: (console: string) => string) {
    this.#events = new Queue(events);
    this.#nameOf = nameOf;
  }

  /** The events of one lane. Throws RecordingError when too much would have to be kept of the others. */
  async *of(lane: string): AsyncGenerator<readonly RecordedEvent[]> {
    for (;;) {
      const own = this.#ahead.get(lane);
      if (own) {
        this.#ahead.delete(lane);
        for (const event of own) this.#size -= sizeOf(event);
        yield own;
        continue;
      }
      const event = await this.#events.next();
      if (!event) return;
      // Only of a cancellation it is not known whose it is: it comes after what came before.
      if (event.kind !== "cancel") this.#here = this.#nameOf(consoleOf(event));
      if (this.#here === lane) yield [event];
      else this.#keep(event);
    }
  }

  #keep(event: RecordedEvent): void {
    const kept = this.#ahead.get(this.#here);
    if (kept) kept.push(event);
    else this.#ahead.set(this.#here, [event]);
    this.#size += sizeOf(event);
    if (this.#size > MOST_AHEAD)
      throw new RecordingError(
        `${event.place}: one board says more than ${MOST_AHEAD >> 20} MiB while another is waited for.`,
        "Take a recording of one board, or a shorter one.",
      );
  }
}

const sizeOf = (event: RecordedEvent): number => 100 + (event.kind === "output" ? event.bytes.length : 0);

export class LanePlayer implements Player {
  readonly #lanes = new Map<string, Player>();
  #next: Player | undefined;

  /** @param names of the lanes; `make` makes the player of one of them */
  constructor(
    events: AsyncIterable<readonly RecordedEvent[]>,
    names: Iterable<string>,
    nameOf: (console: string) => string,
    make: (events: AsyncIterable<readonly RecordedEvent[]>, lane: string) => Player,
  ) {
    const lanes = new Lanes(events, nameOf);
    for (const name of names) this.#lanes.set(name, make(lanes.of(name), name));
  }

  get divergence(): Divergence | undefined {
    for (const { divergence } of this.#lanes.values()) if (divergence) return divergence;
    return undefined;
  }
  get over(): boolean {
    return [...this.#lanes.values()].every(({ over }) => over);
  }
  get notes(): PlayerNotes {
    const sum: PlayerNotes = { inputs: 0, otherwise: 0, skipped: 0, unheard: 0, dropped: 0 };
    for (const { notes } of this.#lanes.values())
      for (const key of Object.keys(sum) as (keyof PlayerNotes)[]) sum[key] += notes[key];
    return sum;
  }

  typed(typed: Typed): void {
    this.#lane(typed.console)?.typed(typed);
  }
  actionStarted(name: string, console: string): void {
    this.#lane(console)?.actionStarted(name, console);
  }
  /** A console that the recording does not tell apart is in the first lane. */
  #lane(console: string): Player | undefined {
    return this.#lanes.get(console) ?? this.#lanes.values().next().value;
  }

  async due(): Promise<number | undefined> {
    let first: number | undefined;
    this.#next = undefined;
    for (const lane of this.#lanes.values()) {
      const due = await lane.due();
      if (lane.divergence) return undefined;
      if (due === undefined || (first !== undefined && first <= due)) continue;
      first = due;
      this.#next = lane;
    }
    return first;
  }
  play(): void {
    this.#next?.play();
  }
}
