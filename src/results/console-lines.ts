/** The console of a recording as plain lines, with the time at which each was begun. */
import { withoutReturns } from "../base/line-ends.js";

const KERNEL = /^\[ {0,6}\d{1,7}\.\d{6}\]/;
/** Escape sequences of a terminal: CSI, OSC and the short ones; then every control character but tab. */
const ESCAPES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are meant
  /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-Z\\^-~])|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
/** A board may print without ever ending a line. */
const LONGEST = 4000;

export interface ConsoleLine {
  /** Seconds since the recording began. */
  at: number;
  text: string;
  kind: "target" | "kernel" | "input";
}

/** Takes the events of a recording; `take` gives the lines that are whole. */
export class ConsoleLines {
  #line = "";
  #at = 0;
  readonly #tell: (line: ConsoleLine) => void;

  constructor(tell: (line: ConsoleLine) => void) {
    this.#tell = tell;
  }

  output(at: number, text: string): void {
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      this.#grow(at, text.slice(from, end));
      this.#end();
      from = end + 1;
    }
    this.#grow(at, text.slice(from));
  }

  input(at: number, text: string): void {
    for (const line of text.split(/\r?\n|\r/))
      if (line !== "") this.#tell({ at, text: line.replace(ESCAPES, ""), kind: "input" });
  }

  /** What stands at the prompt when the recording ends. */
  end(): void {
    if (this.#line !== "") this.#end();
  }

  #grow(at: number, text: string): void {
    if (text === "") return;
    if (this.#line === "") this.#at = at;
    this.#line += text;
    if (this.#line.length > LONGEST) this.#end();
  }

  #end(): void {
    // What a carriage return goes back over was written again.
    const text = (withoutReturns(this.#line).split("\r").at(-1) ?? "").replace(ESCAPES, "");
    // A copy: a piece of a string would keep all of it in memory.
    const shown = text.length > LONGEST ? `${Buffer.from(text.slice(0, LONGEST)).toString()}…` : text;
    this.#tell({ at: this.#at, text: shown, kind: KERNEL.test(text) ? "kernel" : "target" });
    this.#line = "";
  }
}
