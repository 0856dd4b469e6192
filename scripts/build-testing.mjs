/** Bundles src/testing.ts into dist/: what `import { replay } from "lava-dispatch/testing"` gives, with its types. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { plainRequire } from "./lib/plain-require.mjs";

/** What the module itself is; the rest of its types stands in src/testing-api.ts. */
const VALUES = `
export declare const replay: Replay;
export declare class ReplayFailure extends Error {}
`;

/** @param options what all bundles have in common */
export async function buildTesting(root, dist, options) {
  await build({
    ...options,
    absWorkingDir: root,
    entryPoints: ["src/testing.ts"],
    outfile: join(dist, "testing.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    plugins: [plainRequire],
    // Sources and packages that are CommonJS ask for others when they need them.
    banner: {
      js: 'import { createRequire as lateRequire } from "node:module"; const require = lateRequire(import.meta.url);',
    },
  });
  writeFileSync(join(dist, "testing.d.mts"), readFileSync(join(root, "src/testing-api.ts"), "utf8") + VALUES);
}
