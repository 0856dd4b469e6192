/** Which reporter shows a run, and how lines get to it. */
import type { RunSink } from "../interpreter/events.js";
import type { RunReport } from "../results/report-model.js";
import type { CliContext, Output } from "./context.js";
import { LiveTree } from "./terminal/live-tree.js";
import type { LogFormat } from "./terminal/log-formats.js";
import { LogLines } from "./terminal/log-lines.js";
import { colourful, type Paint, plain, wantsColour } from "./terminal/paint.js";
import { PlainLines } from "./terminal/plain-lines.js";
import { Quiet } from "./terminal/quiet.js";
import { summaryLines } from "./terminal/summary.js";

export interface ScreenOptions {
  color?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  logFormat?: LogFormat;
}

export interface ScreenSink {
  sink: RunSink;
  /** A line of the program itself, in the middle of a run. */
  note?(text: string): void;
}

export interface Screen extends Required<ScreenSink> {
  summary(report: RunReport, directory: string): void;
}

/** Gathers the lines of one turn of the event loop into one write. */
export function linePrinter(stream: Output): { print: (line: string) => void; flush: () => void } {
  let pending = "";
  const flush = () => {
    if (pending) stream.write(pending);
    pending = "";
  };
  const print = (line: string) => {
    if (pending === "") setImmediate(flush);
    pending += `${line}\n`;
  };
  return { print, flush };
}

export const paintFor = (option: boolean | undefined, { env }: CliContext, stream: Output): Paint =>
  wantsColour(option, env, stream.isTTY === true) ? colourful : plain;

/** Chooses by the options and by what standard output is. */
export function makeScreen(options: ScreenOptions, context: CliContext): Screen {
  const { stdout, stderr, env, clock } = context;
  const { quiet = false, verbose = false, logFormat } = options;
  // With a log on standard output, everything for people goes to standard error.
  const stream = logFormat ? stderr : stdout;
  const paint = paintFor(options.color, context, stream);
  const { print, flush } = linePrinter(stdout);
  const summary: Screen["summary"] = (report, directory) => {
    flush();
    const lines = summaryLines(report, { paint, directory, verbose });
    stream.write(`${(quiet ? lines.filter((line) => line !== "").slice(-2) : lines).join("\n")}\n`);
  };
  const toErrors = (text: string) => stderr.write(`${text}\n`);
  if (logFormat) return { sink: new LogLines(logFormat, print), note: toErrors, summary };
  if (quiet) return { sink: new Quiet((line) => stderr.write(`${line}\n`), paint), note: toErrors, summary };
  if (stdout.isTTY === true && !verbose && !env.CI && env.TERM !== "dumb") {
    const tree = new LiveTree(stdout, clock, paint);
    return { sink: tree, note: (text) => tree.note(text), summary };
  }
  const lines = new PlainLines({ paint, verbose, print, clock });
  return { sink: lines, note: (text) => lines.note(text), summary };
}
