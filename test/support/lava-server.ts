/**
 * What LAVA's scheduler does for a worker's jobs, as far as one job sees it: hands out its files, takes its log once and in
 * order, and hears how it ended. It can be away, and be back at the same address.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parse } from "yaml";

export interface ServedJob {
  token: string;
  definition: string;
  device: string;
  dispatcher: string;
  /** The worker's environment for its jobs, YAML. */
  env: string;
  "env-dut": string;
}

export interface StoredJob extends ServedJob {
  state: string;
  lines: string[];
  /** What the worker said at the end. */
  finished?: { result: string; error_type: string; errors: string; description: string };
  /** Requests that brought log lines, those without an answer too. */
  posts: number;
}

/** What happens to a request of log lines instead of the usual; undefined: the usual. */
export type Trouble = (reply: ServerResponse, store: () => void) => void;

export class LavaServer {
  readonly jobs = new Map<string, StoredJob>();
  /** Taken one by one, a request each. */
  readonly troubles: Trouble[] = [];
  #server: Server | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  add(id: string, job: ServedJob): StoredJob {
    const stored = { ...job, state: "Scheduled", lines: [], posts: 0 };
    this.jobs.set(id, stored);
    return stored;
  }

  /** Is there (again). */
  async up(): Promise<void> {
    const server = createServer((request, reply) => {
      this.#answer(request, reply).catch((error) => reply.writeHead(500).end(String(error)));
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Is away: nobody listens, and who was being answered is cut off. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }

  async #answer(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += chunk;
    const send = (status: number, value: object) =>
      reply.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    const [, id = "", logs] = /^\/scheduler\/internal\/v1\/jobs\/(\d+)\/(logs\/)?$/.exec(request.url ?? "") ?? [];
    const job = this.jobs.get(id);
    if (!job) return void send(404, { error: `Unknown job '${id}'` });
    if (request.headers["lava-token"] === undefined) return void send(400, { error: "Missing 'token'" });
    if (request.headers["lava-token"] !== job.token) return void send(400, { error: "Invalid 'token'" });
    const form = new URLSearchParams(body);
    if (logs) return void this.#logs(job, form, send, reply);
    if (request.method === "GET") {
      const { definition, device, dispatcher, env, "env-dut": envDut } = job;
      return void send(200, { definition, device, dispatcher, env, "env-dut": envDut });
    }
    const state = form.get("state") ?? "";
    if (!["RUNNING", "FINISHED"].includes(state)) return void send(400, { error: `Invalid state '${state}'` });
    const told = (key: string) => form.get(key) ?? "";
    if (state === "FINISHED" && !["pass", "fail"].includes(told("result")))
      return void send(400, { error: `Invalid health '${told("result")}'` });
    job.state = state === "RUNNING" ? "Running" : "Finished";
    if (state === "FINISHED")
      job.finished = {
        result: told("result"),
        error_type: told("error_type"),
        errors: told("errors"),
        description: told("description"),
      };
    send(200, {});
  }

  #logs(
    job: StoredJob,
    form: URLSearchParams,
    send: (status: number, value: object) => unknown,
    reply: ServerResponse,
  ): unknown {
    job.posts += 1;
    const lines = form.get("lines");
    const index = form.get("index");
    if (!lines) return send(400, { error: "Missing 'lines'" });
    if (index === null) return send(400, { error: "Missing 'index'" });
    if (!/^\d+$/.test(index)) return send(400, { error: "Invalid 'index'" });
    const records = lines.split(/(?<=\n)/);
    for (const record of records) {
      const [value] = parse(record) as { dt?: unknown; lvl?: unknown; msg?: unknown }[];
      if (typeof value?.dt !== "string" || typeof value.lvl !== "string" || value.msg === undefined)
        return send(500, { error: `this is no record: ${record}` });
    }
    const store = () => {
      // What came before is skipped: it was sent again.
      const known = job.lines.length - Number(index);
      job.lines.push(...records.slice(Math.max(0, known)));
    };
    const trouble = this.troubles.shift();
    if (trouble) return trouble(reply, store);
    store();
    return send(200, { line_count: records.length });
  }
}
