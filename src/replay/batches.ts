/** Events and records in batches: a recording of a million lines is read without waiting for each of them. */

/** What makes other events of those that come. */
export interface Stage<T> {
  take(batch: readonly T[]): T[];
  /** What is left when nothing more comes. */
  end(): T[];
}

/** Sends batches through stages, one after the other. */
export async function* through<T>(
  batches: AsyncIterable<readonly T[]> | Iterable<readonly T[]>,
  ...stages: Stage<T>[]
): AsyncGenerator<readonly T[]> {
  for await (const batch of batches) yield stages.reduce<readonly T[]>((events, stage) => stage.take(events), batch);
  for (const [index, stage] of stages.entries())
    yield stages.slice(index + 1).reduce<readonly T[]>((events, next) => next.take(events), stage.end());
}

/** The items of batches one by one; those at hand come at once. */
export class Queue<T> {
  readonly #batches: AsyncIterator<readonly T[]>;
  #batch: readonly T[] = [];
  #at = 0;

  constructor(batches: AsyncIterable<readonly T[]>) {
    this.#batches = batches[Symbol.asyncIterator]();
  }

  /** Undefined at the end. */
  next(): T | undefined | Promise<T | undefined> {
    return this.#at < this.#batch.length ? this.#batch[this.#at++] : this.#more();
  }

  async #more(): Promise<T | undefined> {
    while (this.#at >= this.#batch.length) {
      const { done, value } = await this.#batches.next();
      if (done) return undefined;
      this.#batch = value;
      this.#at = 0;
    }
    return this.#batch[this.#at++];
  }
}

/** What is kept of a recording, in bytes; a larger one is read again instead. */
const MOST = 6 << 20;
/** What an item takes beside its characters. */
const ITEM = 60;

/** What a first pass has read, for the second one; undefined when it is too much to keep. */
export class Kept<T> {
  items: T[] | undefined = [];
  #size = 0;

  add(item: T, characters: number): void {
    this.#size += characters + ITEM;
    if (this.#size > MOST) this.items = undefined;
    this.items?.push(item);
  }
}
