#!/usr/bin/env node
/**
 * The whole suite: sets up what is missing, then lint, types and folder rules, then every test, end-to-end jobs included.
 * Words after `npm test --` go to Vitest (e.g. `--project unit`); then lint is left out.
 * The last line is `N passed, N failed`; the exit code is 0 only when all is well.
 * What takes peers that must be built first is `npm run test:peers`.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./lib/paths.mjs";
import { setupOrExit } from "./lib/setup.mjs";
import { runVitest } from "./lib/vitest.mjs";

const words = process.argv.slice(2);
const run = (program, ...rest) => spawnSync(program, rest, { cwd: ROOT, stdio: "inherit" }).status === 0;
const tool = (name, ...rest) => run(join(ROOT, "node_modules/.bin", name), ...rest);

setupOrExit({ tests: true });

const failures = [];
if (words.length === 0) {
  const checks = {
    "lint (biome)": () => tool("biome", "check", "--error-on-warnings", "."),
    "types (tsc)": () => tool("tsc") && tool("tsc", "-p", "visualizer"),
    "folder rules": () => run(process.execPath, join(ROOT, "scripts/check-folders.mjs")),
  };
  for (const [name, passes] of Object.entries(checks)) if (!passes()) failures.push(name);
}

const ownProjects = words.some((word) => word.startsWith("--project"));
const { passes, passed, failed, skipped } = runVitest("vitest", [
  ...(ownProjects ? [] : ["--project", "!peers"]),
  ...words,
]);
if (!passes) failures.push(passed + failed === 0 ? "no test was run" : "tests");
if (failures.length) console.error(`Failed: ${failures.join(", ")}`);
console.log(`${passed} passed, ${failed} failed${skipped.length ? `, ${skipped.length} skipped` : ""}`);
process.exitCode = failures.length ? 1 : 0;
