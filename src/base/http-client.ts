/** The HTTP client of all that asks servers, and whom it trusts. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RequestFunction } from "got";
import { type Environment, proxiedRequest } from "./http-proxy.js";

/** Where Debian's administrators put the certificates of authorities of their own. */
const OWN_AUTHORITIES = "/usr/local/share/ca-certificates";

let extra: string | undefined;
let trusted: Promise<void> | undefined;

/**
 * Names a file of certificates (PEM) to trust besides Node's own. It is what NODE_EXTRA_CA_CERTS names, but read before the
 * first request: Node 20 reads it at every start, which takes it longer than most commands take.
 */
export function trustLater(file: string): void {
  extra = file;
}

/** got, with everybody trusted who is to be, and by the proxies of an environment. */
export async function loadGot(env: Environment): Promise<Pick<typeof import("got"), "got" | "HTTPError">> {
  trusted ??= trust(authorities(env));
  await trusted;
  const { got, HTTPError } = await import("got");
  const request = proxiedRequest(env);
  return { got: request ? got.extend({ request: request as RequestFunction }) : got, HTTPError };
}

interface Authorities {
  file: string;
  /** Who named it. */
  by: string;
}

/** Files of certificates to trust besides Node's own: those that Python's requests on Debian would trust, too. */
function authorities(env: Environment): Authorities[] {
  const named = [
    { by: "NODE_EXTRA_CA_CERTS", file: extra },
    ...["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"].map((by) => ({ by, file: env[by] })),
  ].flatMap(({ by, file }) => (file ? [{ by, file }] : []));
  return [...named, ...ownAuthorities(OWN_AUTHORITIES)];
}

/** The certificates of a folder and of those in it. */
export function ownAuthorities(folder: string): Authorities[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".crt"))
      .sort()
      .map((name) => ({ by: folder, file: join(folder, name) }));
  } catch {
    return [];
  }
}

/** A file that cannot be read is ignored with a warning, as Node does. */
async function trust(files: Authorities[]): Promise<void> {
  const read = files.flatMap(({ file, by }) => {
    try {
      return [readFileSync(file, "utf8")];
    } catch (error) {
      process.emitWarning(`The certificates of ${by} are ignored: ${(error as Error).message}`);
      return [];
    }
  });
  if (read.length === 0) return;
  const { globalAgent } = await import("node:https");
  const { rootCertificates } = await import("node:tls");
  globalAgent.options.ca = [...rootCertificates, ...read];
}
