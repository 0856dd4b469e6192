/** The helper scripts on the target: plain files of `target-scripts/`, shipped beside the program and read when needed. */

import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LAVABug } from "../../base/errors.js";
import { isMap, type JsonMap } from "../../base/json.js";
import { dig } from "./inputs.js";
import { plainText } from "./python-text.js";
import { shellQuote } from "./shell-quote.js";

const BELOW_PACKAGE = join("src", "services", "target-scripts");
const EXTENSION = ".sh";

/** The folder of the scripts, found upwards from this file: the same from the sources and from the bundle. */
function scriptsFolder(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, BELOW_PACKAGE))) return join(folder, BELOW_PACKAGE);
    if (folder === dirname(folder)) throw new LAVABug(`The installation is incomplete: ${BELOW_PACKAGE} is missing`);
  }
}

async function read(folder: string): Promise<[name: string, text: string][]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(EXTENSION)).sort();
  return Promise.all(
    files.map(
      async (file): Promise<[string, string]> => [
        file.slice(0, -EXTENSION.length),
        await readFile(join(folder, file), "utf8"),
      ],
    ),
  );
}

/** A variable that only one script gets: what the device gives, or an empty text. */
function injected(device: JsonMap): { [script: string]: [variable: string, value: string] } {
  const target = (key: string) => plainText(dig(device, "parameters", "interfaces", "target", key));
  const lists = (key: string) => (Array.isArray(device[key]) ? device[key].filter(isMap) : []);
  const probe = lists("static_info").find((info) => "probe_ip" in info && "probe_channel" in info);
  const storage = lists("storage_info").flatMap((info) =>
    Object.entries(info).map(([key, value]) => `\t${key}\t${plainText(value)}\n`),
  );
  return {
    "lava-target-mac": ["TARGET_DEVICE_MAC", target("mac")],
    "lava-target-ip": ["TARGET_DEVICE_IP", target("ip")],
    "lava-probe-ip": ["PROBE_DEVICE_IP", plainText(probe?.probe_ip)],
    "lava-probe-channel": ["PROBE_DEVICE_CHANNEL", plainText(probe?.probe_channel)],
    "lava-target-storage": ["LAVA_STORAGE", storage.join("")],
  };
}

export interface TargetScript {
  name: string;
  text: string;
  /** Replaces the generic script of that name. */
  distro?: string;
}

/**
 * The scripts for one target, generic ones first; a distribution's own ones replace those of the same name.
 * @param shell the interpreter on the target
 */
export async function targetScripts(
  shell: string,
  distro: string | undefined,
  device: JsonMap,
): Promise<TargetScript[]> {
  const folder = scriptsFolder();
  const special = distro && /^[\w-]+$/.test(distro) ? join(folder, "distro", distro) : undefined;
  const [generic, own] = await Promise.all([read(folder), special && existsSync(special) ? read(special) : []]);
  const variables = injected(device);
  const compose = (name: string, text: string) => {
    const [variable, value] = variables[name] ?? [];
    return `#!${shell}\n\n${variable ? `${variable}=${shellQuote(value ?? "")}\n` : ""}${text}`;
  };
  return [
    ...generic.map(([name, text]) => ({ name, text: compose(name, text) })),
    ...own.map(([name, text]) => ({ name, text: compose(name, text), ...(distro && { distro }) })),
  ];
}

/** The scripts that only members of a group have: names and texts. */
export const multinodeScripts = (): Promise<[name: string, text: string][]> => read(join(scriptsFolder(), "multinode"));
