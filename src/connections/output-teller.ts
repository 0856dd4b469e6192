import { type Observable, Subject } from "rxjs";
import { LineSplitter } from "./line-splitter.js";
import { type FoundSignal, type SignalContext, SignalReader } from "./signal-reader.js";
import type { ConsoleEvent, Signal } from "./types.js";

/** Tells what the board says: as it comes, in lines, and the test signals in it. */
export class OutputTeller {
  readonly events: Observable<ConsoleEvent>;
  readonly signals: Observable<Signal>;
  readonly #events = new Subject<ConsoleEvent>();
  readonly #signals = new Subject<Signal>();
  readonly #lines = new LineSplitter();
  readonly #reader: SignalReader;

  readonly #heard: (end: number) => void;

  /** @param heard told the offset at which each signal ended */
  constructor(context: SignalContext, heard: (end: number) => void) {
    this.#heard = heard;
    this.events = this.#events.asObservable();
    this.signals = this.#signals.asObservable();
    this.#reader = new SignalReader(context);
  }

  tell(event: ConsoleEvent): void {
    if (this.#events.observed) this.#events.next(event);
  }

  /**
   * @param offset absolute offset of the text's first character
   * @param last nothing comes after it
   */
  tellLines(text: string, offset: number, time: number, last: boolean): void {
    const signals = this.#reader.read(text, offset, last);
    if (signals.length > 0) this.#tellSignals(text, offset, time, signals);
    else if (this.#events.observed) this.#tellThese(this.#lines.write(text), time);
    if (last) this.#tellThese(this.#lines.end(), time);
  }

  end(): void {
    this.#signals.complete();
    this.#events.complete();
  }

  /** Each signal is told after the line that it is in, so that who hears it finds that line in the log. */
  #tellSignals(text: string, offset: number, time: number, signals: FoundSignal[]): void {
    let from = 0;
    for (const { signal, end } of signals) {
      const lineEnd = text.indexOf("\n", Math.max(from, end - offset));
      if (lineEnd >= 0 && end - offset > from) {
        this.#tellThese(this.#lines.write(text.slice(from, lineEnd + 1)), time);
        from = lineEnd + 1;
      }
      this.#heard(end);
      this.#signals.next(signal);
    }
    this.#tellThese(this.#lines.write(text.slice(from)), time);
  }

  #tellThese(lines: string[], time: number): void {
    if (lines.length > 0) this.#events.next({ kind: "lines", lines, time });
  }
}
