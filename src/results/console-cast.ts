/**
 * console.cast: the serial line as an asciicast v2 recording, output (`o`) and input (`i`). Of a job with several
 * consoles all are in it: a marker (`m`) tells from where on it is another one.
 */
import { join } from "node:path";
import { Utf8Decoder } from "../base/utf8-decoder.js";
import type { RunEvent, RunSink } from "../interpreter/events.js";
import { AppendFile, type AppendFileOptions } from "./append-file.js";
import { CONSOLE_MARK, FIRST_CONSOLE } from "./console-marks.js";
import { MASKED } from "./mask.js";

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
  readonly #decoders = new Map<string, { output: Utf8Decoder; input: Utf8Decoder }>();
  #console = FIRST_CONSOLE;
  #last: number;

  constructor(directory: string, options: CastOptions) {
    this.#file = new AppendFile(join(directory, "console.cast"), options);
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
    if (event.type !== "console") return;
    this.#last = Math.max(this.#last, event.t);
    const { console, direction, secret, bytes } = event;
    const decoders = this.#decoders.get(console) ?? { output: new Utf8Decoder(), input: new Utf8Decoder() };
    this.#decoders.set(console, decoders);
    // A character may come in two chunks: the decoder keeps the first half for the next.
    this.#event(console, direction, secret ? MASKED : decoders[direction].write(bytes));
  }

  async close(): Promise<void> {
    for (const [console, decoders] of this.#decoders)
      for (const direction of ["output", "input"] as const) this.#event(console, direction, decoders[direction].end());
    await this.#file.close();
  }

  #event(console: string, direction: "output" | "input", text: string): void {
    if (text === "") return;
    const seconds = ((this.#last - this.#start) / 1000).toFixed(6);
    if (console !== this.#console) this.#file.append(`[${seconds}, "m", ${JSON.stringify(CONSOLE_MARK + console)}]\n`);
    this.#console = console;
    this.#file.append(`[${seconds}, "${direction[0]}", ${JSON.stringify(text)}]\n`);
  }
}
