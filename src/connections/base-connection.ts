import { Observable, Subject } from "rxjs";
import { ConnectionClosedError } from "../base/errors.js";
import type { CloseReason, Connection } from "./types.js";

/**
 * What all transports share: the hot output, the promise of the end, writes that never outlive the line.
 * Reading begins with the first subscriber, so that nothing is lost between `connect()` and whoever listens.
 */
export abstract class BaseConnection implements Connection {
  readonly name: string;
  readonly output: Observable<Uint8Array>;
  readonly closed: Promise<CloseReason>;
  readonly #output = new Subject<Uint8Array>();
  #resolveClosed!: (reason: CloseReason) => void;
  #reason: CloseReason | undefined;
  #closing: Promise<void> | undefined;
  #listening = false;
  #paused = false;

  constructor(name: string) {
    this.name = name;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.output = new Observable((subscriber) => {
      const subscription = this.#output.subscribe(subscriber);
      if (!this.#listening) {
        this.#listening = true;
        if (!this.#paused) this.startReading();
      }
      return subscription;
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#reason || this.#closing) throw this.#closedError();
    const writing = this.writeBytes(bytes);
    await Promise.race([
      writing,
      this.closed.then(() => {
        throw this.#closedError();
      }),
    ]);
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      if (!this.#reason) this.end({ kind: "closed", message: "closed by the dispatcher" });
      await this.release();
    })();
    return this.#closing;
  }

  pause(): void {
    this.#paused = true;
    if (this.#listening) this.stopReading();
  }

  resume(): void {
    this.#paused = false;
    if (this.#listening) this.startReading();
  }

  /** Bytes came from the board. */
  protected emit(bytes: Uint8Array): void {
    if (!this.#reason && bytes.length > 0) this.#output.next(bytes);
  }

  /** The line ended; only the first reason counts. */
  protected end(reason: CloseReason): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#resolveClosed(reason);
    this.#output.complete();
  }

  protected get ended(): boolean {
    return this.#reason !== undefined;
  }

  #closedError(): ConnectionClosedError {
    return new ConnectionClosedError(`${this.name} is closed: ${this.#reason?.message ?? "closed by the dispatcher"}`);
  }

  /** Hands the bytes to the peer. */
  protected abstract writeBytes(bytes: Uint8Array): Promise<void>;
  /** Frees sockets, descriptors and processes; called once, whatever ended the line. */
  protected abstract release(): Promise<void>;
  protected abstract startReading(): void;
  protected abstract stopReading(): void;
}
