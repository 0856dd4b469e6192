import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { Problem } from "../../src/base/problem.js";
import { formatProblem } from "../../src/definition/format-problem.js";

/** What a user sees of these problems. */
export const shown = (problems: Problem[]): string =>
  problems.map((problem) => `${formatProblem(problem, { color: false })}\n`).join("");

/** Compares with test/golden/<name>; UPDATE_GOLDEN=1 writes it. */
export function expectGolden(name: string, text: string): void {
  const file = fileURLToPath(new URL(`../golden/${name}`, import.meta.url));
  if (process.env.UPDATE_GOLDEN === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).toBe(readFileSync(file, "utf8"));
}
