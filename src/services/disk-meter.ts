/** How much of the worker's disk one job takes: every service that writes what a job asks for is handed the job's meter. */
import { JobError } from "../base/errors.js";
import type { JsonMap } from "../base/json.js";

const USUAL_LIMIT = 512 * 2 ** 30;
/** Users that an error names. */
const NAMED = 3;

export class DiskMeter {
  readonly limit: number;
  readonly #users = new Map<string, number>();
  #taken = 0;

  /** @param dispatcher the dispatcher's settings: `disk_limit`, in bytes */
  constructor({ disk_limit }: JsonMap = {}) {
    this.limit = typeof disk_limit === "number" && disk_limit > 0 ? disk_limit : USUAL_LIMIT;
  }

  /** Takes room before it is written to. @throws JobError when the job would have more than it may */
  take(bytes: number, what: string): void {
    if (bytes > this.left) throw this.refusal(what);
    this.#add(bytes, what);
  }

  /** Bytes that the job may still take. */
  get left(): number {
    return this.limit - this.#taken;
  }

  /** The error for what would take more than is left. */
  refusal(what: string): JobError {
    return new JobError(`${what} needs more room than this job has: ${this.limit} bytes in all${this.#largest()}`, {
      advice:
        "Look at what the files decompress to; `disk_limit` of the dispatcher's settings says how much a job may take.",
    });
  }

  /** Gives back what was removed from the disk. */
  give(bytes: number, what: string): void {
    this.#add(-bytes, what);
  }

  #add(bytes: number, what: string): void {
    this.#taken += bytes;
    const left = (this.#users.get(what) ?? 0) + bytes;
    if (left > 0) this.#users.set(what, left);
    else this.#users.delete(what);
  }

  #largest(): string {
    const users = [...this.#users].sort(([, a], [, b]) => b - a).slice(0, NAMED);
    return users.length > 0
      ? `; most is taken by ${users.map(([what, bytes]) => `${what} (${bytes})`).join(", ")}`
      : "";
  }
}
