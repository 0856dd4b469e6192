/** A file that grows live: what was appended survives the process being killed, up to what the last flush took. */
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { InfrastructureError } from "../base/errors.js";
import { isDevice, openFresh } from "../base/fresh-file.js";
import type { OutputQuota } from "./output-quota.js";

export interface AppendFileOptions {
  /** Keep what the file holds (default: begin anew). */
  keep?: boolean;
  /** `latin1` for texts that are ASCII by construction: faster. */
  encoding?: "utf8" | "latin1";
  /** Longest time that a text waits in memory, ms. */
  flushMs?: number;
  /** Told of all that is written. */
  quota?: OutputQuota;
  /** Called once, when writing first fails; later appends are dropped. */
  onError?: (error: InfrastructureError) => void;
}

/** Characters held before a flush comes at once. */
const BATCH = 64 * 1024;
/** Characters kept after a failed write, for the second try when the file is closed. */
const KEPT = 1024 * 1024;

/**
 * Appends with write(2). Writing is synchronous: a line that was flushed is the kernel's and outlives the process.
 * The flush timer is a real one, whatever clock the job runs on: it is about the disk.
 */
export class AppendFile {
  readonly path: string;
  readonly #options: AppendFileOptions;
  #fd: number | undefined;
  #pending = "";
  #buffer = Buffer.alloc(0);
  /** The rest of a write that failed half-way. */
  #rest: Uint8Array = new Uint8Array();
  #timer: NodeJS.Timeout | undefined;
  #error: InfrastructureError | undefined;
  #dropped = false;

  /** Throws InfrastructureError when the file cannot be opened. */
  constructor(path: string, options: AppendFileOptions = {}) {
    this.path = path;
    this.#options = options;
    const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW } = constants;
    try {
      const asItIs = options.keep || isDevice(path);
      this.#fd = asItIs ? openSync(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o644) : openFresh(path);
    } catch (error) {
      throw writeFailure(path, error);
    }
  }

  /** Appends a text, soon or (`urgent`) at once. Never throws. */
  append(text: string, urgent = false): void {
    if (this.#fd === undefined) return;
    if (this.#error && this.#pending.length + text.length > KEPT) this.#dropped = true;
    if (this.#dropped) return;
    this.#pending += text;
    if (this.#error) return;
    if (urgent || this.#pending.length >= BATCH) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), this.#options.flushMs ?? 50);
  }

  /** Hands everything to the kernel. Never throws. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#error || this.#write()) return;
    this.#options.onError?.(this.#error!);
  }

  /**
   * Flushes and closes. What could not be written before is tried once more: the disk may have space again.
   * Rejects with InfrastructureError when not all could be written.
   */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const written = this.#write() && !this.#dropped;
    const fd = this.#fd;
    this.#fd = undefined;
    try {
      if (fd !== undefined) closeSync(fd);
    } catch (error) {
      throw writeFailure(this.path, error);
    }
    if (!written) throw this.#error;
  }

  /** What is pending, in the file's own buffer: a new one for each batch costs more than the writing. */
  #encoded(): Buffer {
    const { encoding = "utf8" } = this.#options;
    const longest = this.#pending.length * (encoding === "latin1" ? 1 : 3);
    if (longest > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(longest);
    return this.#buffer.subarray(0, this.#buffer.write(this.#pending, encoding));
  }

  #write(): boolean {
    if (this.#fd === undefined) return true;
    const bytes = this.#rest.length === 0 ? this.#encoded() : Buffer.concat([this.#rest, this.#encoded()]);
    this.#pending = "";
    this.#options.quota?.take(bytes.length - this.#rest.length);
    let at = 0;
    try {
      while (at < bytes.length) at += writeSync(this.#fd, bytes, at);
      return true;
    } catch (error) {
      this.#rest = Uint8Array.from(bytes.subarray(at));
      this.#error ??= writeFailure(this.path, error);
      return false;
    }
  }
}

/** The error of a file that could not be written, with what to do. */
export function writeFailure(path: string, error: unknown): InfrastructureError {
  const { code, message } = error as NodeJS.ErrnoException;
  const advice =
    code === "ENOSPC" || code === "EDQUOT"
      ? "Free space on that disk, or choose another folder with --output-dir."
      : "Check the folder and its permissions, or choose another folder with --output-dir.";
  return new InfrastructureError(`Cannot write ${path}: ${message}`, { cause: error, advice });
}
