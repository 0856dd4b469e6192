/** The candidates that a mistyped word most likely means, best first; empty when none is near. */
export function nearest(word: string, candidates: Iterable<string>, most = 3): string[] {
  const limit = Math.max(1, Math.min(3, Math.floor(word.length / 3)));
  const folded = fold(word);
  const scored: { candidate: string; score: number }[] = [];
  for (const candidate of candidates) {
    const score = distance(folded, fold(candidate), limit);
    if (score <= limit) scored.push({ candidate, score });
  }
  return scored
    .sort((a, b) => a.score - b.score)
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

/** `uBoot`, `u_boot` and `u-boot` are meant alike. */
const fold = (word: string): string => word.toLowerCase().replace(/[-_ ]/g, "");

/** Edits (insert, delete, replace, swap of neighbours) between two words; more than `limit` is only told as more. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let older: number[] = [];
  let old = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(old[column - 1]! + (same ? 0 : 1), old[column]! + 1, line[column - 1]! + 1);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, older[column - 2]! + 1);
      }
      line.push(cost);
    }
    older = old;
    old = line;
  }
  return old[b.length]!;
}
