/**
 * Edits that turn `needle` into the part of `text` that comes nearest to it, anywhere in `text` (Sellers' algorithm):
 * 0 when it occurs. Takes needle × text steps: cut both before.
 */
export function nearestDistance(needle: string, text: string): number {
  let row = Array.from({ length: needle.length + 1 }, (_, at) => at);
  let best = needle.length;
  for (const char of text) {
    let diagonal = row[0]!;
    const next = [0];
    for (let at = 1; at <= needle.length; at += 1) {
      const above = row[at]!;
      next[at] = Math.min(diagonal + (needle[at - 1] === char ? 0 : 1), above + 1, next[at - 1]! + 1);
      diagonal = above;
    }
    best = Math.min(best, next[needle.length]!);
    row = next;
  }
  return best;
}

/** How much of `needle` is found in `text`, 0 to 1. */
export const similarity = (needle: string, text: string): number =>
  needle === "" ? 0 : 1 - nearestDistance(needle, text) / needle.length;

/** The characters of a regular expression that stand for themselves. */
export function literalText(source: string): string {
  return source
    .replace(/\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?:[:=!]|<[=!]|P?<\w+>|[aiLmsux]+\))|\{\d*,?\d*\}/g, "")
    .replace(/\\([A-Za-z])|\\(.)|[.^$*+?()|]/g, (_all, letter: string | undefined, other: string | undefined) =>
      letter ? ({ t: "\t", s: " " }[letter] ?? "") : (other ?? ""),
    )
    .trim();
}
