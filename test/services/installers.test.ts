import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fitImage } from "../../src/services/fit-image.js";
import { preseedComplete, withLateCommand } from "../../src/services/preseed-complete.js";
import { type TestContext, testContext } from "./service-context.js";
import { type StandIns, standIns } from "./stand-in.js";

let context: TestContext;
let tools: StandIns;
let folder: string;
beforeEach(() => {
  context = testContext({ dispatcher: { dispatcher_ip: "10.0.0.1" } });
  tools = standIns();
  context.env = { ...context.env, PATH: tools.path };
  folder = join(context.paths.tftpRoot, "42/x");
  mkdirSync(folder, { recursive: true });
});
afterEach(async () => {
  await context.cleanup();
  tools.remove();
});

describe("FIT images", () => {
  const input = () => ({
    kernel: join(folder, "Image"),
    dtb: "/d.dtb",
    ramdisk: "/r.gz",
    load_address: "0x80000000",
    directory: folder,
  });

  test("an arm64 kernel is packed first; device tree and ramdisk go with it", async () => {
    tools.tool("lzma");
    tools.tool("mkimage");
    await context.use(fitImage, { ...input(), arch: "arm64" });
    expect(context.data.fit).toEqual({ name: "42/x/image.itb" });
    const kernel = join(folder, "Image");
    expect(tools.calls()).toEqual([
      ["lzma", "--keep", "--force", kernel],
      [
        ...["mkimage", "-D", "-I dts -O dtb -p 2048", "-f", "auto", "-A", "arm64", "-O", "linux", "-T", "kernel"],
        ...["-C", "lzma", "-d", `${kernel}.lzma`, "-a", "0x80000000", "-b", "/d.dtb", "-i", "/r.gz"],
        join(folder, "image.itb"),
      ],
    ]);
  });

  test("others are taken as they are; without an architecture there is none", async () => {
    tools.tool("mkimage");
    await context.use(fitImage, { ...input(), arch: "arm", dtb: null, ramdisk: null });
    expect(tools.calls()[0]?.slice(11)).toEqual([
      "-C",
      "none",
      "-d",
      join(folder, "Image"),
      "-a",
      "0x80000000",
      join(folder, "image.itb"),
    ]);
    expect(await context.use(fitImage, { ...input(), arch: null })).toBeUndefined();
    await expect(context.use(fitImage, { ...input(), arch: "arm", load_address: null })).rejects.toMatchObject({
      name: "ConfigurationError",
    });
  });
});

describe("an installer's answers", () => {
  test("what runs last comes after what the file says itself", () => {
    const late = "d-i preseed/late_command string";
    expect(withLateCommand(`a\n${late} one; \\\n  two\nb\n`, "cp x y")).toBe(`a\n${late} one; \\\n  two; cp x y\nb\n`);
    expect(withLateCommand(`${late}\n`, "cp x y")).toBe(`${late} cp x y\n`);
    expect(withLateCommand("a", "cp x y")).toBe(`a\n${late} cp x y\n`);
  });

  test("a kickstart file lies in the ramdisk and fetches the overlay over TFTP", async () => {
    const [file, ramdisk] = [join(folder, "p.cfg"), join(context.root, "ramdisk")];
    mkdirSync(ramdisk);
    writeFileSync(file, "text\n");
    writeFileSync(join(context.root, "overlay.tar.gz"), "overlay");
    const overlay = join(context.root, "overlay.tar.gz");
    await context.use(preseedComplete, { file, ramdisk, ramdisk_name: "preseed.cfg", overlay, directory: folder });
    const completed = readFileSync(join(ramdisk, "preseed.cfg"), "utf8");
    expect(completed).toMatch(/^text\n%post\n.*tftp:\/\/10\.0\.0\.1\/42\/x\/overlay\.tar\.gz.*\n%end\n$/s);
    expect(readFileSync(join(folder, "overlay.tar.gz"), "utf8")).toBe("overlay");
    expect(context.data.ramdisk).toEqual({ preseed_local: "preseed.cfg" });
  });
});
