import { isAscii } from "node:buffer";

/**
 * Incremental UTF-8: a character may come in several chunks; what is invalid becomes U+FFFD. Holds three bytes at most.
 * Chunks of ASCII, the usual case, are taken as they are.
 */
export class Utf8Decoder {
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #pending = false;

  write(bytes: Uint8Array): string {
    if (!this.#pending && isAscii(bytes))
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
    this.#pending = (bytes.at(-1) ?? 0) >= 0x80;
    return this.#decoder.decode(bytes, { stream: true });
  }

  /** What an unfinished character at the end becomes. */
  end(): string {
    this.#pending = false;
    return this.#decoder.decode();
  }
}
