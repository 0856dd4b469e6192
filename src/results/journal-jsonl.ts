/** journal.jsonl: what the chart took and did, one JSON object a line (docs/journal.md). */
import { join } from "node:path";
import type { RunEvent, RunSink } from "../interpreter/events.js";
import { AppendFile, type AppendFileOptions } from "./append-file.js";

export class JournalJsonl implements RunSink {
  readonly #file: AppendFile;
  constructor(directory: string, options: AppendFileOptions = {}) {
    this.#file = new AppendFile(join(directory, "journal.jsonl"), options);
  }
  write(event: RunEvent): void {
    if (event.type !== "journal") return;
    // After a crash it must be known which effects may have happened: all but plain events are on disk before they act.
    this.#file.append(`${JSON.stringify(event.record)}\n`, event.record.kind !== "event");
  }
  close(): Promise<void> {
    return this.#file.close();
  }
}
