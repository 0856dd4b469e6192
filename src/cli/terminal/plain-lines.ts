/** Plain lines, for pipes and CI: one line for what begins, ends, fails and is measured; `verbose` shows the whole log. */
import type { Clock } from "../../base/clock.js";
import type { RunEvent, RunSink } from "../../interpreter/events.js";
import { harmless, mark, type Paint, shortTime } from "./paint.js";
import { type ActionRecord, resultLine, retryLine } from "./result-line.js";
import { messageText } from "./run-view.js";

export interface PlainOptions {
  paint: Paint;
  verbose: boolean;
  /** Writes one line. */
  print: (line: string) => void;
  /** Says when the program's own lines are. */
  clock: Pick<Clock, "now">;
}

export class PlainLines implements RunSink {
  readonly #options: PlainOptions;
  #start: number | undefined;
  #last = 0;
  constructor(options: PlainOptions) {
    this.#options = options;
  }

  write(event: RunEvent): void {
    const { verbose } = this.#options;
    if (event.type === "journal") {
      const { record } = event;
      this.#start ??= record.t;
      this.#last = record.t;
      if (record.kind === "header") {
        const { job_name, device, job_id } = record;
        this.#print(harmless(`${job_name} on ${device}, job ${job_id}`));
      } else if (record.kind === "action") this.#action(record);
      else if (record.kind === "result") {
        const line = resultLine(record.result, this.#options.paint);
        if (line !== undefined) this.#print(line);
      }
    } else if (event.type === "log") {
      this.#last = event.t;
      this.#start ??= event.t;
      if (verbose) this.#log(event);
      else if (event.level === "warning" || event.level === "error" || event.level === "exception") this.#log(event);
    }
  }

  async close(): Promise<void> {}

  /** A line of the program itself, e.g. that the job is being cancelled. */
  note(text: string): void {
    this.#last = Math.max(this.#last, this.#options.clock.now());
    this.#print(this.#options.paint("yellow", text));
  }

  #action(record: ActionRecord): void {
    const { paint, verbose } = this.#options;
    const { level, name, status, duration = 0, error } = record;
    const told = verbose || !level.includes(".");
    if (status === "retry") this.#print(retryLine(record, paint));
    else if (status === "start" && told) this.#print(`${mark(paint, "running")} ${level} ${name}`);
    else if (status === "done" && told)
      this.#print(`${mark(paint, "pass")} ${level} ${name}  ${shortTime(duration * 1000)}`);
    else if (status === "failed" && error)
      this.#print(`${mark(paint, "fail")} ${level} ${name}  ${harmless(error.message.split("\n", 1)[0]!)}`);
  }

  #log({ level, message, ns }: Extract<RunEvent, { type: "log" }>): void {
    const { paint } = this.#options;
    const style = level === "warning" ? "yellow" : level === "error" || level === "exception" ? "red" : "dim";
    const from = ns === undefined ? level : `${level} ${ns}`;
    for (const line of messageText(message).split("\n"))
      this.#print(`${paint(style, from.padEnd(8))} ${harmless(line)}`);
  }

  #print(text: string): void {
    const time = ((this.#last - (this.#start ?? this.#last)) / 1000).toFixed(1).padStart(7);
    this.#options.print(`${this.#options.paint("dim", `[${time}]`)} ${text}`);
  }
}
