/** Python's values, as templates see them. */
import { type JinjaError, typeError } from "./errors.js";

/**
 * None, bool, int (`bigint`), float (`number`), str and list are JavaScript's own; all else is an object of a class below.
 * Nothing of JavaScript can be reached from a template: attributes are looked up by src/device/jinja/attributes.ts only.
 */
export type Value = null | boolean | bigint | number | string | List | PyObject;
export interface List extends Array<Value> {}
/** Keyword arguments. */
export type Named = Map<string, Value>;

/** Anything that is no plain value. */
export abstract class PyObject {
  /** Python's name of the type, for messages. */
  abstract readonly type: string;
}

/** A name, key or attribute that is not there: prints as nothing, is false and empty, and refuses all else. */
export class Undefined extends PyObject {
  readonly type = "Undefined";
  constructor(
    /** The name that was asked for. */
    readonly asked: string,
    /** What to say instead of "is undefined". */
    readonly message?: string,
  ) {
    super();
  }

  error(): JinjaError {
    return typeErrorOf(this.message ?? `'${this.asked}' is undefined`);
  }
}

const typeErrorOf = (message: string): JinjaError => Object.assign(typeError(message), { fault: "undefined" as const });

export class Tuple extends PyObject {
  readonly type = "tuple";
  constructor(readonly items: readonly Value[]) {
    super();
  }
}

/** What `groupby` gives: a pair whose parts have names. */
export class Group extends Tuple {
  constructor(
    readonly grouper: Value,
    readonly list: Value,
  ) {
    super([grouper, list]);
  }
}

/** What Python compares to find a key: 1, 1.0 and True are the same. */
type Key = string | bigint | number | null | object;

export class Dict extends PyObject {
  readonly type = "dict";
  readonly #entries = new Map<Key, [key: Value, value: Value]>();

  static of(entries: Iterable<readonly [Value, Value]>): Dict {
    const dict = new Dict();
    for (const [key, value] of entries) dict.set(key, value);
    return dict;
  }
  get size(): number {
    return this.#entries.size;
  }
  get(key: Value): Value | undefined {
    return this.#entries.get(keyOf(key))?.[1];
  }
  has(key: Value): boolean {
    return this.#entries.has(keyOf(key));
  }
  /** A key that is there stays as it was written. */
  set(key: Value, value: Value): void {
    const hashed = keyOf(key);
    const entry = this.#entries.get(hashed);
    if (entry) entry[1] = value;
    else this.#entries.set(hashed, [key, value]);
  }
  delete(key: Value): boolean {
    return this.#entries.delete(keyOf(key));
  }
  clear(): void {
    this.#entries.clear();
  }
  *keys(): Generator<Value> {
    for (const [key] of this.#entries.values()) yield key;
  }
  *values(): Generator<Value> {
    for (const [, value] of this.#entries.values()) yield value;
  }
  entries(): IterableIterator<[Value, Value]> {
    return this.#entries.values();
  }
}

const MARK = "\0";

/** @throws JinjaError for values that Python cannot hash */
export function keyOf(value: Value): Key {
  if (typeof value === "string") return value.startsWith(MARK) ? `${MARK}str${value}` : value;
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : value;
  if (value === null || typeof value === "bigint") return value;
  if (value instanceof Tuple) return `${MARK}tuple${value.items.map((item) => keyText(keyOf(item))).join(MARK)}`;
  if (value instanceof Undefined) return `${MARK}undefined`;
  if (value instanceof Markup) return keyOf(value.text);
  if (Array.isArray(value) || value instanceof Dict) throw typeError(`unhashable type: '${typeName(value)}'`);
  return value;
}

function keyText(key: Key): string {
  if (typeof key === "object" && key !== null) throw typeError("unhashable type: 'tuple' of objects");
  return `${typeof key}${String(key).length}:${String(key)}`;
}

/** Text that is taken to be HTML already (`|safe`, `|tojson`). */
export class Markup extends PyObject {
  readonly type = "Markup";
  constructor(readonly text: string) {
    super();
  }
}

export class Range extends PyObject {
  readonly type = "range";
  constructor(
    readonly start: bigint,
    readonly stop: bigint,
    readonly step: bigint,
  ) {
    super();
  }
  get length(): number {
    const { start, stop, step } = this;
    const count = step > 0n ? (stop - start + step - 1n) / step : (start - stop - step - 1n) / -step;
    return count > 0n ? Number(count) : 0;
  }
  at(index: number): bigint {
    return this.start + BigInt(index) * this.step;
  }
}

/** `dict.keys()`, `.values()`, `.items()`: they show what the map holds now. */
export class DictView extends PyObject {
  constructor(
    readonly dict: Dict,
    readonly kind: "keys" | "values" | "items",
  ) {
    super();
  }
  get type(): string {
    return `dict_${this.kind}`;
  }
  *[Symbol.iterator](): Generator<Value> {
    if (this.kind === "keys") yield* this.dict.keys();
    else if (this.kind === "values") yield* this.dict.values();
    else for (const entry of this.dict.entries()) yield new Tuple([...entry]);
  }
}

/** What can be gone through once: a generator. */
export class Once extends PyObject {
  readonly type = "generator";
  constructor(readonly iterator: Iterator<Value>) {
    super();
  }
}

/** `[a:b:c]`. */
export class Slice extends PyObject {
  readonly type = "slice";
  constructor(
    readonly start: Value,
    readonly stop: Value,
    readonly step: Value,
  ) {
    super();
  }
}

/** `namespace()`: the one thing whose attributes a template may set. */
export class Namespace extends PyObject {
  readonly type = "Namespace";
  readonly attributes: Named = new Map();
}

/** A function, method, macro or block. */
export class Callable extends PyObject {
  constructor(
    readonly name: string,
    readonly call: (args: Value[], named: Named) => Value,
    readonly type: string = "function",
    /** Attributes that templates may read. */
    readonly attributes: ReadonlyMap<string, () => Value> = new Map(),
  ) {
    super();
  }
}

/** An object with attributes and perhaps a text, made by the interpreter: `loop`, `self`, an imported template. */
export class Attributes extends PyObject {
  constructor(
    readonly type: string,
    readonly get: (name: string) => Value | undefined,
    readonly text?: () => string,
    readonly call?: (args: Value[], named: Named) => Value,
    readonly items?: () => Iterator<Value>,
  ) {
    super();
  }
}

/** A type, such as `dict`, that can be called. */
export function typeName(value: Value): string {
  if (value === null) return "NoneType";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "int";
  if (typeof value === "number") return "float";
  if (typeof value === "string") return "str";
  return Array.isArray(value) ? "list" : (value as PyObject).type;
}

/** The text of a str, HTML or not; undefined for all else. */
export function asText(value: Value): string | undefined {
  if (typeof value === "string") return value;
  return value instanceof Markup ? value.text : undefined;
}

/** The value itself, unless it is undefined. */
export function needed<T extends Value>(value: T): T {
  if (value instanceof Undefined) throw value.error();
  return value;
}
