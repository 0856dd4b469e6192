import { execFileSync } from "node:child_process";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { NotRegular, openRegularHandle, readRegular } from "../../src/base/regular-file.js";
import { makeWorkspace, removeWorkspace } from "../support/workspace.js";

const folder = makeWorkspace();
afterAll(() => removeWorkspace(folder));

test("a regular file is read up to a bound; a pipe, a device and a folder are not", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "text");
  expect(readRegular(file, 4)).toBe("text");
  truncateSync(file, 2 ** 40);
  expect(readRegular(file, 4)).toBeUndefined();
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  for (const path of [pipe, "/dev/zero", folder]) {
    expect(() => readRegular(path, 4)).toThrow(NotRegular);
    await expect(openRegularHandle(path)).rejects.toThrow(NotRegular);
  }
});
