/** Devices are files: where they lie, and how they are found by their names. */
import { readdirSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { nearest } from "../base/nearest.js";
import { builtInNames, namedFile } from "./built-in.js";
import { packageRoot } from "./package-root.js";
import { UsageError } from "./usage-error.js";

/** In the order in which a folder is searched. */
const EXTENSIONS = [".jinja2", ".yaml", ".yml"];
const NAME = /^\w[\w.+-]*$/;
const INSTALLED = "etc/lava-server/dispatcher-config/devices";

export interface DeviceFolders {
  cwd: string;
  /** Named on the command line. */
  devices?: string[];
  /** Below it LAVA's server is installed. */
  lavaRoot?: string;
}

export interface DeviceFile {
  name: string;
  file: string;
  folder: string;
}

/** The devices of all folders: those named, this package's own, and those of LAVA's server. The first of a name counts. */
export function deviceFiles({ cwd, devices = [], lavaRoot = "/" }: DeviceFolders): DeviceFile[] {
  const folders = [
    ...devices.map((folder) => ({ path: resolve(cwd, folder), isNamed: true })),
    { path: join(packageRoot(), "device-configs/devices"), isNamed: false },
    { path: join(lavaRoot, INSTALLED), isNamed: false },
  ];
  const found = new Map<string, DeviceFile>();
  for (const { path, isNamed } of folders) {
    for (const entry of entriesOf(path, isNamed)) {
      const extension = EXTENSIONS.find((each) => entry.endsWith(each));
      const name = extension && entry.slice(0, -extension.length);
      if (name && !found.has(name))
        found.set(name, { name, file: shown(join(path, entry), cwd), folder: shown(path, cwd) });
    }
  }
  return [...found.values()];
}

function entriesOf(folder: string, isNamed: boolean): string[] {
  try {
    // dictionaries in Jinja2 come first, as they do when one is looked for by its name
    const order = (name: string) => EXTENSIONS.findIndex((extension) => name.endsWith(extension));
    return readdirSync(folder).sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1));
  } catch (error) {
    if (!isNamed) return [];
    throw new UsageError(`Cannot read the devices folder ${folder}: ${(error as Error).message}.`, "Check the path.");
  }
}

/** The file of a device: a path, or a name in one of the folders. Throws UsageError. */
export function deviceFile(word: string, folders: DeviceFolders): string {
  const { cwd } = folders;
  const here = statSync(resolve(cwd, word), { throwIfNoEntry: false });
  if (here?.isFile()) return word;
  if (NAME.test(word)) {
    const found = deviceFiles(folders).find(({ name }) => name === word);
    if (found) return found.file;
    const near = nearest(
      word,
      deviceFiles(folders).map(({ name }) => name),
    );
    if (folders.devices?.length && near.length > 0 && !near.some((name) => builtInNames("device").includes(name))) {
      const meant = near.map((name) => `"${name}"`).join(" or ");
      throw new UsageError(`There is no device ${word} in ${folders.devices.join(", ")}.`, `Did you mean ${meant}?`);
    }
  }
  return namedFile(word, "device", cwd);
}

/** Relative where it is below the current folder. */
function shown(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short.startsWith("..") ? path : short;
}
