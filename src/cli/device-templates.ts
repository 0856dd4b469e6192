/**
 * Where device-type templates are looked for: in the folders that were named, beside the device file, in this package,
 * and where LAVA's server has its own.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { JinjaSource } from "../device/jinja-device.js";
import type { TemplateSource } from "../device/template-chain.js";
import { packageRoot } from "./package-root.js";

const EXTENSION = ".yaml.hbs";
const JINJA = ".jinja2";
/** Folders of LAVA's server, in its order. */
const INSTALLED = ["etc/lava-server/dispatcher-config/device-types", "usr/share/lava-server/device-types"];
/** A name is no path: nothing outside the folders can be read by it. */
const NAME = /^\w[\w.+-]*$/;
const FILE = /^\w[\w.+-]*(?:\/\w[\w.+-]*)*$/;

export interface TemplateFolders {
  cwd: string;
  /** Named on the command line: they come first. */
  deviceTypes?: string[];
  /** Below it LAVA's server is installed. */
  lavaRoot?: string;
}

/** Templates for a device file. */
export function deviceTemplates(
  deviceFile: string,
  { cwd, deviceTypes = [], lavaRoot = "/" }: TemplateFolders,
): TemplateSource & { jinja: JinjaSource } {
  const named = deviceTypes.map((folder) => resolve(cwd, folder));
  const here = resolve(cwd, dirname(deviceFile));
  const beside = resolve(here, "../device-types");
  const own = join(packageRoot(), "device-configs/device-types");
  const installed = INSTALLED.map((folder) => join(lavaRoot, folder));
  const forJinja = [...named, beside, here, ...installed];
  const listed = (folders: string[], extension: string) => [
    ...new Set(
      folders
        .flatMap(list)
        .filter((name) => name.endsWith(extension))
        .map((name) => name.slice(0, -extension.length)),
    ),
  ];
  return {
    template(name) {
      if (!NAME.test(name)) return undefined;
      for (const folder of [...named, beside, own]) {
        const path = join(folder, name + EXTENSION);
        const text = read(path);
        if (text !== undefined) return { file: shown(path, cwd), text };
        // who names a folder of LAVA's types wants those
        if (named.includes(folder) && existsSync(join(folder, name + JINJA))) return undefined;
      }
      return undefined;
    },
    names: () => [...listed([...named, beside, own], EXTENSION), ...listed([...named, beside, ...installed], JINJA)],
    jinja: {
      folders: forJinja,
      find(name) {
        if (!FILE.test(name)) return undefined;
        for (const folder of forJinja) {
          const path = join(folder, name);
          // a device that is named like its type does not extend itself
          const text = path === resolve(cwd, deviceFile) ? undefined : read(path);
          if (text !== undefined) return { file: shown(path, cwd), text };
        }
        return undefined;
      },
      names: () => listed([...named, beside, ...installed], JINJA).map((name) => name + JINJA),
    },
  };
}

/** All device types that can be found, by their names and the file that has each. */
export function deviceTypes(folders: TemplateFolders): Map<string, string> {
  const { cwd, deviceTypes: named = [], lavaRoot = "/" } = folders;
  const all = [
    ...named.map((folder) => resolve(cwd, folder)),
    join(packageRoot(), "device-configs/device-types"),
    ...INSTALLED.map((folder) => join(lavaRoot, folder)),
  ];
  const found = new Map<string, string>();
  for (const folder of all) {
    for (const name of list(folder).sort()) {
      const extension = [EXTENSION, JINJA].find((each) => name.endsWith(each));
      const type = extension && name.slice(0, -extension.length);
      if (type && !found.has(type)) found.set(type, shown(join(folder, name), cwd));
    }
  }
  return found;
}

/** Relative where that is shorter. */
function shown(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short.length < path.length ? short : path;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
