import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeFolder } from "../../src/base/make-folder.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "make-folder-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

test("makes the folders above it, too, and takes those that are there, links to folders as well", () => {
  mkdirSync(join(root, "there"));
  symlinkSync(join(root, "there"), join(root, "link"));
  for (const path of ["a/b/c", "a/b/c", "there", "link", "link/d"]) {
    makeFolder(join(root, path));
    expect(isFolder(join(root, path))).toBe(true);
  }
});

test.each([
  ["a file is in the way", "file/x", "ENOTDIR"],
  ["a file has its name", "file", "EEXIST"],
])("%s", (_, path, code) => {
  writeFileSync(join(root, "file"), "");
  expect(() => makeFolder(join(root, path))).toThrow(expect.objectContaining({ code }));
});

test.each(["/proc/lava-dispatch", "/proc/lava/dispatch/x"])("%s: an error, where Node's own way never ends", (path) => {
  expect(() => makeFolder(path)).toThrow(expect.objectContaining({ code: "ENOENT" }));
});
