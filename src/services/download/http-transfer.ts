/** One file over HTTP(S): retried with back-off, resumed by ranges, never trusting a server's silence. */
import type { IncomingHttpHeaders } from "node:http";
import { InfrastructureError } from "../../base/errors.js";
import type { ServiceContext } from "../types.js";
import { shownUrl } from "./local-file.js";
import { sleep } from "./sleep.js";

/** Statuses after which a request is sent again (spec pipeline.md §6). */
const RETRIED = new Set([408, 413, 420, 425, 429, 430, 500, 502, 503, 504, 507, 509, 529, 598]);
/** Faults that another try cannot mend. */
const HOPELESS = new Set(["ERR_TOO_MANY_REDIRECTS", "ERR_UNSUPPORTED_PROTOCOL", "ERR_INVALID_URL"]);
/** ms without a byte after which a connection is given up. */
const IDLE = 60_000;
/** Back-off: `FACTOR × 2^(n-1)` ms, at most LONGEST. */
const FACTOR = 100;
const LONGEST = 120_000;
export const TRANSFER_RETRIES = 15;
export const CHECK_RETRIES = 9;

export type HttpContext = Pick<ServiceContext, "signal" | "clock" | "log">;
export interface HttpRequest {
  url: string;
  headers: { [name: string]: string };
}

/** The server has another version of the file than the one that was begun. */
export class ChangedOnServer extends Error {}

interface Response {
  status: number;
  message: string;
  headers: IncomingHttpHeaders;
  body: AsyncIterator<Uint8Array>;
  close(): void;
}

const isTls = (error: NodeJS.ErrnoException): boolean =>
  /CERT|SELF_SIGNED|UNABLE_TO_|HOSTNAME|^ERR_TLS|^ERR_SSL|EPROTO/.test(String(error.code));

/** Says in one sentence what went wrong below HTTP. */
function describe(error: NodeJS.ErrnoException): { text: string; advice: string } {
  const { code, message } = error;
  if (isTls(error))
    return {
      text: `TLS failed (${message})`,
      advice: "The worker does not trust the server's certificate: add its CA to the worker, or mend the server.",
    };
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return { text: "the host name cannot be resolved", advice: "Check the host name in the URL and the worker's DNS." };
  if (code === "ECONNREFUSED")
    return {
      text: "the connection was refused",
      advice: "Check that the server runs and that the worker can reach it.",
    };
  return {
    text: message.replace(/\.$/, "") || String(code),
    advice: "Check the server and the network between it and the worker.",
  };
}

/** Sends one request; resolves at the headers. Rejects with what went wrong; nothing is left open then. */
async function send(
  request: HttpRequest,
  method: "GET" | "HEAD",
  extra: { [name: string]: string },
  context: HttpContext,
): Promise<Response> {
  const { got } = await import("got");
  const stalled = new AbortController();
  let since: number | undefined = context.clock.now();
  let timer: unknown;
  const watch = (ms: number) => {
    timer = context.clock.setTimeout(() => {
      const left = since === undefined ? IDLE : since + IDLE - context.clock.now();
      if (left > 0) return watch(left);
      stalled.abort();
      stream.destroy(new Error(`no byte came for ${IDLE / 1000} seconds`));
    }, ms);
  };
  const origin = new URL(request.url).origin;
  const stream = got.stream(request.url, {
    method,
    headers: { "user-agent": "lava-dispatch", ...request.headers, "accept-encoding": "identity", ...extra },
    decompress: false,
    throwHttpErrors: false,
    retry: { limit: 0 },
    maxRedirects: 10,
    https: { rejectUnauthorized: true },
    signal: AbortSignal.any([context.signal, stalled.signal]),
    hooks: {
      beforeRedirect: [
        (options) => {
          // What a job sends to one host is not meant for another.
          if ((options.url as URL).origin !== origin)
            for (const name of Object.keys(request.headers)) delete options.headers[name.toLowerCase()];
        },
      ],
    },
  });
  const close = () => {
    if (timer !== undefined) context.clock.clearTimeout(timer);
    stream.destroy();
  };
  watch(IDLE);
  try {
    const response = await new Promise<import("got").PlainResponse>((resolve, reject) => {
      stream.once("response", resolve);
      stream.once("error", reject);
    });
    stream.on("error", () => {}); // Told by the iterator.
    since = undefined;
    const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    return {
      status: response.statusCode,
      message: response.statusMessage ?? "",
      headers: response.headers,
      body: {
        async next() {
          since = context.clock.now();
          try {
            return await chunks.next();
          } catch (error) {
            throw stalled.signal.aborted ? new Error(`no byte came for ${IDLE / 1000} seconds`) : error;
          } finally {
            since = undefined;
          }
        },
      },
      close,
    };
  } catch (error) {
    close();
    context.signal.throwIfAborted();
    if (stalled.signal.aborted) throw new Error(`no answer came for ${IDLE / 1000} seconds`);
    throw error;
  }
}

/** ms to wait before try `n` + 1; a server's own wish counts when it is longer. */
function backOff(n: number, retryAfter?: string): number {
  const asked = Number(retryAfter) * 1000;
  return Math.min(LONGEST, Math.max(FACTOR * 2 ** (n - 1), Number.isFinite(asked) ? asked : 0));
}

/** An answer that is an error, thrown to be tried again. */
class BadStatus extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfter?: string,
  ) {
    super(`the server answered ${status} ${message}`.trimEnd());
  }
}

/** Waits before the next try, or gives up with an InfrastructureError. */
async function pause(
  failures: number,
  retries: number,
  error: unknown,
  url: string,
  context: HttpContext,
): Promise<void> {
  context.signal.throwIfAborted();
  const { text, advice } = describe(error as NodeJS.ErrnoException);
  const { code } = error as NodeJS.ErrnoException;
  if (failures > retries || isTls(error as NodeJS.ErrnoException) || HOPELESS.has(String(code))) {
    throw new InfrastructureError(
      `Unable to download '${shownUrl(url)}': ${text}${failures > 1 ? ` (tried ${failures} times)` : ""}`,
      {
        cause: error,
        advice: error instanceof BadStatus ? "Check the server: it fails, or it does not hand the file out." : advice,
      },
    );
  }
  const ms = backOff(failures, error instanceof BadStatus ? error.retryAfter : undefined);
  context.log.warning(
    `download of ${shownUrl(url)} failed: ${text}; trying again in ${ms / 1000} s (${failures} of ${retries})`,
  );
  await sleep(ms, context);
}

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
          await pause(++this.failures, TRANSFER_RETRIES, error, this.request.url, this.context);
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
        await pause(++this.failures, TRANSFER_RETRIES, error, this.request.url, this.context);
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

/** What a server says of a URL before anything is downloaded. */
export interface HttpCheck {
  /** 2xx when the file is there. */
  status: number;
  message: string;
}

/**
 * Asks whether the file is there: HEAD, and GET where a server does not do HEAD properly (spec pipeline.md §6).
 * @throws InfrastructureError when the server cannot be reached or goes on failing.
 */
export async function checkUrl(request: HttpRequest, context: HttpContext): Promise<HttpCheck> {
  const ask = async (method: "GET" | "HEAD") => {
    for (let failures = 0; ; ) {
      try {
        const response = await send(request, method, method === "GET" ? { range: "bytes=0-0" } : {}, context);
        response.close();
        const { status, message, headers } = response;
        if (!RETRIED.has(status)) return { status: status === 416 ? 200 : status, message };
        throw new BadStatus(status, message, headers["retry-after"]);
      } catch (error) {
        await pause(++failures, CHECK_RETRIES, error, request.url, context);
      }
    }
  };
  const head = await ask("HEAD");
  if (head.status >= 200 && head.status < 300) return head;
  context.log.debug(`HEAD is answered with ${head.status}: trying GET`);
  return ask("GET");
}
