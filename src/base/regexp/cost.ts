import type { CharacterSet } from "./character-set.js";
import { isNullable, type Node, type Tree } from "./syntax.js";

/** What backtracking may have to do for a part of an expression, at worst; powers of the length of the text. */
interface Cost {
  /** In how many ways it can match at a place: `factor * n^power`. What comes after it may fail for each of them. */
  factor: number;
  power: number;
  /** Steps that it takes from one place on. */
  steps: number;
  /** Steps of what looks around and takes nothing: they are taken again at the next place. */
  peeks: number;
}

/** What may come after a part of the expression. */
interface Rest {
  /** Characters with which it may begin: bits as those of CharacterSet. */
  first: Uint32Array;
  /** It may match without a character. */
  nullable: boolean;
  /** It cannot fail: then nobody comes back to try another way. */
  free: boolean;
}

const ONE: Cost = { factor: 1, power: 0, steps: 0, peeks: 0 };
const NOTHING: Uint32Array = new Uint32Array(9);
/** Repeats of up to so many are counted one by one. */
const FEW = 16;
/** Steps of backtracking that one search may take: less than a tenth of a second. */
const MOST_STEPS = 1e7;

/** Length of the longest text that backtracking searches in bounded time, whatever the text is; -1 where there is none. */
export function longestText({ root }: Tree, flags: string, sets: (token: string) => CharacterSet): number {
  const isAnchored = (node: Node): boolean =>
    node.kind === "assertion"
      ? node.token === "^" && !flags.includes("m")
      : node.kind === "sequence"
        ? node.items.length > 0 && isAnchored(node.items[0] as Node)
        : node.kind === "choice"
          ? node.options.every(isAnchored)
          : node.kind === "group" && isAnchored(node.body);
  const end: Rest = { first: NOTHING, nullable: true, free: true };
  const { factor, steps } = new Costs(sets, flags).of(root, end);
  if (!Number.isFinite(steps) || factor > MOST_STEPS) return -1;
  const total = steps + (isAnchored(root) ? 0 : 1);
  if (total === 0) return Number.POSITIVE_INFINITY;
  let shares = 1;
  for (let each = 2; each <= total; each++) shares *= each;
  return Math.floor(((MOST_STEPS * shares) / factor) ** (1 / total));
}

class Costs {
  constructor(
    private readonly sets: (token: string) => CharacterSet,
    private readonly flags: string,
  ) {}

  of(node: Node, rest: Rest): Cost {
    switch (node.kind) {
      case "sequence": {
        let cost = ONE;
        let after = rest;
        for (const item of [...node.items].reverse()) {
          cost = inTurn(this.of(item, after), cost);
          after = this.#before(item, after);
        }
        return cost;
      }
      case "choice": {
        const costs = node.options.map((option) => this.of(option, rest));
        const factors = costs.map(({ factor }) => factor);
        return {
          factor: this.#areApart(node.options) ? Math.max(...factors) : factors.reduce((sum, each) => sum + each),
          power: Math.max(...costs.map(({ power }) => power)),
          steps: Math.max(...costs.map(({ steps }) => steps)),
          peeks: Math.max(...costs.map(({ peeks }) => peeks)),
        };
      }
      case "repeat":
        return this.#repeat(node, rest);
      case "group":
        return this.of(node.body, rest);
      case "look": {
        const { factor, steps } = this.of(node.body, { first: NOTHING, nullable: true, free: true });
        return { factor, power: 0, steps, peeks: steps };
      }
      case "back-reference":
        return { factor: 1, power: 0, steps: 1, peeks: 0 };
      default:
        return ONE;
    }
  }

  #repeat({ body, min, max }: Extract<Node, { kind: "repeat" }>, rest: Rest): Cost {
    const own = this.#first(body);
    const again = { first: either(own, rest.first), nullable: rest.nullable, free: false };
    const each = this.of(body, max > 1 ? again : rest);
    const certain = each.factor === 1 && each.power === 0 && !isNullable(body);
    const { peeks } = each;
    if (certain) {
      const steps = max > FEW ? Math.max(each.steps, 1 + peeks) : each.steps;
      // Where the rest cannot begin as the body does, at most one number of repeats leads on.
      const decided = rest.free || (!rest.nullable && !meet(own, rest.first));
      if (min === max || decided) return { factor: 1, power: 0, steps, peeks };
      return max === Number.POSITIVE_INFINITY
        ? { factor: 1, power: 1, steps, peeks }
        : { factor: max - min + 1, power: 0, steps, peeks };
    }
    if (max > FEW) return { factor: 1, power: Number.POSITIVE_INFINITY, steps: Number.POSITIVE_INFINITY, peeks };
    const factor = (each.factor + (min < max ? 1 : 0)) ** max;
    return { factor, power: each.power * max, steps: each.power * (max - 1) + each.steps, peeks };
  }

  /** What comes after the item before this one. */
  #before(item: Node, rest: Rest): Rest {
    // At the end of the text no character comes.
    if (item.kind === "assertion" && item.token === "$" && !this.flags.includes("m"))
      return { first: NOTHING, nullable: false, free: false };
    const nullable = isNullable(item);
    const first = this.#first(item);
    const free = rest.free && nullable && cannotFail(item);
    return nullable
      ? { first: either(first, rest.first), nullable: rest.nullable, free }
      : { first, nullable: false, free: false };
  }

  #areApart(options: Node[]): boolean {
    let seen = NOTHING;
    for (const option of options) {
      if (isNullable(option)) return false;
      const first = this.#first(option);
      if (meet(seen, first)) return false;
      seen = either(seen, first);
    }
    return true;
  }

  #first(node: Node): Uint32Array {
    switch (node.kind) {
      case "set":
        return this.sets(node.token).bits;
      case "sequence": {
        let first = NOTHING;
        for (const item of node.items) {
          first = either(first, this.#first(item));
          if (!isNullable(item)) break;
        }
        return first;
      }
      case "choice":
        return node.options.map((option) => this.#first(option)).reduce(either);
      case "repeat":
      case "group":
        return this.#first(node.body);
      case "back-reference":
        return NOTHING.map(() => ~0);
      default:
        return NOTHING;
    }
  }
}

/** It matches at every place, if only nothing. */
const cannotFail = (node: Node): boolean =>
  node.kind === "repeat"
    ? node.min === 0
    : node.kind === "group"
      ? cannotFail(node.body)
      : node.kind === "sequence" && node.items.every(cannotFail);

const inTurn = (a: Cost, b: Cost): Cost => ({
  factor: a.factor * b.factor,
  power: a.power + b.power,
  steps: Math.max(a.steps, a.power + b.steps),
  peeks: Math.max(a.peeks, b.peeks),
});

const either = (a: Uint32Array, b: Uint32Array): Uint32Array =>
  a === NOTHING ? b : b === NOTHING ? a : a.map((bits, index) => bits | b[index]!);
const meet = (a: Uint32Array, b: Uint32Array): boolean => a.some((bits, index) => (bits & b[index]!) !== 0);
