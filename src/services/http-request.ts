/** Tells a server on the network something. */

import { JobError } from "../base/errors.js";
import { loadGot } from "../base/http-client.js";
import type { Json } from "../base/json.js";
import { sleep } from "./download/sleep.js";
import { optionalText, text } from "./overlay/inputs.js";
import type { Service, ServiceContext } from "./types.js";

/** ms between two looks. */
const LOOK = 1000;

/** Paths of the job's own folder as the server sees them, in all texts of a body. */
function seenAt(body: Json, from: string, to: string): Json {
  if (typeof body === "string") return body.startsWith(`${from}/`) ? to + body.slice(from.length) : body;
  if (Array.isArray(body)) return body.map((each) => seenAt(each, from, to));
  if (body === null || typeof body !== "object") return body;
  return Object.fromEntries(Object.entries(body).map(([key, each]) => [key, seenAt(each ?? null, from, to)]));
}

/** Asks until one of these status codes comes: a server that starts refuses connections, or answers that it is not ready. */
async function awaitServer(url: string, codes: number[], context: ServiceContext): Promise<void> {
  const { got } = await loadGot(context.env);
  const { log, signal } = context;
  log.debug(`Waiting for ${url}`);
  for (let last = ""; ; await sleep(LOOK, context)) {
    const said = await got(url, { signal, retry: { limit: 0 }, throwHttpErrors: false, followRedirect: false }).then(
      ({ statusCode }) => (codes.includes(statusCode) ? undefined : `it answers ${statusCode}`),
      (error: Error) => error.message,
    );
    signal.throwIfAborted();
    if (said === undefined) return;
    if (said !== last) log.debug(`Not yet: ${said}`);
    last = said;
  }
}

/**
 * Posts JSON to a server. An answer that refuses it is warned about: what matters is what the server does then.
 * Inputs: url, wait? (status codes: the URL is asked until one of them comes, as long as the action has time), body, work?
 * (where the server sees the job's own folder: its paths in the body are told so).
 */
export const httpRequest: Service = {
  name: "http-request",

  async run(input, context) {
    const { log, signal, env, paths } = context;
    const url = text(input, "url");
    const codes = Array.isArray(input.wait) ? input.wait.map(Number) : [];
    if (codes.length > 0) await awaitServer(url, codes, context);
    const work = optionalText(input, "work");
    const json = work === undefined ? input.body : seenAt(input.body ?? null, paths.work, work);
    const { got } = await loadGot(env);
    try {
      const answer = await got.post(url, { json, signal, retry: { limit: 0 }, throwHttpErrors: false });
      const said = `POST ${url} was answered with ${answer.statusCode}`;
      if (answer.statusCode < 400) log.info(said);
      else log.warning(`${said}: ${answer.body.slice(0, 500)}`);
    } catch (error) {
      signal.throwIfAborted();
      throw new JobError(`POST ${url} failed: ${(error as Error).message}`);
    }
    return undefined;
  },
};
