/** The HTTP client of all that asks servers, and whom it trusts. */
import { readFileSync } from "node:fs";
import type { RequestFunction } from "got";
import { type Environment, proxiedRequest } from "./http-proxy.js";

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
  if (extra !== undefined) trusted ??= trust(extra);
  await trusted;
  const { got, HTTPError } = await import("got");
  const request = proxiedRequest(env);
  return { got: request ? got.extend({ request: request as RequestFunction }) : got, HTTPError };
}

/** A file that cannot be read is ignored with a warning, as Node does. */
async function trust(file: string): Promise<void> {
  const { globalAgent } = await import("node:https");
  const { rootCertificates } = await import("node:tls");
  try {
    globalAgent.options.ca = [...rootCertificates, readFileSync(file, "utf8")];
  } catch (error) {
    process.emitWarning(`The certificates of NODE_EXTRA_CA_CERTS are ignored: ${(error as Error).message}`);
  }
}
