/** Counts what a job writes live, in all its files together. */
import type { JsonMap } from "../base/json.js";
import type { OutputBound } from "../interpreter/output-bound.js";

const USUAL_LIMIT = 4 * 2 ** 30;

export class OutputQuota implements OutputBound {
  readonly limit: number;
  #taken = 0;
  /** @param dispatcher the dispatcher's settings: `output_limit`, in bytes */
  constructor({ output_limit }: JsonMap = {}) {
    this.limit = typeof output_limit === "number" && output_limit > 0 ? output_limit : USUAL_LIMIT;
  }
  take(bytes: number): void {
    this.#taken += bytes;
  }
  full(): boolean {
    return this.#taken >= this.limit;
  }
}
