import type { CompiledPattern, Expressions } from "./compiled-pattern.js";

/** Compiled unions kept: a conversation asks for the same sets again and again. */
const KEPT = 64;

/** Many patterns as few expressions. */
export interface Union {
  /** Where a pattern matches with `.` within a line, with `.` as any character, and either. */
  narrow: RegExp[];
  wide: RegExp[];
  any: RegExp[];
  /** Some pattern has another reading that is not among `any`: it has to be asked. */
  hidden: boolean;
  /** No pattern needs to see more than its line. */
  inLine: boolean;
  hasWide: boolean;
  /** What all matches with `.` as any character end with, and how long that is; none when it cannot be told. */
  wideEnds: RegExp[];
  wideEnd: number;
  /** Characters before a text that have to be seen with it, whatever they are. */
  reach: number;
}

/** Makes unions, and remembers those that it made last. */
export class PatternUnions {
  readonly #made = new Map<string, Union>();

  of(patterns: CompiledPattern[]): Union {
    const key = patterns.map(({ here, wide }) => `${here.flags}${here.source}${wide ? "s" : ""}`).join("\0");
    let union = this.#made.get(key);
    if (!union) {
      union = unite(patterns);
      if (this.#made.size >= KEPT) this.#made.clear();
      this.#made.set(key, union);
    }
    return union;
  }
}

interface Reading {
  ignoreCase: boolean;
  expressions: Expressions;
}

function unite(patterns: CompiledPattern[]): Union {
  const narrow = patterns.map((compiled): Reading => ({ ignoreCase: compiled.ignoreCase, expressions: compiled }));
  const wide = patterns.flatMap(({ wide: expressions, wideAtFirst, ignoreCase }): Reading[] =>
    expressions && !wideAtFirst ? [{ ignoreCase, expressions }] : [],
  );
  const ends = patterns.flatMap(({ wide: expressions, wideEnd, ignoreCase }) =>
    expressions ? [{ wideEnd, ignoreCase }] : [],
  );
  const known = ends.every(({ wideEnd }) => wideEnd !== undefined);
  const beyond = patterns.filter(({ inLine, wide: other }) => !inLine || other);
  return {
    narrow: join(narrow),
    wide: join(wide),
    any: wide.length > 0 ? join([...narrow, ...wide]) : join(narrow),
    hidden: patterns.some(({ wideAtFirst }) => wideAtFirst),
    inLine: patterns.every(({ inLine }) => inLine),
    hasWide: ends.length > 0,
    wideEnds: known ? ends.map(({ wideEnd, ignoreCase }) => new RegExp(wideEnd!.source, ignoreCase ? "gi" : "g")) : [],
    wideEnd: known ? Math.max(0, ...ends.map(({ wideEnd }) => wideEnd!.length)) : 0,
    reach: Math.max(0, ...beyond.map(({ reach }) => reach)),
  };
}

function join(readings: Reading[]): RegExp[] {
  const joined: RegExp[] = [];
  for (const flags of ["g", "gi"]) {
    const alternatives = new Set<string>();
    for (const { ignoreCase, expressions } of readings)
      if (expressions.alternative !== undefined && ignoreCase === (flags === "gi"))
        alternatives.add(expressions.alternative);
    if (alternatives.size > 0) joined.push(new RegExp([...alternatives].join("|"), flags));
  }
  for (const { expressions } of readings) if (expressions.alternative === undefined) joined.push(expressions.anywhere);
  return joined;
}
