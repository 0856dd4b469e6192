import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonMap } from "../../src/base/json.js";
import { type CpioEntry, cpioOf, readCpio } from "../../src/services/cpio.js";
import { modulesExtract } from "../../src/services/modules-extract.js";
import { treeOf } from "../../src/services/overlay/tree.js";
import { overlayApply } from "../../src/services/overlay-apply.js";
import { ramdiskCompress } from "../../src/services/ramdisk-compress.js";
import { ramdiskExtract } from "../../src/services/ramdisk-extract.js";
import { buildOverlay, definition } from "./overlay-fixture.js";
import { type TestContext, testContext } from "./service-context.js";

let context: TestContext;
beforeEach(() => {
  context = testContext({ dispatcher: { dispatcher_ip: "10.0.2.2" } });
});
afterEach(() => context.cleanup());

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}
const collect = async (source: AsyncIterable<Uint8Array>): Promise<Buffer> => Buffer.concat(await all(source));
async function* inPieces(bytes: Buffer, size = 61): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const entries = async (bytes: Buffer, unpack?: Parameters<typeof readCpio>[1]): Promise<CpioEntry[]> =>
  all(readCpio(inPieces(bytes), unpack));

/** A ramdisk made by the usual tool. */
function ramdisk(): Buffer {
  const root = join(context.root, "initramfs");
  mkdirSync(join(root, "usr/lib"), { recursive: true });
  mkdirSync(join(root, "root"));
  chmodSync(join(root, "root"), 0o700);
  symlinkSync("usr/lib", join(root, "lib"));
  writeFileSync(join(root, "init"), "#!/bin/sh\n", { mode: 0o755 });
  const names = execFileSync("find", ["."], { cwd: root });
  return execFileSync("cpio", ["-o", "-H", "newc", "--quiet", "-R", "0:0"], { cwd: root, input: names });
}

describe("cpio", () => {
  it("writes what the cpio program unpacks: folders, files of every size, links, modes, owner root", async () => {
    const tree = join(context.root, "tree");
    mkdirSync(join(tree, "a/b"), { recursive: true });
    for (const size of [0, 1, 2, 3, 4, 300_000])
      writeFileSync(join(tree, `a/${"n".repeat(size % 7)}${size}`), Buffer.alloc(size, 7));
    writeFileSync(join(tree, "run.sh"), "#!/bin/sh\n", { mode: 0o755 });
    writeFileSync(join(tree, "key"), "secret", { mode: 0o600 });
    symlinkSync("/etc/passwd", join(tree, "a/b/link"));
    const archive = await collect(cpioOf(await treeOf(tree)));
    expect(archive.length % 4).toBe(0);
    const out = join(context.root, "out");
    mkdirSync(out);
    execFileSync("cpio", ["-i", "--quiet", "--no-absolute-filenames"], { cwd: out, input: archive });
    execFileSync("diff", ["-r", "--no-dereference", tree, out]);
    const list = execFileSync("cpio", ["-tvn", "--quiet"], { input: archive, encoding: "utf8" });
    expect(list).toMatch(/^-rwxr-xr-x +1 0 +0 .* run.sh$/m);
    expect(list).toMatch(/^-rw------- +1 0 +0 .* key$/m);
    expect(list).toMatch(/^drwxr-xr-x +2 0 +0 .* a\/b$/m);
    expect(await collect(cpioOf(await treeOf(tree)))).toEqual(archive);
  });

  it("reads what the cpio program wrote, device nodes and owners too", async () => {
    const found = await entries(ramdisk());
    expect(found.map(({ path, type }) => [path, type])).toEqual(
      expect.arrayContaining([
        ["", "directory"],
        ["usr/lib", "directory"],
        ["lib", "symlink"],
        ["init", "other"],
      ]),
    );
    expect(found.find(({ path }) => path === "lib")?.link).toBe("usr/lib");
    expect(found.find(({ path }) => path === "root")?.mode).toBe(0o700);
  });

  it("reads archives after one another, with zeros between, the last one compressed", async () => {
    const archive = ramdisk();
    const one = (await entries(archive)).length;
    const unpack = async function* (_: string, source: AsyncIterable<Uint8Array>) {
      yield gunzipSync(await collect(source));
    };
    const both = Buffer.concat([
      archive,
      Buffer.alloc(512),
      gzipSync(Buffer.concat([archive, Buffer.alloc(8), archive])),
    ]);
    expect(await entries(both, unpack)).toHaveLength(3 * one);
  });

  it.each([
    ["text", Buffer.from("this is no archive at all")],
    ["a cut archive", () => ramdisk().subarray(0, 300)],
    ["an archive with a broken header", () => Buffer.concat([ramdisk().subarray(0, 120), Buffer.alloc(400, 65)])],
    ["compressed inside compressed", gzipSync(gzipSync("x"))],
  ])("refuses %s", async (_, bytes) => {
    const unpack = async function* (_: string, source: AsyncIterable<Uint8Array>) {
      yield gunzipSync(await collect(source));
    };
    await expect(entries(typeof bytes === "function" ? bytes() : bytes, unpack)).rejects.toMatchObject({
      name: "JobError",
    });
  });
});

describe("the ramdisk's services", () => {
  const COMPRESS: { [name: string]: [string[], string[]] } = {
    gz: [
      ["gzip", "-1"],
      ["gzip", "-d"],
    ],
    xz: [
      ["xz", "--check=crc32"],
      ["xz", "-d"],
    ],
    bz2: [["bzip2"], ["bzip2", "-d"]],
    zstd: [
      ["zstd", "-q"],
      ["zstd", "-dq"],
    ],
  };
  const through = ([program, ...args]: string[], input: Buffer) =>
    execFileSync(program!, args, { input, maxBuffer: 2 ** 26 });
  const tftp = () => join(context.paths.tftpRoot, "42/deploy");
  /** What a TFTP deployment does with its ramdisk. */
  const deploy = async (original: Buffer, extract: JsonMap = {}, compress: JsonMap = {}) => {
    mkdirSync(tftp(), { recursive: true });
    const file = join(context.root, "initrd");
    writeFileSync(file, original);
    await context.use(ramdiskExtract, { file, ...extract });
    const { directory } = (context.data.ramdisk ?? {}) as { directory?: string };
    const tarball = (context.data.overlay as { tarball?: string } | undefined)?.tarball ?? null;
    await context.use(overlayApply, { tarball, into: directory ?? null });
    if (existsSync(join(context.root, "modules.tar")))
      await context.use(modulesExtract, { file: join(context.root, "modules.tar"), into: [directory!] });
    await context.use(ramdiskCompress, {
      directory: directory ?? null,
      name_directory: tftp(),
      suffix: "42/deploy",
      ...compress,
    });
    return context.data.ramdisk as { file: string; name: string };
  };

  it.each([null, ...Object.keys(COMPRESS)])("add the overlay, compressed as the ramdisk is: %s", async (kind) => {
    await buildOverlay(context, {}, [{ name: "a", definition: definition("a", ["true"]) }]);
    const plain = ramdisk();
    const original = kind ? through(COMPRESS[kind]![0], plain) : Buffer.concat([plain, Buffer.alloc(3)]);
    const { file, name } = await deploy(original, { compression: kind });
    expect(name).toBe(`42/deploy/ramdisk/ramdisk.cpio${kind ? `.${kind}` : ""}`);
    expect(file).toBe(join(context.paths.tftpRoot, name));
    const made = readFileSync(file);
    // The job's own bytes stand there unchanged, and the whole is still one file of that compression.
    expect(made.subarray(0, original.length)).toEqual(original);
    const unpacked = kind ? through(COMPRESS[kind]![1], made) : made;
    const paths = (await entries(unpacked)).map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining(["init", "lava-42/bin/lava-test-runner", "lava-42/0/tests/0_a/run.sh"]),
    );
    if (!kind) expect((made.indexOf("lava-42") - 110) % 4).toBe(0);
    expect(context.log.text()).not.toContain("warning");
  });

  it("put modules and keys where the ramdisk's links and folders are", async () => {
    await buildOverlay(context, { results_dir: "/usr/lava-%s" });
    const files = join(context.root, "modules");
    mkdirSync(join(files, "lib/modules/6.1"), { recursive: true });
    writeFileSync(join(files, "lib/modules/6.1/a.ko"), "module");
    mkdirSync(join(files, "root/.ssh"), { recursive: true });
    writeFileSync(join(files, "root/.ssh/authorized_keys"), "key");
    execFileSync("tar", ["-cf", join(context.root, "modules.tar"), "-C", files, "."]);
    const original = gzipSync(ramdisk());
    const { file } = await deploy(original);
    const added = await entries(gunzipSync(readFileSync(file).subarray(original.length)));
    const paths = added.map(({ path }) => path);
    expect(paths).toContain("usr/lib/modules/6.1/a.ko");
    expect(paths).toContain("root/.ssh");
    expect(paths).toContain("usr/lava-42/environment");
    // A folder of the ramdisk is not written again: its mode would be lost, and a link would become a folder.
    for (const path of ["lib", "usr", "usr/lib", "root", ""]) expect(paths).not.toContain(path);
  });

  it("take a U-Boot header off and put one on", async () => {
    const archive = gzipSync(ramdisk());
    writeFileSync(join(context.root, "in.gz"), archive);
    const wrapped = join(context.root, "in.uboot");
    execFileSync("mkimage", ["-A", "arm", "-T", "ramdisk", "-C", "none", "-d", join(context.root, "in.gz"), wrapped]);
    await buildOverlay(context, {});
    const { file, name } = await deploy(
      readFileSync(wrapped),
      { header: "u-boot" },
      { add_header: "u-boot", arch: "arm64" },
    );
    expect(name).toBe("42/deploy/ramdisk/ramdisk.cpio.gz.uboot");
    const made = readFileSync(file);
    expect(made.subarray(64, 64 + archive.length)).toEqual(archive);
    expect(execFileSync("mkimage", ["-l", file], { encoding: "utf8" })).toMatch(
      /AArch64 Linux RAMDisk Image \(uncompressed\)/,
    );
    expect((await entries(gunzipSync(made.subarray(64)))).map(({ path }) => path)).toContain("lava-42/environment");
    await expect(deploy(archive, { header: "u-boot" })).rejects.toThrow(/has no u-boot header/);
    await expect(deploy(archive, { header: "fit" })).rejects.toThrow(/Unknown ramdisk header/);
  });

  it("need a header's architecture", async () => {
    await expect(deploy(gzipSync(ramdisk()), {}, { add_header: "u-boot" })).rejects.toMatchObject({
      name: "ConfigurationError",
    });
    expect(
      ramdiskCompress.programs!({ input: { add_header: "u-boot", compression: "xz" }, device: {}, parameters: {} }),
    ).toEqual(["xz", "mkimage"]);
  });

  it("leave a ramdisk alone that nothing goes into", async () => {
    expect(await deploy(gzipSync(ramdisk()), { skip: true })).toBeUndefined();
  });

  it("say so when the job's compression is not the file's, and use what it is", async () => {
    const { name } = await deploy(gzipSync(ramdisk()), { compression: "xz" });
    expect(name).toMatch(/\.gz$/);
    expect(context.log.text()).toContain("warning The job says that the ramdisk's compression is xz, but it is gz");
  });

  it("refuse what is no ramdisk", async () => {
    await expect(deploy(Buffer.from("<html>404</html>"))).rejects.toMatchObject({
      name: "JobError",
      advice: /header: u-boot/,
    });
    await expect(deploy(Buffer.alloc(0))).rejects.toMatchObject({ name: "JobError" });
  });
});
