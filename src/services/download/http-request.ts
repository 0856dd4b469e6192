/** One HTTP(S) request, and what is done when it fails: back-off, and never trusting a server's silence. */
import type { IncomingHttpHeaders } from "node:http";
import { InfrastructureError } from "../../base/errors.js";
import { loadGot } from "../../base/http-client.js";
import type { ServiceContext } from "../types.js";
import { shownUrl } from "./local-file.js";
import { sleep } from "./sleep.js";

/** Statuses after which a request is sent again (spec pipeline.md §6). */
export const RETRIED = new Set([408, 413, 420, 425, 429, 430, 500, 502, 503, 504, 507, 509, 529, 598]);
/** Faults that another try cannot mend. */
const HOPELESS = new Set(["ERR_TOO_MANY_REDIRECTS", "ERR_UNSUPPORTED_PROTOCOL", "ERR_INVALID_URL"]);
/** ms without a byte after which a connection is given up. */
const IDLE = 60_000;
/** Back-off: `FACTOR × 2^(n-1)` ms, at most LONGEST. */
const FACTOR = 100;
const LONGEST = 120_000;

export type HttpContext = Pick<ServiceContext, "signal" | "clock" | "log" | "env">;
export interface HttpRequest {
  url: string;
  headers: { [name: string]: string };
}

export interface Response {
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
      advice:
        "The worker does not trust the server's certificate: put its CA into a file that NODE_EXTRA_CA_CERTS names, or mend the server.",
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
export async function send(
  request: HttpRequest,
  method: "GET" | "HEAD",
  extra: { [name: string]: string },
  context: HttpContext,
): Promise<Response> {
  const { got } = await loadGot(context.env);
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
export class BadStatus extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly retryAfter?: string,
  ) {
    super(`the server answered ${status} ${message}`.trimEnd());
  }
}

/** Waits before the next try, or gives up with an InfrastructureError. */
export async function pause(
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
