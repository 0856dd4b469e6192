import { ERASED_CONTROL } from "./terminal-text.js";

const ERASED = new RegExp(ERASED_CONTROL, "g");
/** A line longer than this is cut into pieces, characters. */
export const LONGEST_LINE = 16 * 1024;

/**
 * Cuts the output into the lines of the log, as LAVA does (spec runtime.md §4): at `\r\r\n`, `\r\n` or `\n`, without
 * ESC characters and without what was typed and erased again. Holds one unfinished line of bounded length.
 */
export class LineSplitter {
  #rest = "";

  /** The lines that this chunk ends. */
  write(chunk: string): string[] {
    const lines: string[] = [];
    const text = chunk.includes("\x1b") ? chunk.replaceAll("\x1b", "") : chunk;
    let from = 0;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", from)) {
      if (this.#rest === "") cut(text.slice(from, lineEnd(text, from, at)), lines);
      else {
        const line = this.#rest + text.slice(from, at);
        this.#rest = "";
        cut(line.slice(0, lineEnd(line, 0, line.length)), lines);
      }
      from = at + 1;
    }
    if (from < text.length) this.#rest += from === 0 ? text : text.slice(from);
    while (this.#rest.length >= LONGEST_LINE) {
      lines.push(this.#rest.slice(0, LONGEST_LINE));
      this.#rest = this.#rest.slice(LONGEST_LINE);
    }
    return lines;
  }

  /** The line that no line end came for, if any. */
  end(): string[] {
    const lines = this.#rest === "" ? [] : [this.#rest];
    this.#rest = "";
    return lines;
  }
}

function cut(raw: string, lines: string[]): void {
  const line = raw.includes("\b") ? raw.replace(ERASED, "") : raw;
  if (line.length <= LONGEST_LINE) lines.push(line);
  else for (let at = 0; at < line.length; at += LONGEST_LINE) lines.push(line.slice(at, at + LONGEST_LINE));
}

const RETURN = 13;

/** Where a line that begins at `from` ends: at most two carriage returns before the line feed belong to its end. */
function lineEnd(text: string, from: number, lineFeed: number): number {
  let end = lineFeed;
  while (end > from && end > lineFeed - 2 && text.charCodeAt(end - 1) === RETURN) end -= 1;
  return end;
}
