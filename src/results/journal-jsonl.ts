/** journal.jsonl: what the chart took and did, one JSON object a line (docs/journal.md). */
import { join } from "node:path";
import type { RunEvent, RunSink } from "../interpreter/events.js";
import { AppendFile, type AppendFileOptions } from "./append-file.js";
import type { OutputQuota } from "./output-quota.js";

export class JournalJsonl implements RunSink {
  readonly #file: AppendFile;
  readonly #quota: OutputQuota | undefined;
  constructor(directory: string, options: AppendFileOptions = {}) {
    this.#quota = options.quota;
    this.#file = new AppendFile(join(directory, "journal.jsonl"), options);
  }
  write(event: RunEvent): void {
    if (event.type !== "journal") return;
    // A board can bring about any number of events; reports need those that say of a suite that it did not end.
    const { record } = event;
    if (record.kind === "event" && record.event.incomplete === undefined && this.#quota?.full()) return;
    // After a crash it must be known which effects may have happened: all but plain events are on disk before they act.
    this.#file.append(`${JSON.stringify(record)}\n`, record.kind !== "event");
  }
  close(): Promise<void> {
    return this.#file.close();
  }
}
