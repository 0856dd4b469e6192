import { type CompiledPattern, type Expressions, WINDOW } from "./compiled-pattern.js";
import type { OutputHistory } from "./output-history.js";
import { PatternUnions, type Union } from "./pattern-union.js";
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
  sooner?: Match["sooner"];
}

/** Somebody who looks for patterns. Each has a place of its own in the output, as one's match hides none of another's. */
export interface Seeker {
  patterns: CompiledPattern[];
  /** Offset from which on matches begin. */
  from: number;
  /** Offset after which they end. */
  after: number;
  /** Offset of the end of the match before, where `^` may stand for it. */
  origin?: number;
  /** It goes on after a match, and hears nothing that came after a match of those who do not, until they have it. */
  watches?: boolean;
  found(hit: Hit): void;
  /** It has what it wanted: nothing more is told to it. */
  done?: boolean;
}

/** Left context, so that `^` and `\b` at the first place of a window see what stands before it. */
const CONTEXT = 16;
/** Characters of finished lines that are looked through at once, at most. */
const BLOCK = 8 * 1024;

/** What the scanner remembers of a seeker. */
interface Standing {
  union: Union;
  /** Lines that begin before this offset were looked through. */
  seen: number;
  /** A watcher's match that came after a match which others have not taken yet. */
  kept?: Hit | undefined;
}

/** The output from an offset to another. */
interface Stretch {
  text: string;
  base: number;
}

/**
 * Finds the patterns of all seekers. What is found does not depend on how the output was cut: it is looked through line
 * by line, as if all of a line had come at once; in each line the earliest match wins, at one place the lower index. In
 * a line that has not ended a match is taken at once when nothing that may follow could change it, else when the line
 * ends or the board has been silent. A reading with `.` within the line goes before one with `.` as any character.
 *
 * Mostly nothing matches, which one pass of one expression over each piece of the output tells.
 */
export class PatternScanner {
  readonly #history: OutputHistory;
  readonly #seekers = new Map<Seeker, Standing>();
  readonly #unions = new PatternUnions();
  #all: Union | undefined;
  #holding = false;
  #waiting = false;
  #watched = 0;
  /** Offset up to which all that there was has been looked through. */
  #scanned = 0;

  constructor(history: OutputHistory) {
    this.#history = history;
  }

  add(seeker: Seeker): void {
    if (seeker.patterns.length === 0) return;
    const standing: Standing = { union: this.#unions.of(seeker.patterns), seen: seeker.from };
    this.#seekers.set(seeker, standing);
    this.#all = undefined;
    if (!seeker.watches) return;
    // What came before it began to watch is told when somebody goes on from there.
    standing.kept = this.#next(seeker, standing, false);
    if (standing.kept) this.#waiting = true;
  }

  delete(seeker: Seeker): void {
    seeker.done = true;
    if (this.#seekers.delete(seeker)) this.#all = undefined;
  }

  get idle(): boolean {
    return this.#seekers.size === 0;
  }

  /** Characters before a place that the seeker has to see with it. */
  reachOf({ patterns }: Seeker): number {
    return Math.max(0, ...patterns.map(({ reach }) => reach));
  }

  /** Whether a match in the unfinished line waits for more output, or for silence. */
  get holding(): boolean {
    return this.#holding;
  }

  /** Whether watchers wait for somebody to go on from a match. */
  get waiting(): boolean {
    return this.#waiting;
  }

  /** Offset up to which watchers have heard what there is. */
  get watched(): number {
    return this.#watched;
  }

  /**
   * One begins to look: first at what is there already. Those who had a match before have gone on from it, so watchers
   * hear what came after it.
   */
  begin(seeker: Seeker, settled: boolean): void {
    this.add(seeker);
    const standing = this.#seekers.get(seeker);
    const hit = standing && this.#next(seeker, standing, settled);
    this.#waiting = false;
    this.#tellWatchers(hit?.end ?? Number.POSITIVE_INFINITY, settled);
    if (!hit || seeker.done) return;
    this.#waiting = true;
    seeker.found(hit);
  }

  /** Nobody goes on from the last match for a while: watchers hear what came after it. */
  goOn(settled = false): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#tellWatchers(Number.POSITIVE_INFINITY, settled);
  }

  /**
   * Looks through what came.
   * @param settled nothing more is known to come: the unfinished line counts as it stands
   */
  scan(settled = false): void {
    if (this.#seekers.size === 0) return;
    const held = this.#holding;
    this.#holding = false;
    const scanned = this.#scanned;
    this.#scanned = this.#history.end;
    if (!settled && !this.#waiting && this.#nothing(scanned, held)) return;
    const hits: [Seeker, Hit][] = [];
    let limit = Number.POSITIVE_INFINITY;
    for (const [seeker, standing] of this.#seekers) {
      if (seeker.watches) continue;
      const hit = this.#next(seeker, standing, settled);
      if (!hit) continue;
      hits.push([seeker, hit]);
      limit = Math.min(limit, hit.end);
    }
    if (!this.#waiting) this.#tellWatchers(limit, settled);
    if (hits.length > 0) this.#waiting = true;
    for (const [seeker, hit] of hits) if (!seeker.done) seeker.found(hit);
  }

  /** Tells the watchers what came up to an offset. */
  #tellWatchers(limit: number, settled: boolean): void {
    let any = false;
    for (const [seeker, standing] of [...this.#seekers]) {
      if (!seeker.watches) continue;
      any = true;
      while (!seeker.done) {
        const hit = standing.kept ?? this.#next(seeker, standing, settled);
        standing.kept = hit && hit.end > limit ? hit : undefined;
        if (!hit || standing.kept) break;
        seeker.found(hit);
      }
    }
    if (any) this.#watched = Math.max(this.#watched, Math.min(limit, this.#history.end));
  }

  /** Whether nothing of what all seekers have not seen matches anything: mostly it is so. */
  #nothing(scanned: number, held: boolean): boolean {
    const { lineStart, end } = this.#history;
    this.#all ??= this.#unions.of([...this.#seekers.keys()].flatMap(({ patterns }) => patterns));
    const union = this.#all;
    // A match over lines that was not told already ends in what came now.
    const narrow = !held && union.inLine && this.#noWideEnd(union, scanned);
    if (union.hidden && !narrow) return false;
    let from = end;
    for (const [seeker, { seen, kept }] of this.#seekers) {
      if (kept) return false;
      from = Math.min(from, Math.max(narrow ? seen : seen - union.reach, scanned - WINDOW, seeker.from));
    }
    const { text, base } = this.#stretch(from, end);
    if (matches(narrow ? union.narrow : union.any, text, from - base)) return false;
    let watchers = false;
    for (const [seeker, standing] of this.#seekers) {
      standing.seen = Math.max(standing.seen, lineStart);
      if (seeker.watches) watchers = true;
    }
    if (watchers) this.#watched = Math.max(this.#watched, end);
    return true;
  }

  /** Whether what came since an offset holds nothing that a match with `.` as any character ends with. */
  #noWideEnd({ wideEnds, wideEnd }: Union, since: number): boolean {
    if (wideEnds.length === 0) return false;
    const from = Math.max(this.#history.start, since - wideEnd + 1);
    return !matches(wideEnds, this.#history.slice(from), 0);
  }

  #next(seeker: Seeker, standing: Standing, settled: boolean): Hit | undefined {
    const { lineStart, end } = this.#history;
    if (standing.seen < lineStart) {
      const hit = this.#inLines(seeker, standing, lineStart);
      if (hit) return hit;
      standing.seen = lineStart;
    }
    if (settled) return this.#upTo(seeker, standing.union, this.#textOf(seeker, standing.union, end));
    return this.#early(seeker, standing.union);
  }

  /** The first match in the finished lines: as if it were looked for whenever a line ended. */
  #inLines(seeker: Seeker, standing: Standing, to: number): Hit | undefined {
    const { union } = standing;
    const { text, base } = this.#stretch(Math.max(seeker.from, standing.seen - union.reach), to, seeker);
    let block = 0;
    for (let done = Math.max(standing.seen, base); done < to; ) {
      const lineEnd = endOfLine(text, done - base) + base;
      const end = block === 0 ? lineEnd : endOfLine(text, Math.min(text.length, done - base + block)) + base;
      const from = Math.max(seeker.from, done - union.reach);
      const part = text.slice(0, end - base);
      if (!union.hidden && !matches(union.any, part, from - base)) {
        done = end;
        block = Math.min(BLOCK, 2 * block + 256);
      } else if (end > lineEnd) block = 0;
      else {
        const hit = this.#upTo(seeker, union, { text: part, base });
        if (hit) return hit;
        done = end;
      }
      standing.seen = done;
    }
    return undefined;
  }

  /** The match in the text up to its end. */
  #upTo(seeker: Seeker, union: Union, stretch: Stretch): Hit | undefined {
    const from = Math.max(seeker.from, stretch.base + stretch.text.length - WINDOW) - stretch.base;
    return (
      this.#search(seeker, union.narrow, stretch, from, (compiled) => compiled) ??
      (union.hasWide ? this.#search(seeker, union.wide, stretch, from, ({ wide }) => wide) : undefined)
    );
  }

  /** The match in a line that has not ended, when nothing that may follow could change it. */
  #early(seeker: Seeker, union: Union): Hit | undefined {
    const { end, lineStart } = this.#history;
    if (union.hasWide && end > lineStart) this.#holding = true;
    const stretch = this.#textOf(seeker, union, end);
    const first = union.inLine ? Math.max(lineStart, end - WINDOW) : end - WINDOW;
    const from = Math.max(seeker.from, first) - stretch.base;
    if (from > stretch.text.length) return undefined;
    const before = seeker.from;
    const hit = this.#search(seeker, union.narrow, stretch, from, (compiled) => compiled);
    if (!hit || isDecided(seeker, hit, stretch, from)) return hit;
    seeker.from = before;
    this.#holding = true;
    return undefined;
  }

  /** The text that may hold a match that ends in the line that is being written. */
  #textOf(seeker: Seeker, union: Union, end: number): Stretch {
    const first = end - WINDOW;
    const begin = union.inLine && !union.hasWide ? Math.max(first, this.#history.lineStart) : first;
    return this.#stretch(Math.max(seeker.from, begin), end, seeker);
  }

  #search(
    seeker: Seeker,
    expressions: RegExp[],
    { text, base }: Stretch,
    from: number,
    reading: (compiled: CompiledPattern) => Expressions | undefined,
  ): Hit | undefined {
    // What begins with anything is found at the first place, or nowhere.
    const first = seeker.patterns.some((compiled) => compiled.wideAtFirst && reading(compiled) === compiled.wide);
    for (let at = from; at <= text.length; at += 1) {
      const place = first && at === from ? at : nextPlace(expressions, text, at);
      if (place === undefined) return undefined;
      for (const compiled of seeker.patterns) {
        const here = reading(compiled)?.here;
        if (!here) continue;
        here.lastIndex = place;
        const groups = here.exec(text);
        if (!groups) continue;
        const end = place + groups[0].length;
        if (base + end <= seeker.after) continue;
        seeker.from = base + Math.max(end, place + 1);
        return { compiled, groups, start: base + place, end: base + end };
      }
      at = place;
    }
    return undefined;
  }

  /** The output between two offsets, with some context before it, but none before the place where `^` stands. */
  #stretch(from: number, to: number, seeker?: Seeker): Stretch {
    const begin = seeker?.origin !== undefined && from <= seeker.origin ? from : from - CONTEXT;
    const base = Math.max(this.#history.start, begin, 0);
    return { text: this.#history.slice(base, to), base };
  }
}

/** Whether no pattern that goes before this match may still match when more comes. */
function isDecided(seeker: Seeker, hit: Hit, { text, base }: Stretch, from: number): boolean {
  const place = hit.start - base;
  const winner = seeker.patterns.indexOf(hit.compiled);
  for (const [index, { partial, ends }] of seeker.patterns.entries()) {
    if (!partial) return false;
    for (let at = from; at <= place; ) {
      partial.lastIndex = at;
      const groups = partial.exec(text);
      if (!groups || groups.index > place || (groups.index === place && index > winner)) break;
      if (ends.some((end) => groups[end] !== undefined)) return false;
      at = groups.index + 1;
    }
  }
  return true;
}

function matches(expressions: RegExp[], text: string, at: number): boolean {
  if (at > text.length) return false;
  return expressions.some((expression) => {
    expression.lastIndex = at;
    return expression.test(text);
  });
}

function nextPlace(expressions: RegExp[], text: string, at: number): number | undefined {
  let place: number | undefined;
  for (const expression of expressions) {
    expression.lastIndex = at;
    const index = expression.exec(text)?.index;
    if (index !== undefined && (place === undefined || index < place)) place = index;
  }
  return place;
}

/** Where the line ends in which a place of a text is, its line feed included. */
function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
}
