/** One file over HTTP(S), over as many connections as it takes: resumed by ranges, never mixed from two versions. */
import type { IncomingHttpHeaders } from "node:http";
import { InfrastructureError } from "../../base/errors.js";
import { BadStatus, type HttpContext, type HttpRequest, pause, RETRIED, type Response, send } from "./http-request.js";
import { shownUrl } from "./local-file.js";

/** Failures in a row after which a transfer is given up. */
const RETRIES = 15;

/** The server has another version of the file than the one that was begun. */
export class ChangedOnServer extends Error {}

/** A file's bytes, from the first to the last, over as many connections as it takes. */
export class HttpTransfer {
  /** Size as the server told it, once known; bytes. */
  total: number | undefined;
  #offset = 0;
  /** What tells one version of the file from another; strong ones only. */
  #version: string | undefined;
  constructor(
    readonly request: HttpRequest,
    readonly context: HttpContext,
    /** Failures in a row without a new byte. */
    public failures = 0,
  ) {}

  /** Opens the connection, so that `total` is known before the first byte is asked for. */
  async open(): Promise<AsyncGenerator<Uint8Array>> {
    const first = await this.#connect();
    return this.#bytes(first);
  }

  /** @throws ChangedOnServer when what has come cannot be continued; InfrastructureError when nothing helps. */
  async *#bytes(first: Response): AsyncGenerator<Uint8Array> {
    let response: Response | undefined = first;
    let skip = 0;
    try {
      for (;;) {
        const before = this.#offset;
        try {
          if (!response) {
            response = await this.#connect();
            skip = response.status === 200 ? this.#offset : 0;
          }
          for (let next = await response.body.next(); !next.done; next = await response.body.next()) {
            const chunk = next.value.subarray(Math.min(skip, next.value.length));
            skip -= next.value.length - chunk.length;
            if (chunk.length === 0) continue;
            this.#offset += chunk.length;
            yield chunk;
          }
          if (this.total !== undefined && this.#offset < this.total)
            throw new Error(`the connection ended after ${this.#offset} of ${this.total} bytes`);
          return;
        } catch (error) {
          response?.close();
          response = undefined;
          if (error instanceof ChangedOnServer || isFinal(error)) throw error;
          if (this.#offset > before) this.failures = 0;
          await pause(++this.failures, RETRIES, error, this.request.url, this.context);
          if (this.#offset > 0 && !this.#version)
            throw new ChangedOnServer("the server does not tell versions of the file apart");
          if (this.#offset > 0) this.context.log.info(`resuming at byte ${this.#offset}`);
        }
      }
    } finally {
      response?.close();
    }
  }

  /** One answer that can be used: 200, or 206 for what is missing. */
  async #connect(): Promise<Response> {
    for (;;) {
      try {
        return await this.#ask();
      } catch (error) {
        if (error instanceof ChangedOnServer || isFinal(error)) throw error;
        await pause(++this.failures, RETRIES, error, this.request.url, this.context);
      }
    }
  }

  async #ask(): Promise<Response> {
    const ranged = this.#offset > 0 && this.#version !== undefined;
    const response = await send(
      this.request,
      "GET",
      ranged ? { range: `bytes=${this.#offset}-`, "if-range": this.#version as string } : {},
      this.context,
    );
    try {
      const { status, headers } = response;
      const version = strongVersion(headers);
      const told = Number(headers["content-length"] ?? Number.NaN);
      if (ranged && status === 206) {
        const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers["content-range"] ?? "") ?? [];
        if (
          Number(from) !== this.#offset ||
          (total !== "*" && this.total !== undefined && Number(total) !== this.total)
        )
          throw new ChangedOnServer("the server sent another range than the one asked for");
        if (version !== undefined && version !== this.#version)
          throw new ChangedOnServer("the file has changed on the server");
        return response;
      }
      if (status === 200) {
        if (this.#offset > 0 && version !== this.#version)
          throw new ChangedOnServer("the file has changed on the server");
        this.#version = version;
        this.total = Number.isFinite(told) ? told : undefined;
        return response;
      }
      if (ranged && status === 416) throw new ChangedOnServer("the file has changed on the server");
      const bad = new BadStatus(status, response.message, headers["retry-after"]);
      if (RETRIED.has(status)) throw bad;
      throw new InfrastructureError(`Unable to download '${shownUrl(this.request.url)}': ${bad.message}`, {
        cause: bad,
        advice: "Open the URL in a browser: the file may have been removed, or it needs `headers` to be read.",
      });
    } catch (error) {
      response.close();
      throw error;
    }
  }
}

/** A strong ETag, else the date of the last change; a weak ETag promises nothing about bytes. */
function strongVersion(headers: IncomingHttpHeaders): string | undefined {
  const { etag } = headers;
  return etag && !etag.startsWith("W/") ? etag : headers["last-modified"];
}

/** Errors that were decided already. */
const isFinal = (error: unknown): boolean => error instanceof InfrastructureError;
