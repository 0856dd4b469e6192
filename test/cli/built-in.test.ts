import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type BuiltInKind, builtInNames, builtInSummary, namedFile } from "../../src/cli/built-in.js";
import { jobFolder, packageRoot, stateFolder } from "../../src/cli/package-root.js";
import { runCli } from "../../src/cli/run-cli.js";
import { UsageError } from "../../src/cli/usage-error.js";
import { cliContext } from "./cli-context.js";

const empty = () => mkdtempSync(join(tmpdir(), "built-in-"));
const root = packageRoot();

describe("what is built in goes by its name", () => {
  test.each([
    ["qemu-x86_64", "device", "device-configs/devices/qemu-x86_64.yaml"],
    ["qemu-x86_64.yaml", "device", "device-configs/devices/qemu-x86_64.yaml"],
    ["qemu-x86_64", "job", "jobs/qemu-x86_64.yaml"],
    ["gold/qemu-arm64", "job", "jobs/gold/qemu-arm64.yaml"],
    ["dispatcher-emulated", "dispatcher", "device-configs/dispatcher-emulated.yaml"],
  ] as [string, BuiltInKind, string][])("%s as a %s, from anywhere", (name, kind, file) => {
    expect(namedFile(name, kind, empty())).toBe(join(root, file));
    expect(namedFile(name, kind, root)).toBe(file);
  });
  test("a file of the user's own comes first, a folder of that name does not", () => {
    const cwd = empty();
    mkdirSync(join(cwd, "qemu-x86_64"));
    writeFileSync(join(cwd, "qemu-arm64"), "extends: qemu\n");
    expect(namedFile("qemu-arm64", "device", cwd)).toBe("qemu-arm64");
    expect(namedFile("qemu-x86_64", "device", cwd)).toBe(join(root, "device-configs/devices/qemu-x86_64.yaml"));
  });
  test.each([
    ["qemu-x86-64", "device", 'Did you mean "qemu-x86_64"'],
    ["quem-arm64", "device", 'Did you mean "qemu-arm64"?'],
    ["fred", "device", "Check the path, or take a built-in one: android-board, beaglebone-black, "],
    ["hard-case/panic", "job", 'Did you mean "hard-cases/panic"?'],
    ["device-configs/devices/qemu-x86_64.yaml", "device", "the built-in device goes by its name: qemu-x86_64"],
    ["jobs/qemu-x86_64.yaml", "job", "the built-in job goes by its name: qemu-x86_64"],
  ] as [string, BuiltInKind, string][])("%s is no %s: %s", (name, kind, hint) => {
    const refused = () => namedFile(name, kind, empty());
    expect(refused).toThrow(UsageError);
    expect(refused).toThrow(/^Cannot read the /);
    try {
      refused();
    } catch (error) {
      expect((error as UsageError).hint).toContain(hint);
    }
  });
  test.each(["../devices/qemu-x86_64", "devices/../../devices/qemu-x86_64", "./qemu-x86_64", "/no/such.yaml", "."])(
    "%s is a path, and no name",
    (word) => {
      let file = word;
      try {
        file = namedFile(word, "device", empty());
      } catch (error) {
        expect((error as UsageError).hint).toContain("Check the path");
      }
      expect(file).toBe(word);
    },
  );
  test("what belongs to a job is no job", () => {
    expect(builtInNames("job")).toContain("uboot-arm64");
    expect(builtInNames("job").filter((name) => name.includes("test-definitions"))).toEqual([]);
  });
  test("each says what it is in its first line", () => {
    for (const kind of ["device", "job", "dispatcher"] as const)
      for (const name of builtInNames(kind)) expect(builtInSummary(kind, name), name).not.toBe("");
  });
  test("list prints them all", async () => {
    const context = cliContext();
    expect(await runCli(["list"], context)).toBe(0);
    for (const kind of ["device", "job"] as const)
      for (const name of builtInNames(kind)) expect(context.out()).toContain(`  ${name} `);
  });
  test("a job of one's own on a built-in device", async () => {
    const cwd = empty();
    writeFileSync(join(cwd, "mine.yaml"), readFileSync(join(root, "jobs/qemu-x86_64.yaml")));
    const context = cliContext({ cwd });
    expect(await runCli(["validate", "--offline", "--device", "qemu-x86_64", "mine.yaml"], context)).toBe(0);
    expect(context.out()).toContain("mine.yaml: valid for qemu-x86_64");
  });
});

describe("where the guest images of the built-in jobs lie", () => {
  const installed = empty();
  test("a checkout has them itself", () => {
    expect(stateFolder({ XDG_CACHE_HOME: "/somewhere" })).toBe(root);
    expect(jobFolder(join(root, "jobs/gold/qemu-arm64.yaml"), {})).toBe(join(root, "jobs/gold"));
  });
  test.each([
    [{ HOME: "/home/me" }, "/home/me/.cache/lava-dispatch"],
    [{ HOME: "/home/me", XDG_CACHE_HOME: "/scratch" }, "/scratch/lava-dispatch"],
    [{ HOME: "/home/me", XDG_CACHE_HOME: "not/absolute" }, "/home/me/.cache/lava-dispatch"],
    [{ HOME: "/home/me", XDG_CACHE_HOME: "" }, "/home/me/.cache/lava-dispatch"],
  ])("an installed package, %j: %s", (env, folder) => {
    expect(stateFolder(env, installed)).toBe(folder);
  });
  test("a job of the user's own begins at its own folder", () => {
    expect(jobFolder("/home/me/jobs/mine.yaml", { HOME: "/home/me" })).toBe("/home/me/jobs");
  });
});
