import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The package's own folder: it holds `device-configs/`. The same for the sources and for the bundle. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "device-configs")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/**
 * Where what is made for the built-in boards and jobs lies (guest images, running boards): a checkout's own folder, for
 * an installed package the user's cache. The scripts that make it say the same (scripts/lib/paths.mjs).
 */
export function stateFolder(env: NodeJS.ProcessEnv, root = packageRoot()): string {
  // npm packs every file that a project lists, but never this one.
  if (existsSync(join(root, "package-lock.json"))) return root;
  const { XDG_CACHE_HOME: cache } = env;
  return join(cache && isAbsolute(cache) ? cache : join(env.HOME || homedir(), ".cache"), "lava-dispatch");
}

/**
 * Where relative paths in a job begin: at its own folder. Those of the built-in jobs lead to the guest images, which
 * cannot lie inside an installed package.
 */
export function jobFolder(file: string, env: NodeJS.ProcessEnv): string {
  const folder = dirname(file);
  const root = packageRoot();
  const inside = relative(root, folder);
  return /^jobs(\/|$)/.test(inside) ? join(stateFolder(env, root), inside) : folder;
}
