/** logs.yaml: LAVA's log, appended live, one list item a line (spec output.md §1). */
import { join } from "node:path";
import type { RunEvent, RunSink } from "../interpreter/events.js";
import { AppendFile, type AppendFileOptions } from "./append-file.js";
import { logLineWriter } from "./log-line.js";

/** Levels that someone may be waiting for: on disk at once. */
const URGENT: ReadonlySet<string> = new Set(["results", "exception", "error"]);

export class LogsYaml implements RunSink {
  readonly #file: AppendFile;
  readonly #line = logLineWriter("- ", "\n");
  constructor(directory: string, options: AppendFileOptions = {}) {
    this.#file = new AppendFile(join(directory, "logs.yaml"), { ...options, encoding: "latin1" });
  }
  write(event: RunEvent): void {
    if (event.type !== "log") return;
    const line = this.#line(event.t, event.level, event.message, event.ns);
    this.#file.append(line, URGENT.has(event.level));
  }
  close(): Promise<void> {
    return this.#file.close();
  }
}
