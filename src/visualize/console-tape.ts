/** console.cast in memory: what the board had printed at any moment, to the character; of several boards also each alone. */
import { CONSOLE_MARK, FIRST_CONSOLE } from "../results/console-marks.js";

export interface TapeNote {
  t: number;
  text: string;
}

export class ConsoleTape {
  /** ms since the Unix epoch of the recording's time zero; undefined until the header came. */
  start: number | undefined;
  columns = 80;
  rows = 24;
  /** What was sent to the board. */
  readonly inputs: TapeNote[] = [];
  broken = 0;
  /** By name; only of the tape that is made from the file. */
  readonly consoles = new Map<string, ConsoleTape>();
  #console = FIRST_CONSOLE;
  readonly #chunks: string[] = [];
  readonly #times: number[] = [];
  readonly #ends: number[] = [];

  /** Characters that the board has printed so far. */
  get length(): number {
    return this.#ends.at(-1) ?? 0;
  }

  /** Takes a line of the file; `epoch`: time zero where the header gives only its second. */
  addLine(line: string, epoch: number): void {
    if (line.trim() === "") return;
    try {
      const value = JSON.parse(line);
      if (Array.isArray(value)) this.#event(value);
      else this.#header(value, epoch);
    } catch {
      this.broken++;
    }
  }

  #header({ width, height, timestamp, start_ms }: { [key: string]: unknown }, epoch: number): void {
    if (typeof width === "number" && width > 0 && width < 1000) this.columns = width;
    if (typeof height === "number" && height > 0 && height < 1000) this.rows = height;
    const second = typeof timestamp === "number" ? timestamp * 1000 : epoch;
    if (typeof start_ms === "number") this.start = start_ms;
    else this.start = epoch >= second && epoch < second + 1000 ? epoch : second;
  }

  #event([seconds, kind, text]: unknown[]): void {
    if (typeof seconds !== "number" || typeof text !== "string") throw new Error("no event");
    if (kind === "m" && text.startsWith(CONSOLE_MARK)) this.#console = text.slice(CONSOLE_MARK.length);
    if (kind !== "i" && kind !== "o") return;
    const t = Math.max((this.start ?? 0) + seconds * 1000, this.#times.at(-1) ?? 0);
    const own = this.consoles.get(this.#console) ?? new ConsoleTape();
    this.consoles.set(this.#console, own);
    for (const tape of [this, own]) tape.#add(t, kind, text);
  }

  #add(t: number, kind: "i" | "o", text: string): void {
    if (kind === "i") this.inputs.push({ t, text });
    if (kind !== "o") return;
    this.#chunks.push(text);
    this.#times.push(t);
    this.#ends.push(this.length + text.length);
  }

  /** How many characters had come by then. */
  lengthAt(t: number): number {
    return this.#ends[firstAbove(this.#times, t) - 1] ?? 0;
  }
  /** When this character came. */
  timeAt(position: number): number {
    return this.#times[Math.min(firstAbove(this.#ends, position), this.#times.length - 1)] ?? 0;
  }
  /** The characters from one position to another. */
  slice(from: number, to: number): string {
    const parts: string[] = [];
    for (let i = firstAbove(this.#ends, from); i < this.#chunks.length; i++) {
      const begin = this.#ends[i - 1] ?? 0;
      if (begin >= to) break;
      parts.push((this.#chunks[i] as string).slice(Math.max(0, from - begin), to - begin));
    }
    return parts.join("");
  }
}

/** Index of the first value above `limit` in a list that never falls. */
function firstAbove(values: number[], limit: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
