import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { plainRequire } from "./plain-require.mjs";

/** Bundled sources ask for packages when they need them. */
const REQUIRE =
  'import { createRequire as lateRequire } from "node:module"; const require = lateRequire(import.meta.url);';

/**
 * Imports TypeScript into a script: it is bundled on the fly, packages stay outside.
 * @param {string} folder where the bundle goes; packages are found from there
 * @param {string} name of the bundle
 * @param {{ entryPoints: string[] } | { stdin: { contents: string, resolveDir: string } }} source what esbuild is to take
 * @returns {Promise<object>} the module
 */
export async function importSource(folder, name, source) {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    ...source,
    outfile,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    logLevel: "warning",
    plugins: [plainRequire],
    banner: { js: REQUIRE },
  });
  return import(pathToFileURL(outfile).href);
}

/** Where the builds of this project keep such bundles. */
export const BUNDLES = "node_modules/.cache/lava-dispatch";
