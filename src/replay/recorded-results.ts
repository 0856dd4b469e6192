import { isMap, type Json } from "../base/json.js";

/** Cases that are counted, at most. */
const MOST = 100_000;

/** Counts the results of tests in a recording; of a case that was tried again the last one. */
export class RecordedResults {
  readonly #cases = new Map<string, string>();

  /** Takes a result as LAVA logs it; those of the dispatcher itself are no tests. */
  take(result: Json): void {
    if (!isMap(result)) return;
    const { definition, case: name, result: word } = result;
    if (definition === "lava" || typeof definition !== "string" || typeof name !== "string") return;
    if (typeof word === "string" && this.#cases.size < MOST) this.#cases.set(`${definition} ${name}`, word);
  }

  counts(): { [result: string]: number } {
    const counts = new Map<string, number>();
    for (const word of this.#cases.values()) counts.set(word, (counts.get(word) ?? 0) + 1);
    return Object.fromEntries(counts);
  }
}
