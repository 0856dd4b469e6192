/** The live tree on a terminal: what has happened scrolls above, what is happening is drawn anew below it. */
import type { Clock } from "../../base/clock.js";
import type { RunEvent, RunSink } from "../../interpreter/events.js";
import { harmless, mark, type Paint, width } from "./paint.js";
import { resultLine } from "./result-line.js";
import { messageText, RunView } from "./run-view.js";
import { treeLines } from "./tree-lines.js";

/** What is needed of `process.stdout`. */
export interface Terminal {
  columns?: number;
  rows?: number;
  write(text: string): unknown;
  on(event: "resize", listener: () => void): unknown;
  off(event: "resize", listener: () => void): unknown;
}

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
/** Terminals that know these draw all between them at once; others pass over them. */
const BEGIN = "\x1b[?2026h";
const END = "\x1b[?2026l";
const REDRAW_MS = 100;

export class LiveTree implements RunSink {
  readonly #view = new RunView();
  readonly #terminal: Terminal;
  readonly #paint: Paint;
  readonly #clock: Clock;
  readonly #timer: NodeJS.Timeout;
  /** Lines drawn last, to be wiped before the next picture. */
  #drawn: string[] = [];
  #above: string[] = [];
  #note: string | undefined;
  readonly #restore = () => this.#terminal.write(SHOW_CURSOR);
  readonly #resized = () => this.#draw();

  constructor(terminal: Terminal, clock: Clock, paint: Paint) {
    this.#terminal = terminal;
    this.#clock = clock;
    this.#paint = paint;
    terminal.write(HIDE_CURSOR);
    terminal.on("resize", this.#resized);
    // However the process ends, the cursor comes back.
    process.on("exit", this.#restore);
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
    this.#timer.unref();
  }

  write(event: RunEvent): void {
    this.#view.add(event, this.#clock.now());
    const line = this.#lasting(event);
    if (line !== undefined) this.#above.push(line);
  }

  /** A line below the tree until the end, e.g. that the job is being cancelled. */
  note(text: string): void {
    this.#note = text;
    this.#draw();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#terminal.off("resize", this.#resized);
    process.off("exit", this.#restore);
    this.#terminal.write(`${BEGIN}${this.#wipe()}${this.#flushAbove()}${END}${SHOW_CURSOR}`);
    this.#drawn = [];
  }

  /** What stays on the screen for good. */
  #lasting(event: RunEvent): string | undefined {
    const paint = this.#paint;
    if (event.type === "log" && event.level === "warning")
      return `${paint("yellow", "warning")} ${harmless(messageText(event.message))}`;
    if (event.type !== "journal") return undefined;
    const { record } = event;
    if (record.kind === "result") return resultLine(record.result, paint);
    if (record.kind === "action" && record.status === "retry" && record.error)
      return `${mark(paint, "fail")} ${record.level} ${record.name}, attempt ${record.attempt}: ${harmless(record.error.message.split("\n", 1)[0]!)}`;
    return undefined;
  }

  #draw(): void {
    const { columns = 80, rows = 24 } = this.#terminal;
    const wipe = this.#wipe();
    const lines = treeLines(this.#view, {
      columns,
      rows,
      now: this.#clock.now(),
      paint: this.#paint,
      ...(this.#note !== undefined && { note: this.#note }),
    });
    this.#drawn = lines;
    this.#terminal.write(`${BEGIN}${wipe}${this.#flushAbove()}${lines.join("\n")}\n${END}`);
  }

  #flushAbove(): string {
    const text = this.#above.map((line) => `${line}\n`).join("");
    this.#above = [];
    return text;
  }

  /** Back to the first line drawn; a terminal made narrower has wrapped the lines. */
  #wipe(): string {
    const { columns = 80 } = this.#terminal;
    const up = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(width(line) / columns)), 0);
    return up ? `\x1b[${up}A\r\x1b[J` : "";
  }
}
