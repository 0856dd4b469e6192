/** The environment to export on the target, from the `env_dut` text (spec runtime.md §9, end). */

import { ConfigurationError } from "../base/errors.js";
import { isMap, type Json, type JsonMap } from "../base/json.js";
import { plainText } from "./overlay/python-text.js";
import type { Service } from "./types.js";

interface DeviceEnvironment {
  /** Start from nothing instead of the dispatcher's own environment. */
  purge: boolean;
  removes: string[];
  overrides: JsonMap;
}

const refuse = (what: string, cause?: unknown): never => {
  throw new ConfigurationError(`The environment for devices (env_dut) ${what}`, { cause });
};

/** Reads an `env_dut` text. @throws ConfigurationError */
export async function deviceEnvironment(text: string): Promise<DeviceEnvironment> {
  const { parse } = await import("yaml");
  let read: Json = null;
  try {
    read = (parse(text, { version: "1.1", maxAliasCount: 100 }) as Json) ?? {};
  } catch (cause) {
    refuse("is not YAML", cause);
  }
  if (!isMap(read)) return refuse("must be a map");
  const { purge = false, removes = [], overrides = {} } = read;
  if (purge !== null && typeof purge !== "boolean") refuse("has a `purge` that is neither true nor false");
  if (removes !== null && !(Array.isArray(removes) && removes.every((name) => typeof name === "string")))
    refuse("has `removes` that is not a list of names");
  if (overrides !== null && !isMap(overrides)) refuse("has `overrides` that is not a map");
  const bad = Object.keys((overrides as JsonMap) ?? {}).find((name) => !/^[A-Za-z_]\w*$/.test(name));
  if (bad !== undefined) refuse(`overrides '${bad}', which is not the name of a variable`);
  return { purge: purge === true, removes: (removes as string[]) ?? [], overrides: (overrides as JsonMap) ?? {} };
}

/** What a shell, npm or npx tells of how this program was started: nothing of a board. */
const OF_THE_START = /^(?:PWD|OLDPWD|SHLVL|_|INIT_CWD|npm_\w+)$/;

/** The variables to export on the device. @throws ConfigurationError */
export async function exportedEnvironment(text: string, env: NodeJS.ProcessEnv): Promise<{ [name: string]: string }> {
  const { purge, removes, overrides } = await deviceEnvironment(text);
  const environment: { [name: string]: string } = {};
  if (!purge)
    for (const [name, value] of Object.entries(env))
      if (value !== undefined && !OF_THE_START.test(name)) environment[name] = value;
  for (const name of removes) delete environment[name];
  for (const [name, value] of Object.entries(overrides)) environment[name] = plainText(value);
  return environment;
}

export const deviceEnvironmentService: Service = {
  name: "device-environment",
  async run(input, { env, log }) {
    const text = input.env_dut;
    if (text === undefined || text === null || text === "") return undefined;
    const environment =
      typeof text === "string" ? await exportedEnvironment(text, env) : refuse("must be the text of a YAML file");
    log.debug(`${Object.keys(environment).length} variables are exported on the device`);
    return { data: { environment } };
  },
};
