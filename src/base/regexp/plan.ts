import { CharacterSet, literalOf } from "./character-set.js";
import { longestText } from "./cost.js";
import { Machine } from "./machine.js";
import { compileProgram, TooLarge } from "./program.js";
import { type Node, parseRegExp, type Tree } from "./syntax.js";
import { TimedSearch } from "./timed-search.js";

/** How an expression is searched for. */
export class Plan {
  readonly tree: Tree;
  /** Length of the longest text that backtracking searches in bounded time; -1 where there is none. */
  readonly longest: number;
  /** Stands in every match. */
  readonly literal: string;
  readonly refersBack: boolean;
  readonly timed = new TimedSearch();
  readonly #flags: string;
  #machine: Machine | undefined | null = null;

  constructor(source: string, flags: string) {
    this.tree = parseRegExp(source);
    this.#flags = flags;
    const sets = new Map<string, CharacterSet>();
    this.longest = longestText(this.tree, flags, (token) => {
      const set = sets.get(token) ?? new CharacterSet(token, flags);
      sets.set(token, set);
      return set;
    });
    this.literal = flags.includes("i") ? "" : certainText(this.tree.root);
    this.refersBack = refersBack(this.tree.root);
  }

  /** Searches longer texts; undefined when there can be none. */
  get machine(): Machine | undefined {
    if (this.#machine === null) this.#machine = this.refersBack ? undefined : machineOf(this.tree, this.#flags);
    return this.#machine;
  }
}

function machineOf(tree: Tree, flags: string): Machine | undefined {
  try {
    return new Machine(compileProgram(tree), flags);
  } catch (error) {
    if (error instanceof TooLarge) return undefined;
    throw error;
  }
}

const refersBack = (node: Node): boolean => {
  switch (node.kind) {
    case "back-reference":
      return true;
    case "sequence":
      return node.items.some(refersBack);
    case "choice":
      return node.options.some(refersBack);
    case "repeat":
    case "group":
    case "look":
      return refersBack(node.body);
    default:
      return false;
  }
};

/** The longest text of plain characters that stands in every match. */
function certainText(node: Node): string {
  const runs = [""];
  const add = (each: Node): void => {
    const literal = each.kind === "set" ? literalOf(each.token) : undefined;
    if (literal !== undefined) runs.push(`${runs.pop()}${literal}`);
    else if (each.kind === "sequence") each.items.forEach(add);
    else if (each.kind === "group") add(each.body);
    else if (each.kind !== "assertion" && each.kind !== "look") runs.push("");
  };
  add(node);
  return runs.reduce((a, b) => (b.length > a.length ? b : a));
}
