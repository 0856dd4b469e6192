import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { toErrorRecord } from "../../src/base/errors.js";

const thrown = (act: () => void): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
};

test("a name that no file can have is the job's fault", () => {
  const folder = mkdtempSync(join(tmpdir(), "errors-"));
  const error = thrown(() => writeFileSync(join(folder, "x".repeat(300)), ""));
  expect(toErrorRecord(error)).toMatchObject({ class: "JobError", message: expect.stringContaining("too long") });
  rmSync(folder, { recursive: true });
});

test("a full disk is the lab's", () => {
  const error = thrown(() => writeFileSync("/dev/full", "x"));
  expect(toErrorRecord(error)).toMatchObject({ class: "InfrastructureError", advice: expect.stringContaining("room") });
});

test("all else is a bug, with its stack", () => {
  const { cause, ...record } = toErrorRecord(new TypeError("no such thing"));
  expect(record).toMatchObject({ class: "LAVABug", message: "no such thing" });
  expect(cause).toContain("errors.test.ts");
});
