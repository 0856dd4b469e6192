import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { type AddressInfo, isIP, isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import { join, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { InfrastructureError } from "../base/errors.js";
import { dispatcherIp } from "./dispatcher-ip.js";
import { jobFolderName } from "./job-folder-name.js";
import { texts } from "./overlay/inputs.js";
import type { Service } from "./types.js";

/** The file that a request's path names below `root`, links resolved; undefined when there is none inside. */
async function fileOf(root: string, path: string): Promise<string | undefined> {
  let plain: string;
  try {
    plain = decodeURIComponent(path.replace(/[?#].*$/, ""));
  } catch {
    return undefined;
  }
  if (plain.includes("\0")) return undefined;
  try {
    const [inside, file] = await Promise.all([realpath(root), realpath(join(root, plain))]);
    return file.startsWith(inside + sep) && (await stat(file)).isFile() ? file : undefined;
  } catch {
    return undefined;
  }
}

/** What is handed out: folders by the beginning of a request's path, and which of their files. */
interface HandedOut {
  roots: { [prefix: string]: string };
  files: ReadonlySet<string>;
}

async function answer(
  { roots, files }: HandedOut,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<number> {
  const end = (status: number, headers: { [name: string]: string } = {}) => {
    response.writeHead(status, headers).end();
    return status;
  };
  if (request.method !== "GET" && request.method !== "HEAD") return end(405, { allow: "GET, HEAD" });
  const url = request.url ?? "";
  const prefix = Object.keys(roots).find((prefix) => url.startsWith(prefix));
  const file = prefix === undefined ? undefined : await fileOf(roots[prefix] as string, url.slice(prefix.length));
  if (!file || !files.has(file)) return end(404);
  const { size } = await stat(file);
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const start = Number(from ?? 0);
  const last = to ? Math.min(Number(to), size - 1) : size - 1;
  if (from !== undefined && start > last) return end(416, { "content-range": `bytes */${size}` });
  const status = from === undefined ? 200 : 206;
  response.writeHead(status, {
    "content-type": "application/octet-stream",
    "content-length": last - start + 1,
    "accept-ranges": "bytes",
    ...(from !== undefined && { "content-range": `bytes ${start}-${last}/${size}` }),
  });
  if (request.method === "HEAD" || size === 0) response.end();
  else await pipeline(createReadStream(file, { start, end: last }), response);
  return status;
}

const listen = (server: Server, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, () => resolve((server.address() as AddressInfo).port));
  });

/**
 * Hands out files of the job over HTTP, read-only, until the job ends: `<url>/x` is `x` of the job's scratch folder, and
 * `<url up to /tmp>/tftp/x` that of its TFTP folder. Others who reach the port cannot guess the URL. It listens on the
 * dispatcher's HTTP address when that is this machine's, else on loopback only (where an emulator's user network looks for
 * it). Inputs: files (paths of the worker; of others nothing is told). Data: http {url, root}.
 */
export const httpServer: Service = {
  name: "http-server",

  async run(input, context) {
    const { log, paths } = context;
    const told = dispatcherIp(context.dispatcher, "http");
    const own = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === told));
    const place = `/${randomBytes(12).toString("base64url")}`;
    const handedOut = {
      roots: { [`${place}/tmp/`]: paths.work, [`${place}/tftp/`]: join(paths.tftpRoot, jobFolderName(context)) },
      files: new Set(await Promise.all(texts(input, "files").map((file) => realpath(file).catch(() => file)))),
    };
    const { createServer } = await import("node:http");
    const server = createServer((request, response) => {
      answer(handedOut, request, response).then(
        (status) => log.debug(`http: ${request.method} ${request.url} from ${request.socket.remoteAddress}: ${status}`),
        (error: Error) => {
          log.debug(`http: ${request.method} ${request.url}: ${error.message}`);
          response.destroy();
        },
      );
    });
    context.onCleanup(
      () =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    );
    const host = own && isIP(told) ? told : "127.0.0.1";
    try {
      const port = await listen(server, host);
      const url = `http://${isIPv6(told) ? `[${told}]` : told}:${port}${place}/tmp`;
      log.debug(`handing out ${handedOut.files.size} files of ${paths.work} as ${url} (listening on ${host}:${port})`);
      return { data: { http: { url, root: paths.work } } };
    } catch (cause) {
      throw new InfrastructureError(`No HTTP server can be started on ${host}: ${(cause as Error).message}`, {
        cause,
        advice: "Set `dispatcher_http_ip` in the dispatcher's configuration to an address of this machine.",
      });
    }
  },
};
