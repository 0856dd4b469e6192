import { Automaton } from "./automaton.js";
import { CharacterSet } from "./character-set.js";
import { Op, type Program } from "./program.js";

/** The state at each place of a text. */
interface Table {
  /** The first place. */
  from: number;
  states: Int32Array;
  /** Whether the program matches from there. */
  matches: Uint8Array;
}

/**
 * Runs a program over texts. It goes through the text from its end and notes for each place from which instructions a
 * match is reached; from the first place where one is, the way that backtracking would find is then walked without a wrong
 * turn. So the time is that of the text times the expression at most, whatever both are.
 */
export class Machine {
  readonly #program: Program;
  readonly #automata = new Map<Program, Automaton>();
  /** The text searched last, and what is known of it. */
  #text = "";
  readonly #tables = new Map<Program, Table>();

  constructor(program: Program, flags: string) {
    this.#program = program;
    const sets = new Map<string, CharacterSet>();
    const setOf = (token: string) => {
      const set = sets.get(token) ?? new CharacterSet(token, flags);
      sets.set(token, set);
      return set;
    };
    const add = (each: Program) => {
      this.#automata.set(each, new Automaton(each, flags, setOf));
      for (const look of each.looks) add(look.program);
    };
    add(program);
  }

  /**
   * The places of the first match that begins at `from` or later: the whole, then each capture, begin and end; -1 for what
   * took no part.
   * @param sticky only a match that begins at `from`
   * @throws TooManyStates
   */
  find(text: string, from: number, captures: number, sticky: boolean): Int32Array | undefined {
    if (text !== this.#text) {
      this.#tables.clear();
      for (const automaton of this.#automata.values()) automaton.reset();
      this.#text = text;
    }
    const { matches, from: first } = this.#table(this.#program, from);
    const row = sticky ? (matches[from - first] === 1 ? from - first : -1) : matches.indexOf(1, from - first);
    if (row < 0) return undefined;
    const slots = new Int32Array(2 * captures + 2).fill(-1);
    slots[0] = first + row;
    slots[1] = this.#walk(this.#program, first + row, slots);
    return slots;
  }

  #walk(program: Program, start: number, slots: Int32Array): number {
    const { ops, a, b, c, behind, looks } = program;
    const { states, from } = this.#tables.get(program) as Table;
    const automaton = this.#automata.get(program) as Automaton;
    let at = start;
    for (let op = program.start; ops[op] !== Op.Match; ) {
      const first = a[op]!;
      switch (ops[op]) {
        case Op.Set:
          at += behind ? -1 : 1;
          break;
        case Op.Save:
          slots[first] = at;
          break;
        case Op.Forget:
          slots.fill(-1, first, c[op]);
          break;
        case Op.Look: {
          const look = looks[first]!;
          if (look.captures) this.#walk(look.program, at, slots);
        }
      }
      const isFirst = ops[op] === Op.Split && automaton.reached(states[at - from]!)[first] === 1;
      op = isFirst ? first : b[op]!;
    }
    return at;
  }

  #table(program: Program, from: number): Table {
    const known = this.#tables.get(program);
    if (known && known.from <= from) return known;
    const table = this.#fill(program, program.behind ? 0 : from);
    this.#tables.set(program, table);
    return table;
  }

  #fill(program: Program, from: number): Table {
    const { behind, start } = program;
    const text = this.#text;
    const automaton = this.#automata.get(program) as Automaton;
    const asserts = automaton.assertions(text);
    const looks = program.looks.map((look) => ({ seen: this.#table(look.program, from), negated: look.negated }));
    const plain = asserts.length + looks.length === 0;
    const rows = text.length - from + 1;
    const table: Table = { from, states: new Int32Array(rows), matches: new Uint8Array(rows) };
    let state = 0;
    for (let row = 0; row < rows; row++) {
      const at = behind ? from + row : text.length - row;
      const code = row === 0 ? -1 : text.charCodeAt(behind ? at - 1 : at);
      let context = 0;
      if (!plain) {
        let bit = 0;
        for (const holds of asserts) context |= (holds(at) ? 1 : 0) << bit++;
        for (const { seen, negated } of looks) context |= (seen.matches[at - seen.from]! ^ (negated ? 1 : 0)) << bit++;
      }
      state = automaton.step(state, automaton.classOf(code), context);
      table.states[at - from] = state;
      table.matches[at - from] = automaton.reached(state)[start]!;
    }
    return table;
  }
}
