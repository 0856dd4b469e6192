/** The live tree on a terminal: what has happened scrolls above, what is happening is drawn anew below it. */
import type { Clock } from "../../base/clock.js";
import type { RunEvent, RunSink } from "../../interpreter/events.js";
import { harmless, type Paint, width } from "./paint.js";
import { resultLine, retryLine } from "./result-line.js";
import { messageText, RunView } from "./run-view.js";
import { treeLines } from "./tree-lines.js";

/** What is needed of `process.stdout`. */
export interface Terminal {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string): unknown;
  /** Whether it has not yet taken all that was written. */
  readonly behind?: boolean;
  on(event: "resize", listener: () => void): unknown;
  off(event: "resize", listener: () => void): unknown;
}

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
/** Terminals that know these draw all between them at once; others pass over them. */
const BEGIN = "\x1b[?2026h";
const END = "\x1b[?2026l";
/** Ends a line. The screen is never cleared as a whole: terminals would keep each picture in their history. */
const CLEAR_LINE = "\x1b[K\n";
const REDRAW_MS = 100;
/** Lines that wait for a terminal that was stopped. */
const MOST_ABOVE = 2000;

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
    if (line === undefined) return;
    this.#above.push(line);
    if (this.#above.length > MOST_ABOVE) this.#above.shift();
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
    const above = this.#home() + this.#takeAbove();
    const rows = this.#rows();
    this.#terminal.write(`${BEGIN}${above}${CLEAR_LINE.repeat(rows)}${up(rows)}${END}${SHOW_CURSOR}`);
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
    if (record.kind === "action" && record.status === "retry") return retryLine(record, paint);
    return undefined;
  }

  #draw(): void {
    // A stopped terminal gets no further pictures; what lasts is kept for when it goes on.
    if (this.#terminal.behind === true) return;
    const { columns = 80, rows = 24 } = this.#terminal;
    const home = this.#home();
    const lines = treeLines(this.#view, {
      columns,
      rows,
      now: this.#clock.now(),
      paint: this.#paint,
      ...(this.#note !== undefined && { note: this.#note }),
    });
    this.#drawn = lines;
    const picture = lines.map((line) => line + CLEAR_LINE).join("");
    this.#terminal.write(`${BEGIN}${home}${this.#takeAbove()}${picture}\x1b[J${END}`);
  }

  #takeAbove(): string {
    const text = this.#above.map((line) => line + CLEAR_LINE).join("");
    this.#above = [];
    return text;
  }

  /** Rows that the last picture takes: a terminal made narrower has wrapped its lines. */
  #rows(): number {
    const { columns = 80 } = this.#terminal;
    return this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(width(line) / columns)), 0);
  }

  #home(): string {
    return up(this.#rows());
  }
}

const up = (rows: number) => (rows ? `\x1b[${rows}A\r` : "");
