/** A namespace may have a name that every object of JavaScript has. */
import { expect, test } from "vitest";
import { JOB, runVirtually } from "./virtual-board.js";

test.each(["constructor", "toString", "valueOf"])("a namespace called %s is one like any other", async (name) => {
  const job = JOB.replaceAll("timeout: { seconds: 60 }", `timeout: { seconds: 60 }\n    namespace: ${name}`);
  const { verdict, results } = await runVirtually({ job });
  expect(verdict).toMatchObject({ result: "pass" });
  expect(verdict.error).toBeUndefined();
  expect(results).toContainEqual(expect.objectContaining({ definition: "0_smoke", case: "tc", result: "pass" }));
});
