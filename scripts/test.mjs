#!/usr/bin/env node
/**
 * The whole suite: sets up what is missing, then lint, types and folder rules, then every test, end-to-end jobs included.
 * Words after `npm test --` go to Vitest (e.g. `--project unit`); then lint is left out.
 * The last line is `N passed, N failed`; the exit code is 0 only when all is well.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CACHE, ROOT } from "./lib/paths.mjs";
import { setupOrExit } from "./lib/setup.mjs";

const REPORT = join(CACHE, "vitest.json");
const words = process.argv.slice(2);
const run = (program, ...rest) => spawnSync(program, rest, { cwd: ROOT, stdio: "inherit" }).status === 0;
const tool = (name, ...rest) => run(join(ROOT, "node_modules/.bin", name), ...rest);

setupOrExit({ tests: true });
mkdirSync(CACHE, { recursive: true });

const failures = [];
if (words.length === 0) {
  const checks = {
    "lint (biome)": () => tool("biome", "check", "--error-on-warnings", "."),
    "types (tsc)": () => tool("tsc") && tool("tsc", "-p", "visualizer"),
    "folder rules": () => run(process.execPath, join(ROOT, "scripts/check-folders.mjs")),
  };
  for (const [name, passes] of Object.entries(checks)) if (!passes()) failures.push(name);
}

rmSync(REPORT, { force: true });
if (!tool("vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`, ...words))
  failures.push("tests");

const count = { passed: 0, failed: 0, skipped: 0 };
if (existsSync(REPORT)) {
  const report = JSON.parse(readFileSync(REPORT, "utf8"));
  count.passed = report.numPassedTests;
  count.skipped = report.numPendingTests + report.numTodoTests;
  // A file that does not even load has no tests that could fail.
  const broken = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  count.failed = report.numFailedTests + broken.length;
  for (const file of broken) console.error(`${file.name}: ${file.message}`);
}
if (count.passed + count.failed === 0) failures.push("no test was run");
if (failures.length) console.error(`Failed: ${failures.join(", ")}`);
console.log(`${count.passed} passed, ${count.failed} failed${count.skipped ? `, ${count.skipped} skipped` : ""}`);
process.exitCode = failures.length ? 1 : 0;
