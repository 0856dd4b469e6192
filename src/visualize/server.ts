/**
 * Serves the page and one job, on loopback. Names of other hosts (DNS rebinding), requests of other sites' pages and
 * paths that are not the page's own are refused.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { openRegularHandle } from "../base/regular-file.js";
import { drained } from "./drained.js";
import { acceptFeed, type Feed } from "./event-feed.js";
import { inspectEvents } from "./inspect-run.js";
import type { MadeLayout } from "./made-layout.js";
import type { PageFile } from "./page-files.js";
import { parseOffsets, streamRun } from "./stream-run.js";
import { REPORT, type ViewData } from "./view-data.js";

export interface ServeOptions {
  files: Map<string, PageFile>;
  /** Asked for each page: a run may have begun meanwhile. */
  view: () => ViewData;
  /** What a page shows first, laid out; it does so itself where there is nothing. */
  layout?: () => Promise<MadeLayout | undefined>;
  /** Output directory of the run, if there is one. */
  directory?: string;
  /** 0: any free one. */
  port?: number;
}

export interface ViewServer {
  url: string;
  port: number;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
export const CONTENT_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const HEADERS = {
  "Content-Security-Policy": CONTENT_POLICY,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cache-Control": "no-store",
};

/** Begins to serve. Rejects when the port is taken. */
export async function serveView(options: ServeOptions): Promise<ViewServer> {
  const over = new AbortController();
  const feeds = new Set<Feed>();
  const upgraded = new Set<Duplex>();
  const server = createServer((request, reply) => {
    const refusal = refuse(request, portOf(server));
    if (refusal) return end(reply, ...refusal);
    void answer(request, reply, options, over.signal).catch(() => reply.destroy());
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    upgraded.add(socket);
    socket.on("close", () => upgraded.delete(socket));
    socket.on("error", () => socket.destroy());
    const refusal = refuse(request, portOf(server));
    if (refusal || pathOf(request) !== "/inspect") {
      socket.end(`HTTP/1.1 ${refusal?.[0] ?? 404} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const feed = acceptFeed(request, socket);
    if (!feed) return;
    feeds.add(feed);
    feed.signal.addEventListener("abort", () => feeds.delete(feed));
    void inspectEvents(
      options.view(),
      options.directory,
      (event) => feed.send(JSON.stringify(event)),
      feed.signal,
    ).catch(() => feed.close());
  });
  // A reader may be slow; one that says nothing at all is not waited for.
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, HOST, resolve);
  });
  const port = portOf(server);
  return {
    url: `http://${HOST}:${port}/`,
    port,
    close: () =>
      new Promise((resolve) => {
        over.abort();
        for (const feed of feeds) feed.close();
        // Who does not read, or does not hang up, is not waited for: the goodbye is on its way by now.
        for (const socket of upgraded) socket.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const portOf = (server: Server): number => (server.address() as AddressInfo | null)?.port ?? 0;
const pathOf = ({ url = "/" }: IncomingMessage): string => url.split("?")[0] as string;

/** Status and reason of a request that is not answered. */
function refuse({ method, headers }: IncomingMessage, port: number): [number, string] | undefined {
  const hosts = [`${HOST}:${port}`, `localhost:${port}`];
  if (!hosts.includes(headers.host ?? "")) return [421, "This server answers to its own name only."];
  if (headers.origin !== undefined && !hosts.some((host) => headers.origin === `http://${host}`))
    return [403, "Pages of other sites are not answered."];
  const site = headers["sec-fetch-site"];
  if (site === "cross-site" && headers["sec-fetch-mode"] !== "navigate")
    return [403, "Pages of other sites are not answered."];
  if (method !== "GET" && method !== "HEAD") return [405, "Nothing can be changed here."];
  return undefined;
}

function end(reply: ServerResponse, status: number, text: string, type = "text/plain; charset=utf-8"): void {
  reply.writeHead(status, { ...HEADERS, "Content-Type": type });
  reply.end(text);
}

async function answer(request: IncomingMessage, reply: ServerResponse, options: ServeOptions, over: AbortSignal) {
  const path = pathOf(request);
  if (path === "/view.json") return end(reply, 200, JSON.stringify(options.view()), "application/json");
  if (path === "/layout.json")
    return end(reply, 200, JSON.stringify((await options.layout?.()) ?? null), "application/json");
  if (path === "/report.html") return report(reply, options.directory);
  if (path === "/stream") return stream(request, reply, options, over);
  if (path === "/inspect") return inspect(reply, options, over);
  const file = options.files.get(path === "/" ? "/index.html" : path);
  if (!file) return end(reply, 404, "There is nothing here.");
  reply.writeHead(200, { ...HEADERS, "Content-Type": file.type });
  reply.end(file.content);
}

/** The run's report has a style sheet of its own, and no script. */
const REPORT_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

async function report(reply: ServerResponse, directory: string | undefined): Promise<void> {
  const file =
    directory === undefined ? undefined : await openRegularHandle(join(directory, REPORT)).catch(() => undefined);
  if (!file)
    return end(
      reply,
      404,
      "The run has left no report.html: it is written at its end. Of a run that was broken off: lava-dispatch report DIR",
    );
  reply.writeHead(200, {
    ...HEADERS,
    "Content-Security-Policy": REPORT_POLICY,
    "Content-Type": "text/html; charset=utf-8",
  });
  await pipeline(file.createReadStream(), reply);
}

/** Aborts when the reader goes away or the server ends. */
function untilGone(reply: ServerResponse, over: AbortSignal): AbortSignal {
  const gone = new AbortController();
  reply.on("close", () => gone.abort());
  reply.on("error", () => gone.abort());
  return AbortSignal.any([gone.signal, over]);
}

/** Resolves when the reader has room again. */
async function write(reply: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  if (!signal.aborted && !reply.write(text)) await drained(reply, signal);
}

async function stream(request: IncomingMessage, reply: ServerResponse, options: ServeOptions, over: AbortSignal) {
  const signal = untilGone(reply, over);
  reply.writeHead(200, { ...HEADERS, "Content-Type": "text/event-stream" });
  const last = request.headers["last-event-id"];
  const from = parseOffsets(typeof last === "string" ? last : undefined);
  const { directory } = options;
  const send = (event: string, data: unknown, id: string) =>
    write(reply, `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`, signal);
  if (directory) await streamRun(directory, { send }, { from, follow: true, signal });
  else await send("end", {}, "0-0-0");
  reply.end();
}

/** The inspector's events, one JSON object a line, to the run's end. */
async function inspect(reply: ServerResponse, options: ServeOptions, over: AbortSignal) {
  const signal = untilGone(reply, over);
  reply.writeHead(200, { ...HEADERS, "Content-Type": "application/x-ndjson" });
  await inspectEvents(
    options.view(),
    options.directory,
    (event) => write(reply, `${JSON.stringify(event)}\n`, signal),
    signal,
  );
  reply.end();
}
