import type { CompiledPattern } from "./compiled-pattern.js";
import { OutputHistory } from "./output-history.js";
import { type Hit, PatternScanner } from "./pattern-scanner.js";

/**
 * What matches in the echo of what was typed, of the patterns that ask for it.
 * @param from offset of the end of the match before
 * @param to offset up to which the output is known to be echo
 */
export function inEcho(compiled: CompiledPattern[], history: OutputHistory, from: number, to: number): Hit | undefined {
  const patterns = compiled.filter(({ pattern }) => pattern.echo);
  if (patterns.length === 0 || to <= from) return undefined;
  const text = history.slice(from, to);
  const echo = new OutputHistory(text.length);
  echo.push(text);
  let match: Hit | undefined;
  const found = (hit: Hit) => {
    // It takes nothing of the output.
    match = { ...hit, end: from, line: echo.lineAt(Math.max(hit.start, hit.end - 1)), in: "echo" };
  };
  new PatternScanner(echo).begin({ patterns, from: 0, after: -1, origin: 0, found }, true);
  return match;
}
