import { JinjaError } from "./errors.js";

/** What rendering one template may take. LAVA's largest device types take 1 % of it. */
export interface Limits {
  /** Statements and expressions that are carried out. */
  steps: number;
  /** Characters of the rendered text. */
  output: number;
  /** Characters and list items that are made on the way. */
  memory: number;
  /** Macros, blocks, includes and loops within each other. */
  depth: number;
}

export const LIMITS: Limits = { steps: 4_000_000, output: 4 * 2 ** 20, memory: 2 ** 27, depth: 150 };

/** Counts what a rendering takes: no template can go on for ever or fill the memory. */
export class Budget {
  #steps = 0;
  #memory = 0;
  #output = 0;
  #depth = 0;
  constructor(private readonly limits: Limits) {}

  step(): void {
    if (++this.#steps > this.limits.steps)
      throw tooMuch(`takes more than ${this.limits.steps} steps`, "an endless loop?");
  }

  /** @param size characters or items that are about to be made */
  make(size: number): void {
    this.#memory += size;
    if (!(this.#memory <= this.limits.memory))
      throw tooMuch(`makes more than ${this.limits.memory} characters of values`);
    // what takes long in one step counts as several
    this.#steps += size >> 8;
  }

  write(size: number): void {
    this.#output += size;
    if (this.#output > this.limits.output) throw tooMuch(`writes more than ${this.limits.output} characters`);
  }

  /** Goes one level deeper while `work` is done. */
  deeper<T>(work: () => T): T {
    if (this.#depth >= this.limits.depth) {
      throw tooMuch(`goes more than ${this.limits.depth} levels deep`, "does something call or include itself?");
    }
    this.#depth++;
    try {
      return work();
    } finally {
      this.#depth--;
    }
  }
}

const tooMuch = (what: string, question?: string): JinjaError =>
  new JinjaError("limit", `the template ${what}${question ? `: ${question}` : ""}`);
