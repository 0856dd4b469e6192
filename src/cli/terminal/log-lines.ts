/** The log itself on standard output, for `--log-format`: yaml is what logs.yaml holds. */
import type { RunEvent, RunSink } from "../../interpreter/events.js";
import { isoTime, logLineWriter } from "../../results/log-line.js";
import type { LogFormat } from "./log-formats.js";
import { harmless } from "./paint.js";
import { messageText } from "./run-view.js";

type LogEvent = Extract<RunEvent, { type: "log" }>;

/** Writers of a log line by format. */
function lineMaker(format: LogFormat): (event: LogEvent) => string {
  if (format === "yaml") {
    const line = logLineWriter("- ");
    return ({ t, level, message, ns }) => line(t, level, message, ns);
  }
  if (format === "json")
    return ({ t, level, message, ns }) =>
      JSON.stringify({ dt: isoTime(t), lvl: level, msg: message, ...(ns !== undefined && { ns }) });
  return ({ t, level, message, ns }) =>
    `${new Date(t).toISOString().slice(11, 23)} ${level.padEnd(9)} ${ns === undefined ? "" : `(${ns}) `}${harmless(messageText(message))}`;
}

export class LogLines implements RunSink {
  readonly #make: (event: LogEvent) => string;
  readonly #print: (line: string) => void;
  constructor(format: LogFormat, print: (line: string) => void) {
    this.#make = lineMaker(format);
    this.#print = print;
  }
  write(event: RunEvent): void {
    if (event.type === "log") this.#print(this.#make(event));
  }
  async close(): Promise<void> {}
}
