/** The grammar of JavaScript's regular expressions without the flags `u` and `v`, as a tree. */

export type Node =
  /** One character (UTF-16 unit): itself, an escape, a class or `.`, as it is written. */
  | { kind: "set"; token: string }
  | { kind: "sequence"; items: Node[] }
  | { kind: "choice"; options: Node[] }
  | { kind: "repeat"; body: Node; min: number; max: number; lazy: boolean; groups: [first: number, end: number] }
  | { kind: "group"; index: number; body: Node }
  | { kind: "assertion"; token: string }
  | { kind: "look"; body: Node; behind: boolean; negated: boolean; groups: [first: number, end: number] }
  | { kind: "back-reference" };

export interface Tree {
  root: Node;
  /** Number of captures, the whole match not counted. */
  captures: number;
  names: [name: string, index: number][];
}

const SET = /\[(?:\\[\s\S]|[^\]\\])*\]|\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|c[A-Za-z]|0[0-7]{0,2}|[\s\S])|[\s\S]/y;
const REPEAT = /(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})(\??)/y;
const OPENER = /\((?:\?(?:(:)|(<?)([=!])|<([^>]*)>))?/y;
const NAMED_REFERENCE = /\\k<[^>]*>/y;

/** Reads an expression that the engine has compiled: what is wrong in it was told by the engine. */
export function parseRegExp(source: string): Tree {
  let at = 0;
  let captures = 0;
  const names: Tree["names"] = [];
  const take = (token: RegExp): RegExpExecArray | null => {
    token.lastIndex = at;
    const found = token.exec(source);
    if (found) at += found[0].length;
    return found;
  };

  const choice = (): Node => {
    const options = [sequence()];
    while (source[at] === "|") {
      at += 1;
      options.push(sequence());
    }
    return options.length === 1 ? options[0]! : { kind: "choice", options };
  };

  const sequence = (): Node => {
    const items: Node[] = [];
    while (at < source.length && source[at] !== "|" && source[at] !== ")") {
      const before = captures;
      const body = item();
      const repeat = take(REPEAT);
      items.push(repeat ? repeated(body, repeat, [before + 1, captures + 1]) : body);
    }
    return items.length === 1 ? items[0]! : { kind: "sequence", items };
  };

  const item = (): Node => {
    const char = source[at];
    if (char === "(") return group();
    if (char === "^" || char === "$") {
      at += 1;
      return { kind: "assertion", token: char };
    }
    if (take(NAMED_REFERENCE)) return { kind: "back-reference" };
    const token = take(SET)![0];
    if (token === "\\b" || token === "\\B") return { kind: "assertion", token };
    return /^\\[1-9]$/.test(token) ? { kind: "back-reference" } : { kind: "set", token };
  };

  const group = (): Node => {
    const before = captures;
    const [, plain, behind, look, name] = take(OPENER)!;
    const capturing = !plain && !look;
    if (capturing) captures += 1;
    const index = captures;
    if (name !== undefined) names.push([name, index]);
    const body = choice();
    at += 1;
    if (look)
      return { kind: "look", body, behind: behind === "<", negated: look === "!", groups: [before + 1, captures + 1] };
    return capturing ? { kind: "group", index, body } : body;
  };

  return { root: choice(), captures, names };
}

function repeated(body: Node, found: RegExpExecArray, groups: [number, number]): Node {
  const [, sign, least, comma, most, lazy] = found;
  const min = sign ? (sign === "+" ? 1 : 0) : Number(least);
  const max = sign
    ? sign === "?"
      ? 1
      : Number.POSITIVE_INFINITY
    : comma
      ? most
        ? Number(most)
        : Number.POSITIVE_INFINITY
      : min;
  return { kind: "repeat", body, min, max, lazy: lazy === "?", groups };
}

/** Whether it may match without taking a character. */
export function isNullable(node: Node): boolean {
  switch (node.kind) {
    case "set":
      return false;
    case "sequence":
      return node.items.every(isNullable);
    case "choice":
      return node.options.some(isNullable);
    case "repeat":
      return node.min === 0 || isNullable(node.body);
    case "group":
      return isNullable(node.body);
    default:
      return true;
  }
}
