/**
 * console.cast: the serial line as an asciicast v2 recording, output (`o`) and input (`i`). Of a job with several
 * consoles all are in it: a marker (`m`) tells from where on it is another one.
 */
import { join } from "node:path";
import type { RunEvent, RunSink } from "../interpreter/events.js";
import { AppendFile, type AppendFileOptions } from "./append-file.js";
import { CONSOLE_MARK, FIRST_CONSOLE } from "./console-marks.js";
import { MASKED } from "./mask.js";
import type { OutputQuota } from "./output-quota.js";

export interface CastOptions extends AppendFileOptions {
  /** ms since the Unix epoch: time zero of the recording. */
  start: number;
  title: string;
  columns?: number;
  rows?: number;
}

export class ConsoleCast implements RunSink {
  readonly #file: AppendFile;
  readonly #start: number;
  readonly #quota: OutputQuota | undefined;
  #console = FIRST_CONSOLE;
  #last: number;

  constructor(directory: string, options: CastOptions) {
    this.#file = new AppendFile(join(directory, "console.cast"), options);
    this.#quota = options.quota;
    this.#start = this.#last = options.start;
    const { columns = 80, rows = 24, title } = options;
    const header = {
      version: 2,
      width: columns,
      height: rows,
      timestamp: Math.floor(options.start / 1000),
      title,
      // The format's timestamp is a whole second; readers that put the console beside the journal need all of it.
      start_ms: options.start,
    };
    this.#file.append(`${JSON.stringify(header)}\n`, true);
  }

  write(event: RunEvent): void {
    if (event.type !== "console" || event.text === "" || this.#quota?.full()) return;
    this.#last = Math.max(this.#last, event.t);
    const { console, direction } = event;
    const seconds = ((this.#last - this.#start) / 1000).toFixed(6);
    if (console !== this.#console) this.#file.append(`[${seconds}, "m", ${JSON.stringify(CONSOLE_MARK + console)}]\n`);
    this.#console = console;
    const text = event.secret ? MASKED : event.text;
    this.#file.append(`[${seconds}, "${direction[0]}", ${JSON.stringify(text)}]\n`);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
