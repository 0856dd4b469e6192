import { isAlias, isMap, isPair, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from "yaml";
import { type Json, type JsonMap, setKey } from "../base/json.js";
import { MOST_TOLD, type Problem, untold } from "../base/problem.js";
import { floatText, resolvePlain } from "./yaml-scalars.js";
import type { Lines, ScriptVariables, YamlPath } from "./yaml-text.js";

/** Nodes that aliases may add to a file before it counts as a bomb; real files add some tens. */
const MAX_ALIASED = 20_000;
const MAX_DEPTH = 200;
const TAG = "tag:yaml.org,2002:";

/** The composed nodes of a document, as a value and as places in the text. */
export class YamlTree {
  readonly #root: Node;
  readonly #lines: Lines;
  readonly #problems: Problem[];
  readonly #anchors = new Map<string, Node>();
  /** What an alias stood for when it was first met: an anchor may be defined anew later. */
  readonly #targets = new Map<Node, Node>();
  /** Targets that are being copied: meeting one again is a circle. */
  readonly #open = new Set<Node>();
  readonly #indexes = new Map<YAMLMap, { own: Map<string, Pair>; merges: Pair[] }>();
  #aliased = 0;
  readonly #variables: ScriptVariables | undefined;
  /** Inside `variables.below`. */
  #below = false;
  /** Inside a map of variables. */
  #asText = false;
  readonly #count = { error: 0, warning: 0 };

  constructor(root: Node, lines: Lines, problems: Problem[], variables?: ScriptVariables) {
    this.#variables = variables;
    this.#root = root;
    this.#lines = lines;
    this.#problems = problems;
  }

  /** The value; undefined when it was refused, and a problem says why. */
  toJson(): Json | undefined {
    try {
      const value = this.#value(this.#root, 0);
      this.#problems.push(...untold(0, Math.max(0, this.#count.warning - MOST_TOLD)));
      return value;
    } catch (error) {
      if (error instanceof Refused) return undefined;
      throw error;
    }
  }

  /** Offset in the text of the value at `path`, or of its key. */
  offsetOf(path: YamlPath, part: "value" | "key"): number | undefined {
    let node: Node | undefined = this.#root;
    let key: Node | undefined;
    for (const step of path) {
      const parent: Node | undefined = this.#follow(node);
      key = undefined;
      if (isSeq(parent) && typeof step === "number") {
        node = parent.items[step] as Node | undefined;
      } else if (isMap(parent)) {
        const pair = this.#find(parent, String(step));
        key = pair?.key as Node | undefined;
        node = (pair?.value ?? undefined) as Node | undefined;
      } else node = undefined;
      if (!node && !key) return undefined;
    }
    if (key && (part === "key" || !node || !standsForItself(node))) return start(key);
    return node && start(node);
  }

  #value(node: Node, depth: number): Json {
    if (depth > MAX_DEPTH) this.#refuse(node, `maps and lists are nested more than ${MAX_DEPTH} deep`);
    if (this.#open.size > 0 && ++this.#aliased > MAX_ALIASED) {
      this.#refuse(
        node,
        `the aliases of this file make more than ${MAX_ALIASED} values of a few lines`,
        "write the values out, or use fewer levels of anchors",
      );
    }
    if (isAlias(node)) {
      const target = this.#target(node);
      if (this.#open.has(target)) this.#refuse(node, `the anchor "${node.source}" contains itself`);
      this.#open.add(target);
      const value = this.#value(target, depth + 1);
      this.#open.delete(target);
      return value;
    }
    // copies made for an alias leave the anchors as they are
    if ("anchor" in node && node.anchor && this.#open.size === 0) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return this.#scalar(node);
    this.#checkTag(node, isMap(node) ? `${TAG}map` : `${TAG}seq`);
    if (isSeq(node)) return node.items.map((item) => this.#item(item, depth));
    return isMap(node) ? this.#map(node, depth) : null;
  }

  /** In `[a: b]` the parser leaves a pair. */
  #item(item: unknown, depth: number): Json {
    if (isPair(item)) {
      const key = this.#keyText(item.key as Node);
      return { [key]: item.value ? this.#value(item.value as Node, depth + 1) : null };
    }
    return item ? this.#value(item as Node, depth + 1) : null;
  }

  #map(node: YAMLMap, depth: number): JsonMap {
    const own: JsonMap = {};
    const pairs = new Map<string, Pair>();
    let merged: JsonMap | undefined;
    for (const pair of node.items) {
      const keyNode = pair.key as Node;
      if (isMergeKey(keyNode)) {
        merged ??= {};
        for (const [key, value] of Object.entries(this.#merge(pair, depth))) setKey(merged, key, value);
        continue;
      }
      const key = this.#keyText(keyNode);
      const first = pairs.get(key);
      if (first) this.#duplicate(key, first, pair);
      pairs.set(key, pair);
      const value = pair.value ? this.#entry(key, pair.value as Node, depth) : null;
      setKey(own, key, value);
    }
    return merged ? { ...merged, ...own } : own;
  }

  /** The value of a key, read with what the key says of it. */
  #entry(key: string, node: Node, depth: number): Json {
    const { names, below } = this.#variables ?? {};
    const [wasBelow, wasText] = [this.#below, this.#asText];
    if (key === below) this.#below = true;
    if (names?.includes(key) && (below === undefined ? depth === 0 : this.#below)) this.#asText = true;
    const value = this.#value(node, depth + 1);
    [this.#below, this.#asText] = [wasBelow, wasText];
    return value;
  }

  #merge(pair: Pair, depth: number): JsonMap {
    const node = pair.value as Node | null;
    const value = node && this.#value(node, depth + 1);
    const maps = Array.isArray(value) ? value : [value];
    if (!maps.every((map) => typeof map === "object" && map !== null && !Array.isArray(map))) {
      this.#problem("error", node ?? (pair.key as Node), "<< must name a map or a list of maps");
      return {};
    }
    // the first map of a list has precedence
    const merged: JsonMap = {};
    for (const map of (maps as JsonMap[]).reverse())
      for (const [key, value] of Object.entries(map)) setKey(merged, key, value);
    return merged;
  }

  #scalar(node: Scalar): Json {
    const text = node.source ?? "";
    const tag = node.tag;
    if (tag === undefined && node.type !== "PLAIN" && node.type !== undefined) return text;
    if (tag === `${TAG}str` || tag === `${TAG}timestamp`) return text;
    const value = resolvePlain(text);
    if (typeof value === "object" && value !== null) {
      this.#problem(
        "warning",
        node,
        `the number ${shorten(text)} is too large and is taken as text`,
        "put it in quotes",
      );
      return value.oversized;
    }
    // "!" alone asks for what the text would be without quotes
    if (tag !== undefined && tag !== "!") {
      const fits = tag === `${TAG}float` ? typeof value === "number" : tag === tagOf(value);
      if (!fits) this.#checkTag(node, "");
    }
    if (this.#asText && typeof value === "number" && text.includes(".")) return floatText(value);
    return value;
  }

  #checkTag(node: Node, expected: string): void {
    if (!("tag" in node) || !node.tag || node.tag === expected || node.tag === "!") return;
    const tag = node.tag.startsWith(TAG) ? `!!${node.tag.slice(TAG.length)}` : node.tag;
    this.#problem("error", node, `the tag ${tag} does not fit here`, "jobs and devices need no tags: remove it");
  }

  #keyText(node: Node | null): string {
    const key = this.#follow(node ?? undefined);
    if (isScalar(key)) return key.source ?? String(key.value ?? "");
    this.#problem(
      "error",
      node ?? this.#root,
      "a map or a list cannot be a key",
      'text that begins with { or [ must be quoted: "{...}"',
    );
    return "";
  }

  #duplicate(key: string, first: Pair, second: Pair): void {
    const at = this.#lines.at(start(first.key as Node));
    this.#problem(
      "warning",
      second.key as Node,
      `the key "${shorten(key)}" stands here again: the last one counts`,
      "",
      [{ ...at, message: "it stands here first" }],
    );
  }

  #find(map: YAMLMap, key: string): Pair | undefined {
    const { own, merges } = this.#indexOf(map);
    const found = own.get(key);
    if (found) return found;
    for (const pair of merges) {
      const value = this.#follow(pair.value as Node);
      for (const item of isSeq(value) ? value.items : [value]) {
        const inner = this.#follow(item as Node);
        const found = isMap(inner) ? this.#find(inner, key) : undefined;
        if (found) return found;
      }
    }
    return undefined;
  }

  /** The last pair of each key, and what is merged, the last first. */
  #indexOf(map: YAMLMap): { own: Map<string, Pair>; merges: Pair[] } {
    let index = this.#indexes.get(map);
    if (!index) {
      index = { own: new Map(), merges: [] };
      for (const pair of map.items)
        if (isMergeKey(pair.key as Node)) index.merges.push(pair);
        else index.own.set(keyOf(pair), pair);
      index.merges.reverse();
      this.#indexes.set(map, index);
    }
    return index;
  }

  #target(alias: Node & { source: string }): Node {
    const known = this.#targets.get(alias);
    if (known) return known;
    const target = this.#anchors.get(alias.source);
    if (!target) this.#refuse(alias, `no anchor before it is named "${shorten(alias.source)}"`);
    this.#targets.set(alias, target);
    return target;
  }

  /** The node itself, or the one that an alias stands for. */
  #follow(node: Node | undefined): Node | undefined {
    let target = node;
    for (let step = 0; isAlias(target) && step < MAX_DEPTH; step++) {
      target = this.#targets.get(target) ?? this.#anchors.get(target.source);
    }
    return target;
  }

  #problem(
    severity: "error" | "warning",
    node: Node,
    message: string,
    hint = "",
    related?: NonNullable<Problem["related"]>,
  ): void {
    const problem = {
      severity,
      message,
      ...this.#lines.at(start(node)),
      ...(hint && { hint }),
      ...(related && { related }),
    };
    // a copy made for an alias finds the same again
    const line = problem.location.line;
    const column = problem.location.column;
    if (this.#open.size > 0 && this.#problems.some(({ location: at }) => at?.line === line && at.column === column))
      return;
    this.#count[severity] += 1;
    if (this.#count[severity] <= MOST_TOLD) this.#problems.push(problem);
    if (this.#count.error < MOST_TOLD) return;
    this.#problems.push({
      severity: "error",
      message: `there are more than ${MOST_TOLD} problems: reading ends here`,
    });
    throw new Refused();
  }

  #refuse(node: Node, message: string, hint = ""): never {
    this.#problem("error", node, message, hint);
    throw new Refused();
  }
}

/** Ends the conversion; the problem has been noted. */
class Refused extends Error {}

const start = (node: Node): number => node.range?.[0] ?? 0;

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}...` : text);

const keyOf = (pair: Pair): string => (isScalar(pair.key) ? (pair.key.source ?? String(pair.key.value ?? "")) : "");

const isMergeKey = (node: unknown): boolean => isScalar(node) && node.source === "<<" && node.type === "PLAIN";

/** Scalars with text and flow collections show what is meant; for block collections and nothing the key does. */
function standsForItself(node: Node): boolean {
  if (isMap(node) || isSeq(node)) return node.flow === true;
  return isAlias(node) || (isScalar(node) && (node.source ?? "") !== "");
}

function tagOf(value: Json): string {
  if (value === null) return `${TAG}null`;
  if (typeof value === "boolean") return `${TAG}bool`;
  if (typeof value === "number") return Number.isInteger(value) ? `${TAG}int` : `${TAG}float`;
  return `${TAG}str`;
}
