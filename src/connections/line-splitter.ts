/** A line longer than this is cut into pieces, characters. */
export const LONGEST_LINE = 16 * 1024;

/**
 * Cuts the output into the lines of the log, as LAVA does (spec runtime.md §4): at `\r\r\n`, `\r\n` or `\n`, without
 * ESC characters. Holds one unfinished line of bounded length.
 */
export class LineSplitter {
  readonly #line: (text: string) => void;
  #rest = "";

  constructor(line: (text: string) => void) {
    this.#line = line;
  }

  write(chunk: string): void {
    const text = chunk.includes("\x1b") ? chunk.replaceAll("\x1b", "") : chunk;
    let from = 0;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", from)) {
      let line = text.slice(from, at);
      if (this.#rest !== "") {
        line = this.#rest + line;
        this.#rest = "";
      }
      this.#cut(withoutReturns(line));
      from = at + 1;
    }
    if (from < text.length) this.#rest += from === 0 ? text : text.slice(from);
    while (this.#rest.length >= LONGEST_LINE) {
      this.#line(this.#rest.slice(0, LONGEST_LINE));
      this.#rest = this.#rest.slice(LONGEST_LINE);
    }
  }

  /** The line that no line end came for, if any. */
  end(): void {
    if (this.#rest !== "") this.#line(this.#rest);
    this.#rest = "";
  }

  #cut(line: string): void {
    if (line.length <= LONGEST_LINE) this.#line(line);
    else for (let at = 0; at < line.length; at += LONGEST_LINE) this.#line(line.slice(at, at + LONGEST_LINE));
  }
}

/** At most two carriage returns belong to the line end. */
function withoutReturns(line: string): string {
  if (!line.endsWith("\r")) return line;
  return line.slice(0, line.endsWith("\r\r") ? -2 : -1);
}
