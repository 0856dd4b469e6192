/** How many results of a job are kept: a board may report without an end. Those beyond are counted, so that the verdict stays right. */
import type { JsonMap } from "../base/json.js";

const USUAL_LIMIT = 100_000;
/** The dispatcher's own suite. */
const LAVA = "lava";
/** The case that stands for those that were not kept; its `extra.count` says for how many. */
export const NOT_KEPT = "results-not-kept";

export interface ReportedResult {
  level: string;
  attempt: number;
  result: JsonMap;
}

export class ResultBound {
  readonly limit: number;
  #taken = 0;
  #counted = new Map<string, ReportedResult & { count: number }>();
  /** @param dispatcher the dispatcher's settings: `result_limit` */
  constructor({ result_limit }: JsonMap = {}) {
    this.limit = typeof result_limit === "number" && result_limit > 0 ? result_limit : USUAL_LIMIT;
  }

  /** Whether a result is kept; else it is counted. The dispatcher's own are, but for what a board says of them. */
  keeps({ level, attempt, result }: ReportedResult): boolean {
    if ((result.definition === LAVA && !("reference" in result)) || ++this.#taken <= this.limit) return true;
    const { definition = null, result: word = null } = result;
    const key = JSON.stringify([level, attempt, definition, word]);
    const known = this.#counted.get(key);
    if (known) known.count++;
    else this.#counted.set(key, { level, attempt, result: { definition, result: word }, count: 1 });
    return false;
  }

  /** Whether the bound was reached by the result taken last. */
  get reached(): boolean {
    return this.#taken === this.limit + 1;
  }

  /** What was counted since: one result for each suite and word. */
  counted(): ReportedResult[] {
    const all = [...this.#counted.values()];
    this.#counted.clear();
    return all.map(({ level, attempt, result, count }) => ({
      level,
      attempt,
      result: { ...result, case: NOT_KEPT, extra: { count } },
    }));
  }
}

/** Told once, as a warning. */
export const resultsReached = ({ limit }: ResultBound): string =>
  `This job has reported ${limit} results (\`result_limit\` of the dispatcher's settings): of each suite further ones are counted, as '${NOT_KEPT}', and not kept.`;
