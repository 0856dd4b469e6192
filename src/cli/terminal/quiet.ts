/** Almost nothing: the errors that end actions for good. */
import type { RunEvent, RunSink } from "../../interpreter/events.js";
import { harmless, type Paint } from "./paint.js";

export class Quiet implements RunSink {
  readonly #print: (line: string) => void;
  readonly #paint: Paint;
  constructor(print: (line: string) => void, paint: Paint) {
    this.#print = print;
    this.#paint = paint;
  }
  write(event: RunEvent): void {
    if (event.type !== "journal" || event.record.kind !== "verdict") return;
    const { error, further } = event.record.verdict;
    for (const each of error ? [error, ...further] : further)
      this.#print(`${this.#paint("red", `${each.class}:`)} ${harmless(each.message.split("\n", 1)[0]!)}`);
  }
  async close(): Promise<void> {}
}
