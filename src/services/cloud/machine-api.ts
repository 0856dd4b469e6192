/** A client of the REST interface (v1) by which virtual boards are made, started and deleted in a cloud. */
import { openAsBlob } from "node:fs";
import { InfrastructureError, JobError } from "../../base/errors.js";
import { loadGot } from "../../base/http-client.js";
import { isMap, type Json, type JsonMap } from "../../base/json.js";
import type { ServiceContext } from "../types.js";

/** ms until a request without an answer is given up; uploads take as long as they need. */
const PATIENCE = 60_000;

type ApiContext = Pick<ServiceContext, "signal" | "log" | "env">;

export interface MachineApi {
  projectId(name: string): Promise<string>;
  /** The kind of hardware that a model's name stands for. */
  flavor(model: string): Promise<string>;
  upload(project: string, file: string): Promise<string>;
  create(machine: JsonMap): Promise<string>;
  state(id: string): Promise<string>;
  /** URL of a WebSocket with the console's bytes. */
  console(id: string): Promise<string>;
  deleteMachine(id: string): Promise<void>;
  deleteImage(id: string): Promise<void>;
}

const idOf = (answer: Json): string => {
  const id = isMap(answer) ? answer.id : undefined;
  if (typeof id === "string" && id !== "") return id;
  throw new InfrastructureError("The cloud's answer has no id");
};

const listOf = (answer: Json): JsonMap[] => (Array.isArray(answer) ? answer.filter(isMap) : []);

/** Logs in with an API token. @throws InfrastructureError, JobError when the token is refused. */
export async function connectMachineApi(endpoint: string, token: string, context: ApiContext): Promise<MachineApi> {
  const { got, HTTPError } = await loadGot(context.env);
  const base = endpoint.replace(/\/+$/, "");
  let bearer: string | undefined;

  const call = async (method: "GET" | "POST" | "DELETE", path: string, body?: JsonMap | FormData): Promise<Json> => {
    const { signal } = context;
    const form = body instanceof FormData;
    try {
      const text = await got(`${base}/${path}`, {
        method,
        signal,
        retry: { limit: method === "POST" ? 0 : 3 },
        ...(!form && { timeout: { request: PATIENCE } }),
        headers: { "user-agent": "lava-dispatch", ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }) },
        ...(body !== undefined && (form ? { body } : { json: body })),
      }).text();
      return text === "" ? null : (JSON.parse(text) as Json);
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof HTTPError && [401, 403].includes(cause.response.statusCode))
        throw new JobError("The cloud refuses the job's API token", { advice: "Renew the secret that holds it." });
      const what =
        cause instanceof HTTPError
          ? `answered ${cause.response.statusCode} to ${method} ${path}`
          : `cannot be reached: ${(cause as Error).message}`;
      // The library's own error holds the whole request, token included.
      throw new InfrastructureError(`The cloud at ${base} ${what}`, {
        cause: (cause as Error).message,
        advice: "Look at the service's status page.",
      });
    }
  };

  const login = await call("POST", "v1/auth/login", { apiToken: token });
  bearer = isMap(login) && typeof login.token === "string" ? login.token : undefined;
  if (bearer === undefined) throw new InfrastructureError("The cloud's login gave no token");

  const named = async (path: string, key: string, name: string): Promise<JsonMap> => {
    const all = listOf(await call("GET", path));
    const found = all.find((each) => each[key] === name || each.name === name);
    if (found) return found;
    const known = all.map((each) => each[key]).join(", ");
    throw new JobError(`The cloud has no ${path.replace("v1/", "").replace(/s$/, "")} '${name}'`, {
      advice: `It has: ${known}.`,
    });
  };

  return {
    projectId: async (name) => idOf(await named("v1/projects", "name", name)),
    flavor: async (model) => String((await named("v1/models", "model", model)).flavor ?? model),
    async upload(project, file) {
      const form = new FormData();
      form.append("type", "fwpackage");
      form.append("encoding", "plain");
      form.append("project", project);
      form.append("name", "package.zip");
      form.append("file", await openAsBlob(file), "package.zip");
      return idOf(await call("POST", "v1/images", form));
    },
    create: async (machine) => idOf(await call("POST", "v1/instances", machine)),
    async state(id) {
      const answer = await call("GET", `v1/instances/${encodeURIComponent(id)}/state`);
      return typeof answer === "string" ? answer : String((isMap(answer) && answer.state) || "");
    },
    async console(id) {
      const answer = await call("GET", `v1/instances/${encodeURIComponent(id)}/console`);
      const url = isMap(answer) ? answer.url : undefined;
      if (typeof url === "string" && /^wss?:\/\//.test(url)) return url;
      throw new InfrastructureError("The cloud gave no address of the machine's console");
    },
    deleteMachine: async (id) => void (await call("DELETE", `v1/instances/${encodeURIComponent(id)}`)),
    deleteImage: async (id) => void (await call("DELETE", `v1/images/${encodeURIComponent(id)}`)),
  };
}
