/** A little space on the disk, kept free for the reports of a job that filled it. */
import { closeSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openFresh } from "../base/fresh-file.js";

const BYTES = 1024 * 1024;

export class SpaceReserve {
  readonly #path: string;
  constructor(directory: string) {
    this.#path = join(directory, ".reserve");
    try {
      const file = openFresh(this.#path, 0o600);
      // Not all zeros: file systems keep no space for those.
      writeSync(file, Buffer.alloc(BYTES, "reserve "));
      closeSync(file);
    } catch {
      // A disk that is full already says so with the first log line.
    }
  }
  /** Gives the space back. */
  release(): void {
    rmSync(this.#path, { force: true });
  }
}
