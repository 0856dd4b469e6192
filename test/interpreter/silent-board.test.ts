import { expect, test } from "vitest";
import { runVirtually } from "./virtual-board.js";

test("a board that says nothing is woken up now and then, not without a pause", async () => {
  const run = await runVirtually({ rules: { login: { input: "root", output: [] }, empty: { input: /^never$/ } } });
  expect(run.verdict.error?.message).toMatch(/login-action timed out/);
  const pokes = run.board.lines.filter((line) => line === "");
  // Within the 60 s of the boot: after 30 s, and not again before another 30 s.
  expect(pokes.length).toBeGreaterThanOrEqual(1);
  expect(pokes.length).toBeLessThanOrEqual(3);
});
