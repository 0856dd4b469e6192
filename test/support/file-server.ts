/** A web server that plays good and bad servers, one path each. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export type Handler = (request: IncomingMessage, reply: ServerResponse) => void;

export interface FileServer {
  url(path: string): string;
  /** Paths asked for, with method and Range header. */
  requests: { method: string; path: string; range: string | undefined }[];
  close(): Promise<void>;
}

/** Serves `handlers[path]`; everything else is a 404. */
export async function startFileServer(handlers: Record<string, Handler>): Promise<FileServer> {
  const requests: FileServer["requests"] = [];
  const server = createServer((request, reply) => {
    const path = request.url ?? "/";
    requests.push({ method: request.method ?? "", path, range: request.headers.range });
    const handler = handlers[path];
    if (handler) handler(request, reply);
    else reply.writeHead(404).end("no such file");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Answers with these bytes; HEAD requests with their length alone. */
export const serveBytes =
  (bytes: Buffer): Handler =>
  (request, reply) => {
    reply.writeHead(200, { "content-length": bytes.length, "content-type": "application/octet-stream" });
    reply.end(request.method === "HEAD" ? undefined : bytes);
  };
