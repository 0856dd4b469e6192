/**
 * Proxies that the environment names, read as Python's urllib and requests read them, for those are what LAVA downloads
 * with: `<scheme>_proxy` and `all_proxy`, in lower or in upper case, and `no_proxy`.
 */
import type { ClientRequest, RequestOptions } from "node:http";
import { isIPv4 } from "node:net";

/** Variables that are set, in lower case. */
export type Environment = { readonly [name: string]: string | undefined };

/** `scheme` (`all`, `no`) to what the environment says of it. */
function proxiesOf(env: Environment): Map<string, string> {
  const proxies = new Map<string, string>();
  const named = Object.entries(env).flatMap(([name, value]) => {
    const scheme = /^(.+)_proxy$/i.exec(name)?.[1]?.toLowerCase();
    return scheme === undefined ? [] : [{ scheme, value, lower: name.endsWith("_proxy") }];
  });
  for (const { scheme, value } of named) if (value) proxies.set(scheme, value);
  // A CGI server sets HTTP_PROXY from a header that anybody may send.
  if (env.REQUEST_METHOD !== undefined) proxies.delete("http");
  // The lower case wins, and an empty one takes back the other.
  for (const { scheme, value, lower } of named)
    if (lower && value) proxies.set(scheme, value);
    else if (lower) proxies.delete(scheme);
  return proxies;
}

const bits = (address: string): number =>
  address.split(".").reduce((sum, part) => ((sum << 8) | Number(part)) >>> 0, 0);

/** Whether an IPv4 address is in `a.b.c.d/n`. */
function inNetwork(address: string, network: string): boolean {
  const [, base = "", size = ""] = /^([\d.]+)\/(\d+)$/.exec(network) ?? [];
  if (!isIPv4(base) || Number(size) < 1 || Number(size) > 32) return false;
  const mask = (-1 << (32 - Number(size))) >>> 0;
  return (bits(address) & mask) >>> 0 === (bits(base) & mask) >>> 0;
}

/** Whether `no_proxy` leaves a host out. */
function isLeftOut(host: string, port: string, env: Environment, no: string | undefined): boolean {
  const list = (env.no_proxy || env.NO_PROXY || "").replaceAll(" ", "").split(",").filter(Boolean);
  if (isIPv4(host)) {
    if (list.some((entry) => entry === host || inNetwork(host, entry))) return true;
  } else if (list.some((entry) => host.endsWith(entry) || (port !== "" && `${host}:${port}`.endsWith(entry))))
    return true;
  if (no === "*") return true;
  return (no ?? "")
    .split(",")
    .map((entry) => entry.trim().replace(/^\.+/, "").toLowerCase())
    .some((entry) => entry !== "" && (host === entry || host.endsWith(`.${entry}`)));
}

/** The proxy for a URL, or undefined. Throws when the one that the environment names is none that can be used. */
export function proxyFor(url: URL, env: Environment): URL | undefined {
  const proxies = proxiesOf(env);
  const scheme = url.protocol.slice(0, -1);
  const told = proxies.get(scheme) ?? proxies.get("all");
  const host = bare(url.hostname);
  if (told === undefined || host === "" || isLeftOut(host, url.port, env, proxies.get("no"))) return undefined;
  const text = /^[a-z][\w+.-]*:\/\//i.test(told) ? told : `http://${told}`;
  if (!/^https?:/i.test(text) || !URL.canParse(text))
    throw new Error(`the ${scheme} proxy of the environment is none that speaks HTTP (${shown(text)})`);
  return new URL(text);
}

/** Without the brackets of an IPv6 address. */
const bare = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, "$1");

/** A proxy's address without its password. */
const shown = (proxy: string | URL): string =>
  String(proxy)
    .replace(/\/\/[^/@]*@/, "//")
    .replace(/\/$/, "");

/** Sends a request by the proxy of the environment: got's `request` option. Undefined where there is none. */
export type ProxiedRequest = (url: URL, options: RequestOptions) => Promise<ClientRequest> | undefined;

/** Undefined when the environment names no proxy at all. */
export function proxiedRequest(env: Environment): ProxiedRequest | undefined {
  if (proxiesOf(env).size === 0) return undefined;
  return (url, options) => {
    const proxy = proxyFor(url, env);
    return proxy && (url.protocol === "http:" ? whole(url, options, proxy) : tunnelled(url, options, proxy));
  };
}

function authorization({ username, password }: URL): { [header: string]: string } {
  if (username === "" && password === "") return {};
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(text, "latin1").toString("base64")}` };
}

const clientOf = ({ protocol }: URL) => (protocol === "https:" ? import("node:https") : import("node:http"));
const addressOf = (proxy: URL) => ({
  protocol: proxy.protocol,
  hostname: bare(proxy.hostname),
  port: Number(proxy.port) || (proxy.protocol === "https:" ? 443 : 80),
});

/** The proxy is told the whole URL. */
async function whole(url: URL, options: RequestOptions, proxy: URL): Promise<ClientRequest> {
  const { request } = await clientOf(proxy);
  const sent = request({
    ...options,
    ...addressOf(proxy),
    path: `http://${url.host}${url.pathname}${url.search}`,
    headers: { host: url.host, ...options.headers, ...authorization(proxy) },
    agent: false,
  });
  sent.on("error", (error) => blame(error, proxy));
  return sent;
}

/** The proxy connects to the server, and hears nothing of what is said. */
async function tunnelled(url: URL, options: RequestOptions, proxy: URL): Promise<ClientRequest> {
  const [{ request: client }, { request, globalAgent }, { connect }] = await Promise.all([
    clientOf(proxy),
    import("node:https"),
    import("node:tls"),
  ]);
  const host = bare(url.hostname);
  const target = `${url.hostname}:${url.port || 443}`;
  const tunnel = client({
    ...addressOf(proxy),
    method: "CONNECT",
    path: target,
    headers: { host: target, ...authorization(proxy) },
    agent: false,
  });
  const sent = request(url, {
    ...options,
    agent: undefined,
    createConnection: (secure, connected) => {
      tunnel.once("error", (error) => connected(blame(error, proxy), undefined as never));
      tunnel.once("connect", ({ statusCode = 0, statusMessage }, socket) => {
        if (statusCode < 200 || statusCode > 299) {
          socket.destroy();
          const answer = `${statusCode} ${statusMessage ?? ""}`.trimEnd();
          const error = new Error(`the proxy ${shown(proxy)} does not connect to ${target}: it answered ${answer}`);
          return connected(error, undefined as never);
        }
        const { ca = globalAgent.options.ca } = secure as { ca?: string[] };
        // An address is no name of a server.
        const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
        connected(null, connect({ ...secure, ...servername, ...(ca && { ca }), host, socket } as never));
      });
      tunnel.end();
      return undefined;
    },
  } as RequestOptions);
  sent.once("close", () => tunnel.destroy());
  return sent;
}

/** Says that it was the proxy which could not be reached, not the server. */
function blame(error: NodeJS.ErrnoException, proxy: URL): Error {
  if (error.syscall === "connect" || error.syscall === "getaddrinfo") {
    error.message = `the proxy ${shown(proxy)} cannot be reached (${error.message})`;
    delete error.code;
  }
  return error;
}
