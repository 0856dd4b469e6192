import { type CompiledPattern, WINDOW } from "./compiled-pattern.js";
import type { Match } from "./types.js";

/** A match at absolute offsets of the output. */
export interface Hit {
  compiled: CompiledPattern;
  groups: RegExpExecArray;
  start: number;
  end: number;
  /** The line in which it ends, where it is known already. */
  line?: string;
  in?: Match["in"];
}

/** Somebody who looks for patterns. Each has a place of its own in the output, as one's match hides none of another's. */
export interface Seeker {
  patterns: CompiledPattern[];
  /** Offset from which on matches begin. */
  from: number;
  /** Offset after which they end. */
  after: number;
  found(hit: Hit): void;
  /** It has what it wanted: nothing more is told to it. */
  done?: boolean;
}

/** Left context, so that `^` and `\b` at the first place of a window see what stands before it. */
const CONTEXT = 16;
/** Compiled unions kept: a conversation asks for the same sets again and again. */
const KEPT_UNIONS = 64;

interface Union {
  expressions: RegExp[];
  /** Characters before a chunk that have to be seen again: whatever they are, and those of its line. */
  reach: number;
  lineReach: number;
}

/**
 * Finds all patterns of all seekers in one pass over the output: one regular expression finds the next place where any
 * of them matches, and only there it is asked which. The earliest match wins; at one place the lower index.
 */
export class PatternScanner {
  readonly #seekers = new Set<Seeker>();
  readonly #held = new Set<Seeker>();
  readonly #unions = new Map<string, Union>();
  #union: Union | undefined;

  add(seeker: Seeker): void {
    if (seeker.patterns.length === 0) return;
    this.#seekers.add(seeker);
    this.#union = undefined;
  }

  delete(seeker: Seeker): void {
    seeker.done = true;
    this.#held.delete(seeker);
    if (this.#seekers.delete(seeker)) this.#union = undefined;
  }

  get idle(): boolean {
    return this.#seekers.size === 0;
  }

  /** Whether a match that ends where the output ends waits for what comes next. */
  get holding(): boolean {
    return this.#held.size > 0;
  }

  /** Characters before a chunk that may have to be seen again with it. */
  get reach(): number {
    const { reach, lineReach } = this.#current();
    return Math.max(reach, lineReach) + CONTEXT;
  }

  /** Where the window for a chunk begins, with what has to be seen again of what was before it. */
  windowStart(chunk: number, lineStart: number): number {
    const { reach, lineReach } = this.#current();
    return Math.min(chunk - reach, Math.max(chunk - lineReach, lineStart)) - CONTEXT;
  }

  /**
   * Looks through a window of the output.
   * @param offset absolute offset of its first character
   * @param last nothing more is known to come: what was held counts as it stands
   */
  scan(window: string, offset: number, last = false): void {
    if (this.#seekers.size === 0) return;
    this.#held.clear();
    const { expressions } = this.#current();
    let first = Number.POSITIVE_INFINITY;
    for (const { from } of this.#seekers) first = Math.min(first, from - offset);
    // The first character of a cut window is only context: it may look like the beginning of a line.
    let at = Math.max(offset > 0 ? 1 : 0, first);
    if (!this.#matchesFrom(at, window)) return;
    const seekers = [...this.#seekers];
    const skipped = new Set<Seeker>();
    const places = expressions.map(() => -1);
    while (at <= window.length) {
      for (const [index, expression] of expressions.entries()) {
        if (places[index]! >= at) continue;
        expression.lastIndex = at;
        places[index] = expression.exec(window)?.index ?? Number.POSITIVE_INFINITY;
      }
      const place = Math.min(...places);
      if (place === Number.POSITIVE_INFINITY) return;
      for (const seeker of seekers) {
        if (seeker.from > offset + place || skipped.has(seeker) || seeker.done) continue;
        if (!this.#ask(seeker, window, place, offset, last)) skipped.add(seeker);
      }
      at = place + 1;
      if (seekers.length === 1) at = Math.max(at, seekers[0]!.from - offset);
      if (seekers.every((seeker) => skipped.has(seeker) || seeker.done)) return;
    }
  }

  /** Whether any of them matches: mostly none does. */
  #matchesFrom(at: number, window: string): boolean {
    if (at > window.length) return false;
    return this.#current().expressions.some((expression) => {
      expression.lastIndex = at;
      return expression.test(window);
    });
  }

  /** False when the seeker's match is held: it takes no further one in this window. */
  #ask(seeker: Seeker, window: string, place: number, offset: number, last: boolean): boolean {
    for (const compiled of seeker.patterns) {
      const { here, openEnded } = compiled;
      here.lastIndex = place;
      const groups = here.exec(window);
      if (!groups) continue;
      const end = place + groups[0].length;
      if (offset + end <= seeker.after) continue;
      if (openEnded && !last && end === window.length && groups[0].length < WINDOW / 2) {
        seeker.from = offset + place;
        this.#held.add(seeker);
        return false;
      }
      seeker.from = offset + Math.max(end, place + 1);
      seeker.found({ compiled, groups, start: offset + place, end: offset + end });
      return true;
    }
    return true;
  }

  #current(): Union {
    if (this.#union) return this.#union;
    const patterns = [...this.#seekers].flatMap((seeker) => seeker.patterns);
    const key = patterns.map(({ here }) => `${here.flags}${here.source}`).join("\0");
    let union = this.#unions.get(key);
    if (!union) {
      union = unite(patterns);
      if (this.#unions.size >= KEPT_UNIONS) this.#unions.clear();
      this.#unions.set(key, union);
    }
    this.#union = union;
    return union;
  }
}

function unite(patterns: CompiledPattern[]): Union {
  const expressions: RegExp[] = [];
  for (const flags of ["g", "gi"]) {
    const alternatives = new Set<string>();
    for (const { alternative, ignoreCase } of patterns)
      if (alternative !== undefined && ignoreCase === (flags === "gi")) alternatives.add(alternative);
    if (alternatives.size > 0) expressions.push(new RegExp([...alternatives].join("|"), flags));
  }
  for (const { alternative, anywhere } of patterns) if (alternative === undefined) expressions.push(anywhere);
  const longest = (some: CompiledPattern[]) => Math.max(0, ...some.map(({ reach }) => reach));
  return {
    expressions,
    reach: longest(patterns.filter(({ inLine }) => !inLine)),
    lineReach: longest(patterns.filter(({ inLine }) => inLine)),
  };
}
