import { TooManyStates } from "./automaton.js";
import { Plan } from "./plan.js";

/** Flags with which an expression is another language; none that comes from outside has them. */
const OTHER_LANGUAGE = /[uvd]/;
/** So few choices, without a repeat, are tried in no time. */
const FEW_CHOICES = 8;
/** Longer texts come from no console and no file. */
const LONG = 1e6;
/** Plans are kept: a conversation compiles the same expressions again and again. What was given up is given up for all. */
const plans = new Map<string, Plan>();
const KEPT_PLANS = 256;
/** Shorter texts are searched as soon as looked through for what must stand in them. */
const WORTH_A_LOOK = 256;

/**
 * A regular expression of a job, a device or a definition: it finds what `new RegExp(source, flags)` finds, in a time that
 * neither the expression nor the text can make long.
 *
 * - Where backtracking is bounded, by what the expression is and how long the text, the engine searches.
 * - Else an automaton goes through the text once (machine.ts).
 * - What refers back to its groups, or is far too large, no automaton can search: the engine does until a time has passed.
 *   Then nothing is found (`gaveUp`).
 */
export function boundedRegExp(source: string, flags = ""): RegExp {
  const native = new RegExp(source, flags);
  const choices = source.split(/[|?]/).length - 1;
  const isHarmless = OTHER_LANGUAGE.test(flags) || (choices <= FEW_CHOICES && !/[*+{]/.test(source));
  const expression = isHarmless ? native : new BoundedRegExp(native);
  // What is too large for the engine is only found when it is first used.
  const isQuick = isHarmless || (choices <= FEW_CHOICES && !/\)[*+?{]/.test(source));
  (isQuick ? native : expression).test("");
  native.lastIndex = 0;
  expression.lastIndex = 0;
  return expression;
}

/** Whether a search of a long text by the engine itself could take long. */
export const needsBounds = (expression: RegExp): boolean =>
  expression instanceof BoundedRegExp && expression.plan.longest < LONG;

/** What an automaton cannot search has references, or counts of more than one digit. */
const MAY_BE_TIMED = /\\[1-9k]|\d\d[,}]/;

/** Why nothing but the clock bounds the search of a long text; undefined where something does. */
export function whyTimed(expression: RegExp): string | undefined {
  if (!MAY_BE_TIMED.test(expression.source) || !needsBounds(expression)) return undefined;
  const { machine, refersBack } = (expression as BoundedRegExp).plan;
  if (machine) return undefined;
  return refersBack ? "it refers back to a group and repeats" : "its repeats multiply to too many";
}

/** Whether searches were given up as they took too long: nothing is found any more. */
export const gaveUp = (expression: RegExp): boolean =>
  expression instanceof BoundedRegExp && expression.plan.timed.gaveUp;

function planOf(source: string, flags: string): Plan {
  const key = `${flags.replace(/[gy]/g, "")}/${source}`;
  let plan = plans.get(key);
  if (!plan) {
    if (plans.size >= KEPT_PLANS) plans.clear();
    plan = new Plan(source, flags);
    plans.set(key, plan);
  }
  return plan;
}

class BoundedRegExp extends RegExp {
  readonly #native: RegExp;
  #plan: Plan | undefined;

  /** JavaScript copies an expression with the flags as second argument. */
  constructor(source: RegExp, flags = source.flags) {
    super(source, flags);
    this.#native = new RegExp(source, flags);
  }

  get plan(): Plan {
    this.#plan ??= planOf(this.source, this.flags);
    return this.#plan;
  }

  override exec(text: string): RegExpExecArray | null {
    const from = this.global || this.sticky ? this.lastIndex : 0;
    if (this.#cannotMatch(text, from)) return null;
    this.#native.lastIndex = from;
    const found = text.length - from <= this.plan.longest ? this.#native.exec(text) : this.#search(text, from);
    this.lastIndex = this.#native.lastIndex;
    return found;
  }

  override test(text: string): boolean {
    const from = this.global || this.sticky ? this.lastIndex : 0;
    if (this.#cannotMatch(text, from)) return false;
    if (text.length - from > this.plan.longest) return this.exec(text) !== null;
    this.#native.lastIndex = from;
    const found = this.#native.test(text);
    this.lastIndex = this.#native.lastIndex;
    return found;
  }

  /** A long text without the characters that stand in every match: backtracking would try each place for nothing. */
  #cannotMatch(text: string, from: number): boolean {
    if (text.length - from < WORTH_A_LOOK || text.includes(this.plan.literal, from)) return false;
    this.lastIndex = 0;
    return true;
  }

  #search(text: string, from: number): RegExpExecArray | null {
    const { machine, literal, timed } = this.plan;
    let found: RegExpExecArray | null = null;
    if (from <= text.length && text.includes(literal, from)) {
      if (!machine) return timed.exec(this.#native, text);
      try {
        found = this.#run(text, from);
      } catch (error) {
        if (!(error instanceof TooManyStates)) throw error;
        return timed.exec(this.#native, text);
      }
    }
    this.#native.lastIndex = found && (this.global || this.sticky) ? found.index + found[0].length : 0;
    return found;
  }

  #run(text: string, from: number): RegExpExecArray | null {
    const { tree, machine } = this.plan;
    const slots = machine?.find(text, from, tree.captures, this.sticky);
    if (!slots) return null;
    const parts: (string | undefined)[] = [];
    for (let slot = 0; slot <= 2 * tree.captures; slot += 2) {
      const begin = slots[slot] ?? -1;
      const end = slots[slot + 1] ?? -1;
      parts.push(begin < 0 || end < 0 ? undefined : text.slice(begin, end));
    }
    const groups = Object.create(null) as { [name: string]: string | undefined };
    for (const [name, index] of tree.names) groups[name] = parts[index];
    return Object.assign(parts, {
      index: slots[0],
      input: text,
      groups: tree.names.length > 0 ? groups : undefined,
    }) as RegExpExecArray;
  }
}
