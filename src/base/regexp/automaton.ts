import type { CharacterSet } from "./character-set.js";
import { Op, type Program } from "./program.js";

/** Bytes of all states together. */
const MOST_BYTES = 32e6;
/** States that are kept for the next text. */
const MOST_KEPT = 512;

/** The program has more states on this text than are worth it. */
export class TooManyStates extends Error {}

/**
 * A state says for each instruction of a program whether a match is reached from it. It depends on the state at the
 * neighbouring place, on the character between them and on what holds at the place (assertions, look-arounds); each such
 * step is made once.
 */
export class Automaton {
  readonly program: Program;
  readonly #flags: string;
  /** Whether a character of the class is in the set. */
  readonly #members: Uint8Array[] = [];
  readonly #sets: CharacterSet[];
  readonly #classes = new Map<string, number>();
  readonly #latin = new Int16Array(256).fill(-1);
  readonly #beyond = new Map<number, number>();
  /** By state: its instructions, and the states that follow it. */
  #states: Uint8Array[] = [];
  #steps: number[][] = [];
  #ids = new Map<string, number>();
  readonly #contexts: number;

  constructor(program: Program, flags: string, setOf: (token: string) => CharacterSet) {
    this.program = program;
    this.#flags = flags;
    this.#sets = program.sets.map(setOf);
    this.#contexts = 2 ** (program.assertions.length + program.looks.length);
    this.reset();
  }

  /** Before another text. */
  reset(): void {
    if (this.#states.length > 0 && this.#states.length <= MOST_KEPT) return;
    this.#states = [];
    this.#steps = [];
    this.#ids = new Map();
    // Beyond the end of the text nothing is reached.
    this.#stateOf(new Uint8Array(this.program.ops.length));
  }

  /** The instructions of a state: 1 for those from which a match is reached. */
  reached(state: number): Uint8Array {
    return this.#states[state] as Uint8Array;
  }

  /** The class of a character: those of one class are in the same sets. -1, for none, has the class 0. */
  classOf(code: number): number {
    if (code < 0) return 0;
    const known = code < 256 ? this.#latin[code] : this.#beyond.get(code);
    if (known !== undefined && known >= 0) return known;
    const signature = this.#sets.map((set) => (set.has(code) ? "1" : "0")).join("");
    let found = this.#classes.get(signature);
    if (found === undefined) {
      found = this.#classes.size + 1;
      this.#classes.set(signature, found);
      this.#members[found] = Uint8Array.from(signature, Number);
    }
    if (code < 256) this.#latin[code] = found;
    else this.#beyond.set(code, found);
    return found;
  }

  /**
   * The state at a place; 0 is that beyond the end.
   * @param beside the state at the neighbouring place
   * @param kind the class of the character between them
   * @param context a bit for each assertion and look-around that holds here
   */
  step(beside: number, kind: number, context: number): number {
    const steps = this.#steps[beside]!;
    const index = kind * this.#contexts + context;
    const known = steps[index];
    if (known !== undefined) return known;
    const made = this.#make(this.#states[beside]!, kind, context);
    steps[index] = made;
    return made;
  }

  #make(beside: Uint8Array, kind: number, context: number): number {
    const { ops, a, b, assertions } = this.program;
    const members = this.#members[kind];
    const now = new Uint8Array(ops.length);
    for (let op = 0; op < ops.length; op++) {
      const first = a[op]!;
      const next = b[op]!;
      switch (ops[op]) {
        case Op.Set:
          now[op] = members ? beside[next]! & members[first]! : 0;
          break;
        case Op.Split:
          now[op] = now[first]! | now[next]!;
          break;
        case Op.Match:
          now[op] = 1;
          break;
        case Op.Fail:
          break;
        case Op.Assert:
          now[op] = now[next]! & (context >> first);
          break;
        case Op.Look:
          now[op] = now[next]! & (context >> (assertions.length + first));
          break;
        default:
          now[op] = now[next]!;
      }
    }
    return this.#stateOf(now);
  }

  #stateOf(instructions: Uint8Array): number {
    const key = Buffer.from(instructions.buffer).toString("latin1");
    let id = this.#ids.get(key);
    if (id === undefined) {
      if ((this.#states.length + 1) * instructions.length > MOST_BYTES) throw new TooManyStates();
      id = this.#states.push(instructions) - 1;
      this.#steps.push([]);
      this.#ids.set(key, id);
    }
    return id;
  }

  /** For each assertion, whether it holds at a place of a text. */
  assertions(text: string): ((at: number) => boolean)[] {
    const lines = this.#flags.includes("m");
    const endsLine = (code: number) => code === 10 || code === 13 || code === 0x2028 || code === 0x2029;
    const word = (at: number) => at >= 0 && at < text.length && isWord(text.charCodeAt(at));
    const known: { [token: string]: (at: number) => boolean } = {
      "^": (at) => at === 0 || (lines && endsLine(text.charCodeAt(at - 1))),
      $: (at) => at === text.length || (lines && endsLine(text.charCodeAt(at))),
      "\\b": (at) => word(at - 1) !== word(at),
      "\\B": (at) => word(at - 1) === word(at),
    };
    return this.program.assertions.map((token) => known[token]!);
  }
}

const isWord = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122);
