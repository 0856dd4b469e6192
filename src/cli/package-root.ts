import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The package's own folder: it holds `device-configs/`. The same for the sources and for the bundle. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "device-configs")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
