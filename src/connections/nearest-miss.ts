import { LINE_END } from "../base/line-ends.js";
import { ESCAPE, lift } from "./terminal-text.js";
import { literalText, similarity } from "./text-similarity.js";
import type { NearestMiss, Pattern } from "./types.js";

/** Lines and characters in which it is looked for. */
const LINES = 60;
const CHARACTERS = 200;
/** A line that has less of a pattern than this is no near miss. */
const NEAR = 0.55;
const ESCAPES = new RegExp(ESCAPE, "g");

/** The line among the last ones that comes nearest to what one of the patterns says literally; the newest of equals. */
export function nearestMiss(patterns: Pattern[], output: string): NearestMiss | undefined {
  const lines = lift(output, ESCAPES).text.split(LINE_END).slice(-LINES).reverse();
  let best: NearestMiss | undefined;
  for (const { source } of patterns) {
    const literal = literalText(source).slice(0, CHARACTERS);
    for (const line of lines) {
      const near = similarity(literal, line.slice(0, CHARACTERS));
      if (near >= NEAR && near > (best?.similarity ?? 0)) best = { pattern: source, line, similarity: near };
    }
  }
  return best;
}
