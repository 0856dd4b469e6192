import { isEqual } from "./compare.js";
import { typeError } from "./errors.js";
import { lengthOf } from "./iterate.js";
import { Attributes, Callable, type List, Tuple, Undefined, type Value } from "./values.js";

/** What `loop` tells in a `for`. Items are taken one by one; only who asks for the end or the length makes it look ahead. */
export class Loop {
  #index = -1n;
  #ahead: Value[] = [];
  #current: Value | undefined;
  #before: Value | undefined;
  #seen: Value | undefined;
  #length: bigint | undefined;
  readonly #items: Iterator<Value>;
  constructor(
    private readonly source: Value | undefined,
    items: Iterable<Value>,
    private readonly depth: bigint,
    /** Of a loop that is marked `recursive`. */
    private readonly again?: (items: Value, depth: bigint) => string,
  ) {
    this.#items = items[Symbol.iterator]();
  }

  /** The next item; undefined at the end. */
  next(): Value | undefined {
    const item = this.#ahead.length > 0 ? this.#ahead.shift() : this.#take();
    if (item === undefined) return undefined;
    this.#index++;
    this.#before = this.#current;
    this.#current = item;
    return item;
  }

  get value(): Value {
    return new Attributes(
      "LoopContext",
      (name) => this.#attribute(name),
      () => `<LoopContext ${this.#index + 1n}/${this.#count()}>`,
      ([items]) => {
        if (!this.again) throw typeError("The loop must have the 'recursive' marker to be called recursively.");
        return this.again(items ?? [], this.depth + 1n);
      },
    );
  }

  #take(): Value | undefined {
    const { done, value } = this.#items.next();
    return done ? undefined : value;
  }

  #peek(): Value | undefined {
    if (this.#ahead.length === 0) {
      const next = this.#take();
      if (next !== undefined) this.#ahead.push(next);
    }
    return this.#ahead[0];
  }

  #count(): bigint {
    if (this.#length !== undefined) return this.#length;
    const known = this.source === undefined ? undefined : lengthOf(this.source);
    if (known === undefined)
      for (let item = this.#take(); item !== undefined; item = this.#take()) this.#ahead.push(item);
    this.#length = known === undefined ? BigInt(this.#ahead.length) + this.#index + 1n : BigInt(known);
    return this.#length;
  }

  #attribute(name: string): Value | undefined {
    switch (name) {
      case "index":
        return this.#index + 1n;
      case "index0":
        return this.#index;
      case "revindex":
        return this.#count() - this.#index;
      case "revindex0":
        return this.#count() - this.#index - 1n;
      case "first":
        return this.#index === 0n;
      case "last":
        return this.#peek() === undefined;
      case "length":
        return this.#count();
      case "depth":
        return this.depth + 1n;
      case "depth0":
        return this.depth;
      case "previtem":
        return this.#index === 0n ? new Undefined("", "there is no previous item") : this.#before;
      case "nextitem":
        return this.#peek() ?? new Undefined("", "there is no next item");
      case "cycle":
        return new Callable("cycle", (items) => {
          if (items.length === 0) throw typeError("no items for cycling given");
          return items[Number(this.#index) % items.length]!;
        });
      case "changed":
        return new Callable("changed", (values: List) => {
          const now = new Tuple(values);
          if (this.#seen !== undefined && isEqual(this.#seen, now)) return false;
          this.#seen = now;
          return true;
        });
    }
    return undefined;
  }
}
