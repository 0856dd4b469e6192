/** Where device-type templates are looked for: beside the device file's folder first, then in this package. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { TemplateSource } from "../device/template-chain.js";
import { packageRoot } from "./package-root.js";

const EXTENSION = ".yaml.hbs";

/** Templates of a device file: `../device-types` seen from it, then `device-configs/device-types` of the package. */
export function deviceTemplates(deviceFile: string, cwd: string): TemplateSource {
  const folders = () => [
    resolve(cwd, dirname(deviceFile), "../device-types"),
    join(packageRoot(), "device-configs/device-types"),
  ];
  return {
    template(name) {
      // A name is no path: nothing outside the folders can be read by it.
      if (!/^[\w][\w.+-]*$/.test(name)) return undefined;
      for (const folder of folders()) {
        const path = join(folder, name + EXTENSION);
        const text = read(path);
        if (text !== undefined) return { file: shown(path, cwd), text };
      }
      return undefined;
    },
    names: () => [
      ...new Set(
        folders()
          .flatMap(list)
          .filter((name) => name.endsWith(EXTENSION))
          .map((name) => name.slice(0, -EXTENSION.length)),
      ),
    ],
  };
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
