/** Runs Vitest and counts what it says. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CACHE, ROOT } from "./paths.mjs";

/**
 * @param {string} name of the report, which lies in .cache
 * @param {string[]} words for Vitest
 * @returns {{ passes: boolean, passed: number, failed: number, skipped: string[] }} `skipped`: the full names of the tests;
 *   a file that does not even load is a failure
 */
export function runVitest(name, words) {
  const file = join(CACHE, `${name}.json`);
  mkdirSync(CACHE, { recursive: true });
  rmSync(file, { force: true });
  const program = join(ROOT, "node_modules/.bin/vitest");
  const { status } = spawnSync(
    program,
    ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`, ...words],
    { cwd: ROOT, stdio: "inherit" },
  );
  if (!existsSync(file)) return { passes: false, passed: 0, failed: 0, skipped: [] };
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(file, "utf8"));
  const broken = testResults.filter(
    (result) => result.status === "failed" && !result.assertionResults.some((test) => test.status === "failed"),
  );
  for (const result of broken) console.error(`${result.name}: ${result.message}`);
  return {
    passes: status === 0 && numPassedTests > 0,
    passed: numPassedTests,
    failed: numFailedTests + broken.length,
    skipped: testResults.flatMap((result) =>
      result.assertionResults
        .filter((test) => ["skipped", "pending", "todo"].includes(test.status))
        .map((test) => test.fullName),
    ),
  };
}
