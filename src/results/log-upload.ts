/**
 * Sends logs.yaml to a LAVA server while the job runs (spec output.md §5). The file is the queue: what the server has not
 * taken yet is read from it again, so that memory does not grow while a server is away, and nothing is lost.
 */
import { close, open, read } from "node:fs";
import { promisify } from "node:util";
import { loadGot } from "../base/http-client.js";
import { logLineWriter } from "./log-line.js";

export interface LogUploadOptions {
  /** The path of logs.yaml; it exists. */
  file: string;
  /** The server's address, e.g. `https://lava.example.org/`. */
  url: string;
  token: string;
  jobId: string;
  version: string;
  /** Names the proxies (default: none). */
  env?: NodeJS.ProcessEnv;
  /** Between two uploads, ms. */
  interval: number;
  /** Between a failure and the next try, ms (default 5000). */
  retryAfter?: number;
  /** The server does not know the job (any more): it is to be cancelled. */
  onUnknownJob: () => void;
  /** Told what went wrong, once for each new fault. */
  note: (message: string) => void;
}

/** Records of one request at most, and fewer after an answer that it was too large. */
const BATCH = 1000;
const SMALLER = 100;
/** Bytes that are read at once; doubled for a longer record. */
const WINDOW = 256 * 1024;
/** ms that a server may take for an answer. */
const LONGEST = 120_000;
const RETRY_AFTER = 5000;

/** Whole records, and the place in the file after each. */
interface Batch {
  text: string;
  ends: number[];
}

export class LogUpload {
  readonly #options: LogUploadOptions;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  #finishing = false;
  #wake: () => void = () => {};
  #batch = BATCH;
  /** Records that the server has, and where the next one begins in the file. */
  #accepted = 0;
  #offset = 0;
  /** Stands in for the next record, which the server does not take. */
  #instead: string | undefined;
  #fault = "";

  /** Begins at once. */
  constructor(options: LogUploadOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Resolves when the server has everything, or after `stop`. Nothing may be appended to the file any more. Never rejects. */
  finish(): Promise<void> {
    this.#finishing = true;
    // Whoever waits for the end now hears what it waits for.
    this.#fault = "";
    this.#wake();
    return this.#running;
  }

  /** Gives up what was not sent yet. */
  stop(): void {
    this.#abort.abort();
    this.#wake();
  }

  async #run(): Promise<void> {
    const descriptor = await promisify(open)(this.#options.file, "r");
    try {
      while (!this.#abort.signal.aborted) {
        const last = this.#finishing;
        const batch = await this.#next(descriptor);
        if (batch.ends.length === 0) {
          if (last) return;
          await this.#sleep(this.#options.interval);
        } else if (!(await this.#send(batch))) await this.#sleep(this.#options.retryAfter ?? RETRY_AFTER, true);
        else if (batch.ends.length < this.#batch && !this.#finishing) await this.#sleep(this.#options.interval);
      }
    } finally {
      await promisify(close)(descriptor);
    }
  }

  /** The records that come next, as many as one request may have. */
  async #next(descriptor: number): Promise<Batch> {
    for (let size = WINDOW; ; size *= 2) {
      const { bytesRead, buffer } = await promisify(read)(descriptor, Buffer.alloc(size), 0, size, this.#offset);
      const ends: number[] = [];
      for (
        let at = buffer.indexOf(10);
        at >= 0 && at < bytesRead && ends.length < this.#batch;
        at = buffer.indexOf(10, at + 1)
      )
        ends.push(this.#offset + at + 1);
      if (ends.length === 0 && bytesRead === size) continue;
      const text = buffer.toString("utf8", 0, (ends.at(-1) ?? this.#offset) - this.#offset);
      return this.#instead !== undefined && ends[0] !== undefined
        ? { text: this.#instead, ends: ends.slice(0, 1) }
        : { text, ends };
    }
  }

  /** False when it is to be tried again later. */
  async #send({ text, ends }: Batch): Promise<boolean> {
    const { url, token, jobId, version, env = {} } = this.#options;
    const { got } = await loadGot(env);
    const address = `${url.replace(/\/+$/, "")}/scheduler/internal/v1/jobs/${encodeURIComponent(jobId)}/logs/`;
    try {
      const { statusCode, body } = await got.post(address, {
        form: { lines: text, index: this.#accepted },
        headers: { "LAVA-Token": token, "User-Agent": `lava ${version}`, Accept: "application/json" },
        throwHttpErrors: false,
        retry: { limit: 0 },
        timeout: { request: LONGEST },
        signal: this.#abort.signal,
      });
      if (statusCode === 200) return this.#took(body, ends);
      if (statusCode === 413) return this.#tooLarge();
      if (statusCode === 404 && errorOf(body) === `Unknown job '${jobId}'`) {
        this.stop();
        this.#options.note(`The server does not know job ${jobId} any more: it is cancelled.`);
        this.#options.onUnknownJob();
        return true;
      }
      return this.#failed(`the server answered ${statusCode}: ${body.slice(0, 200)}`);
    } catch (error) {
      return this.#abort.signal.aborted || this.#failed((error as Error).message);
    }
  }

  #took(body: string, ends: number[]): boolean {
    const count = Number((parsed(body) as { line_count?: unknown }).line_count);
    if (!(count > 0)) return this.#failed(`the server took no line: ${body.slice(0, 200)}`);
    const taken = Math.min(count, ends.length);
    this.#accepted += taken;
    this.#offset = ends[taken - 1] as number;
    this.#instead = undefined;
    this.#fault = "";
    return true;
  }

  #tooLarge(): boolean {
    if (this.#batch > 1) {
      this.#batch = Math.max(1, this.#batch - SMALLER);
      return true;
    }
    if (this.#instead !== undefined) return this.#failed("the server takes no record at all (413)");
    const message = { definition: "lava", case: "log-upload", result: "fail" };
    this.#instead = logLineWriter("- ", "\n")(Date.now(), "results", message);
    this.#options.note(`Record ${this.#accepted} of the log is too large for the server: it gets a result instead.`);
    return true;
  }

  #failed(why: string): false {
    const fault = `The log cannot be uploaded: ${why}; trying again.`;
    if (fault !== this.#fault) this.#options.note(fault);
    this.#fault = fault;
    return false;
  }

  /** Ends early when the job does, unless it is a pause after a failure, and when uploading is given up. */
  #sleep(ms: number, afterFailure = false): Promise<void> {
    if (this.#finishing && !afterFailure) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        if (afterFailure && !this.#abort.signal.aborted) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function parsed(body: string): object {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

const errorOf = (body: string): unknown => (parsed(body) as { error?: unknown }).error;
