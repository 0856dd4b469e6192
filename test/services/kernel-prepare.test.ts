import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonMap } from "../../src/base/json.js";
import { kernelPrepare } from "../../src/services/kernel-prepare.js";
import { type TestContext, testContext } from "./service-context.js";

let context: TestContext;
let kernel: string;
beforeEach(() => {
  context = testContext();
  mkdirSync(join(context.paths.tftpRoot, "42/deploy/kernel"), { recursive: true });
  kernel = join(context.paths.tftpRoot, "42/deploy/kernel/zImage");
  writeFileSync(kernel, "a kernel");
});
afterEach(() => context.cleanup());

const BOOTM = { bootm: { kernel: "0x82000000" } };
const prepare = async (type: string, parameters: JsonMap, deploy_parameters: JsonMap = {}) => {
  await context.use(kernelPrepare, { kernel, type, parameters, deploy_parameters });
  return context.data.kernel as { name: string; command: string };
};

describe("kernel-prepare", () => {
  it.each<[string, JsonMap, string]>([
    ["uimage", { booti: {}, bootz: {} }, "bootm"],
    ["zimage", { bootz: {} }, "bootz"],
    ["image", { booti: {} }, "booti"],
    ["IMAGE", { booti: {} }, "booti"],
  ])("boots a %s on a device with %j by %s, the kernel as it is", async (type, parameters, command) => {
    expect(await prepare(type, parameters)).toEqual({ name: "42/deploy/kernel/zImage", command });
  });

  it.each([["zimage"], ["image"]])("makes a uImage of a %s where the device has only bootm", async (type) => {
    expect(await prepare(type, BOOTM, { mkimage_arch: "arm" })).toEqual({
      name: "42/deploy/kernel/uImage",
      command: "bootm",
    });
    const shown = execFileSync("mkimage", ["-l", join(context.paths.tftpRoot, "42/deploy/kernel/uImage")], {
      encoding: "utf8",
    });
    expect(shown).toMatch(/ARM Linux Kernel Image \(uncompressed\)/);
    expect(shown).toMatch(/Load Address: 82000000\nEntry Point: +82000000/);
  });

  it("lets a kernel that runs in place begin after its header, and takes text_offset where no address is given", async () => {
    await prepare("zimage", { bootm: {}, text_offset: "0x80008000" }, { mkimage_arch: "arm", use_xip: true });
    const shown = execFileSync("mkimage", ["-l", join(context.paths.tftpRoot, "42/deploy/kernel/uImage")], {
      encoding: "utf8",
    });
    expect(shown).toMatch(/Load Address: 80008000\nEntry Point: +80008040/);
  });

  it("appends the dtb where the device says so", async () => {
    const dtb = join(context.root, "board.dtb");
    writeFileSync(dtb, " and its dtb");
    context.data = { downloads: { dtb: { file: dtb } } };
    expect(await prepare("zimage", { bootz: {} }, { append_dtb: true })).toMatchObject({
      name: "42/deploy/kernel/zImage-dtb",
    });
    expect(readFileSync(`${kernel}-dtb`, "utf8")).toBe("a kernel and its dtb");
  });

  it("needs mkimage only where it converts", () => {
    const programs = (type: string, parameters: JsonMap) =>
      kernelPrepare.programs!({ input: { type, parameters }, device: {}, parameters: {} });
    expect(programs("zimage", BOOTM)).toEqual(["mkimage"]);
    expect(programs("uimage", BOOTM)).toEqual([]);
    expect(programs("image", { booti: {} })).toEqual([]);
  });

  it("says what is missing or wrong", async () => {
    expect(await kernelPrepare.validate!({ type: "elf" }, context)).toMatchObject([
      { name: "JobError", message: /'elf'/ },
    ]);
    await expect(prepare("zimage", { bootm: {} }, { mkimage_arch: "arm" })).rejects.toMatchObject({
      name: "ConfigurationError",
    });
    await expect(prepare("zimage", BOOTM)).rejects.toMatchObject({
      name: "ConfigurationError",
      message: /mkimage_arch/,
    });
    context.action.commandError = "InfrastructureError";
    await expect(prepare("zimage", BOOTM, { mkimage_arch: "no-such" })).rejects.toMatchObject({
      name: "InfrastructureError",
    });
  });
});
