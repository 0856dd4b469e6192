import type { Budget } from "./budget.js";

/** A place in a template. */
export interface Place {
  template: string;
  line: number;
}

/** Text that is being written, and where each of its lines comes from. */
export class Output {
  readonly #parts: string[] = [];
  /** One for each line; a line belongs to what wrote its first letters. */
  readonly #places: (Place | undefined)[] = [undefined];
  #isBlank = true;
  constructor(private readonly budget: Budget) {}

  /** The number of the line that is being written, from 1. */
  get line(): number {
    return this.#places.length;
  }

  /** @param follows whether the text's lines are those of the template: text of the template itself */
  write(text: string, template: string, line: number, follows = false): void {
    if (text === "") return;
    this.budget.write(text.length);
    this.#parts.push(text);
    let at = line;
    let from = 0;
    for (let end = text.indexOf("\n"); ; end = text.indexOf("\n", from)) {
      this.#note(end < 0 ? text.slice(from) : text.slice(from, end), { template, line: at });
      if (end < 0) return;
      if (follows) at++;
      from = end + 1;
      this.#places.push(undefined);
      this.#isBlank = true;
    }
  }

  /** What another one wrote, or what a filter made of it: where the lines are as many, they come from where they came. */
  copy(text: string, from: Output, template: string, line: number): void {
    const places = from.#places;
    const lines = text.split("\n");
    if (lines.length !== places.length) {
      this.write(text, template, line);
      return;
    }
    for (const [index, part] of lines.entries()) {
      const place = places[index] ?? { template, line };
      this.write(index < lines.length - 1 ? `${part}\n` : part, place.template, place.line);
    }
  }

  get text(): string {
    return this.#parts.join("");
  }
  get places(): (Place | undefined)[] {
    return this.#places;
  }

  #note(text: string, place: Place): void {
    const last = this.#places.length - 1;
    if (this.#isBlank && (this.#places[last] === undefined || text.trim() !== "")) this.#places[last] = place;
    if (text.trim() !== "") this.#isBlank = false;
  }
}
