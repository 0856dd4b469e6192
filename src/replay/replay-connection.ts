import { BaseConnection } from "../connections/base-connection.js";

/** The recorded board's end of the line: it says what the player gives it. What is typed is seen elsewhere. */
export class ReplayConnection extends BaseConnection {
  #paused: Uint8Array[] | undefined;

  say(bytes: Uint8Array): void {
    if (this.#paused) this.#paused.push(bytes);
    else this.emit(bytes);
  }
  hangUp(message: string): void {
    this.end({ kind: "eof", message });
  }
  get over(): boolean {
    return this.ended;
  }
  protected override async writeBytes(): Promise<void> {}
  protected override async release(): Promise<void> {}
  protected override startReading(): void {
    const held = this.#paused ?? [];
    this.#paused = undefined;
    for (const bytes of held) this.emit(bytes);
  }
  protected override stopReading(): void {
    this.#paused ??= [];
  }
}
