import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { loadMachines, type MachineText } from "../../src/strategies/load-machines.js";
import type { Machines } from "../../src/strategies/machines-types.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** All YAML files below a folder; names relative to `base` (default: the project's root). */
export const readMachineFiles = (folder: string, base = root): MachineText[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .map((name) => join(folder, name))
    .map((path) => ({ file: relative(base, path), text: readFileSync(path, "utf8") }));

let machines: Machines | undefined;
/** The machines of the project, from their YAML files. */
export function projectMachines(): Machines {
  machines ??= loadMachines(readMachineFiles(join(root, "machines"))).machines;
  return machines;
}
