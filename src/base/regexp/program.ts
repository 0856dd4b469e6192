import { isNullable, type Node, type Tree } from "./syntax.js";

export const Op = {
  /** Never matches. */
  Fail: 0,
  /** The end. */
  Match: 1,
  /** Takes a character of the set `a`. */
  Set: 2,
  /** `a`, or else `b`. */
  Split: 3,
  /** Keeps the place in slot `a`. */
  Save: 4,
  /** Forgets the slots from `a` to `c`. */
  Forget: 5,
  /** `^`, `$`, `\b`, `\B`: the assertion `a`. */
  Assert: 6,
  /** What the look-around `a` says. */
  Look: 7,
} as const;
type Op = (typeof Op)[keyof typeof Op];

/**
 * A machine without a memory: what it does at a place of the text depends on the instruction alone. `b` (of a split also
 * `a`) is the next instruction; without taking a character it only comes to instructions of lower numbers.
 */
export interface Program {
  ops: Uint8Array;
  a: Int32Array;
  b: Int32Array;
  c: Int32Array;
  start: number;
  /** Reads to the left. */
  behind: boolean;
  /** Tokens of its sets. */
  sets: string[];
  looks: Look[];
  assertions: string[];
}

export interface Look {
  program: Program;
  negated: boolean;
  /** It captures something. */
  captures: boolean;
}

/** Instructions of a program, those of its look-arounds included. */
const MOST_INSTRUCTIONS = 20_000;

/** It would have more instructions than are worth it. */
export class TooLarge extends Error {}

/** Compiles an expression without back references. */
export function compileProgram({ root }: Tree): Program {
  return new Builder({ left: MOST_INSTRUCTIONS }).build(root, false);
}

/**
 * Entries and continuations of a part are given for each state of the loops around it whose body may be empty: entry k is
 * for when the k outermost of them have taken a character since their round began. A round that takes none is no round.
 */
type Entries = number[];

class Builder {
  readonly #kinds: Op[] = [];
  readonly #a: number[] = [];
  readonly #b: number[] = [];
  readonly #c: number[] = [];
  readonly #known = new Map<string, number>();
  readonly #sets: string[] = [];
  readonly #looks: Look[] = [];
  readonly #assertions: string[] = [];
  #behind = false;

  constructor(private readonly budget: { left: number }) {}

  build(root: Node, behind: boolean): Program {
    this.#behind = behind;
    const start = this.#part(root, [this.#op(Op.Match)])[0]!;
    return this.#inOrder(start);
  }

  #part(node: Node, next: Entries): Entries {
    switch (node.kind) {
      case "set": {
        const set = this.#op(Op.Set, indexIn(this.#sets, node.token), next.at(-1));
        return next.map(() => set);
      }
      case "sequence": {
        const items = this.#behind ? node.items : [...node.items].reverse();
        return items.reduce((after, item) => this.#part(item, after), next);
      }
      case "choice": {
        const options = node.options.map((option) => this.#part(option, next));
        return options.reduceRight((second, first) => first.map((entry, k) => this.#split(entry, second[k]!)));
      }
      case "group": {
        const [opens, closes] = this.#behind ? [1, 0] : [0, 1];
        const save = (end: number) => (entry: number) => this.#op(Op.Save, 2 * node.index + end, entry);
        return this.#part(node.body, next.map(save(closes))).map(save(opens));
      }
      case "assertion":
        return next.map((entry) => this.#op(Op.Assert, indexIn(this.#assertions, node.token), entry));
      case "look": {
        const [first, end] = node.groups;
        const program = new Builder(this.budget).build(node.body, node.behind);
        this.#looks.push({ program, negated: node.negated, captures: !node.negated && end > first });
        const look = this.#looks.length - 1;
        return next.map((entry) => this.#op(Op.Look, look, entry));
      }
      case "repeat":
        return this.#repeat(node, next);
      case "back-reference":
        throw new Error("a back reference is no machine's");
    }
  }

  #repeat({ body, min, max, lazy, groups }: Extract<Node, { kind: "repeat" }>, next: Entries): Entries {
    const [first, end] = groups;
    const depth = next.length - 1;
    const fail = isNullable(body) ? next.map(() => this.#op(Op.Fail)) : [];
    const round = (after: Entries) =>
      this.#part(body, after).map((entry) => (end > first ? this.#op(Op.Forget, 2 * first, entry, 2 * end) : entry));
    /** A round that has to take something; `after`: the entry behind it. */
    const filled = (after: number) => round(fail.length > 0 ? [...fail, after] : next.map(() => after));
    const choose = (entry: number, skip: number) => (lazy ? this.#split(skip, entry) : this.#split(entry, skip));
    let entries = next;
    if (max === Number.POSITIVE_INFINITY) {
      const loop = this.#add(Op.Split, 0, 0, 0);
      const rounds = filled(loop);
      this.#a[loop] = lazy ? next[depth]! : rounds[depth]!;
      this.#b[loop] = lazy ? rounds[depth]! : next[depth]!;
      entries = next.map((skip, k) => (k === depth ? loop : choose(rounds[k]!, skip)));
    } else
      for (let count = min; count < max; count++) {
        const rounds = filled(entries[depth]!);
        entries = next.map((skip, k) => choose(rounds[k]!, skip));
      }
    for (let count = 0; count < min; count++) entries = round(entries);
    return entries;
  }

  #split(first: number, second: number): number {
    return first === second ? first : this.#op(Op.Split, first, second);
  }

  /** Equal instructions are one. */
  #op(kind: Op, a = 0, b = 0, c = 0): number {
    const key = `${kind} ${a} ${b} ${c}`;
    let index = this.#known.get(key);
    if (index === undefined) {
      index = this.#add(kind, a, b, c);
      this.#known.set(key, index);
    }
    return index;
  }

  #add(kind: Op, a: number, b: number, c: number): number {
    this.budget.left -= 1;
    if (this.budget.left < 0) throw new TooLarge();
    this.#a.push(a);
    this.#b.push(b);
    this.#c.push(c);
    return this.#kinds.push(kind) - 1;
  }

  /** Numbers the instructions so that those that one leads to at the same place come before it. */
  #inOrder(start: number): Program {
    const { order, place } = this.#sorted(start);
    return {
      ops: Uint8Array.from(order, (old) => this.#kinds[old]!),
      a: Int32Array.from(order, (old) => (this.#kinds[old] === Op.Split ? place[this.#a[old]!]! : this.#a[old]!)),
      b: Int32Array.from(order, (old) => place[this.#b[old]!] ?? 0),
      c: Int32Array.from(order, (old) => this.#c[old]!),
      start: place[start]!,
      behind: this.#behind,
      sets: this.#sets,
      looks: this.#looks,
      assertions: this.#assertions,
    };
  }

  #sorted(start: number): { order: number[]; place: number[] } {
    const order: number[] = [];
    const place: number[] = [];
    const begun = new Set<number>();
    const open: { op: number; told: boolean }[] = [];
    const later: number[] = [start];
    for (let root = later.pop(); root !== undefined; root = later.pop()) {
      open.push({ op: root, told: false });
      for (let top = open.pop(); top; top = open.pop()) {
        const { op } = top;
        if (top.told) {
          place[op] = order.push(op) - 1;
          continue;
        }
        if (begun.has(op)) continue;
        begun.add(op);
        open.push({ op, told: true });
        const kind = this.#kinds[op]!;
        if (kind === Op.Set) later.push(this.#b[op]!);
        else if (kind !== Op.Match && kind !== Op.Fail) open.push({ op: this.#b[op]!, told: false });
        if (kind === Op.Split) open.push({ op: this.#a[op]!, told: false });
      }
    }
    return { order, place };
  }
}

function indexIn(list: string[], value: string): number {
  const index = list.indexOf(value);
  return index >= 0 ? index : list.push(value) - 1;
}
