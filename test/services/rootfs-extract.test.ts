import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { modulesExtract } from "../../src/services/modules-extract.js";
import { overlayApply } from "../../src/services/overlay-apply.js";
import { rootfsExtract } from "../../src/services/rootfs-extract.js";
import { buildOverlay } from "./overlay-fixture.js";
import { type TestContext, testContext } from "./service-context.js";

let context: TestContext;
beforeEach(() => {
  context = testContext({ dispatcher: { dispatcher_ip: "10.0.2.2", dispatcher_nfs_ip: "10.0.2.3" } });
});
afterEach(() => context.cleanup());

/** A tarball of a small system with a merged /usr below `prefix`. */
function system(prefix = "."): string {
  const root = join(context.root, "system");
  mkdirSync(join(root, prefix, "usr/lib"), { recursive: true });
  symlinkSync("usr/lib", join(root, prefix, "lib"));
  symlinkSync("/run/lock", join(root, prefix, "lock"));
  mkdirSync(join(root, prefix, "etc"));
  writeFileSync(join(root, prefix, "etc/hostname"), "board");
  const file = join(context.root, "system.tar.xz");
  execFileSync("tar", ["-cJf", file, "-C", root, "."]);
  return file;
}

describe("a root file system for NFS", () => {
  it("is unpacked, gets modules and overlay, and is told to the board", async () => {
    await buildOverlay(context, {});
    await context.use(rootfsExtract, { file: system(), compression: "xz" });
    const { directory } = context.data.rootfs as { directory: string };
    const modules = join(context.root, "modules");
    mkdirSync(join(modules, "lib/modules/6.1"), { recursive: true });
    writeFileSync(join(modules, "lib/modules/6.1/a.ko"), "module");
    const packed = join(context.root, "modules.tar.gz");
    execFileSync("tar", ["-czf", packed, "-C", modules, "."]);
    await context.use(modulesExtract, { file: packed, compression: "gz", into: [directory] });
    await context.use(overlayApply, {
      tarball: (context.data.overlay as { tarball: string }).tarball,
      into: directory,
    });
    expect(readFileSync(join(directory, "etc/hostname"), "utf8")).toBe("board");
    expect(readlinkSync(join(directory, "lock"))).toBe("/run/lock");
    expect(readFileSync(join(directory, "usr/lib/modules/6.1/a.ko"), "utf8")).toBe("module");
    expect(existsSync(join(directory, "lava-42/bin/lava-test-runner"))).toBe(true);
    expect(context.data.nfs).toEqual({ root: directory, server: "10.0.2.3" });
    expect(context.data.dynamic_data).toEqual({ NFS_ROOTFS: directory, NFS_SERVER_IP: "10.0.2.3" });
  });

  it("may lie below a folder of the archive, not outside", async () => {
    const file = system("inner");
    await context.use(rootfsExtract, { file, prefix: "/inner/" });
    expect(readFileSync(join((context.data.nfs as { root: string }).root, "etc/hostname"), "utf8")).toBe("board");
    await expect(context.use(rootfsExtract, { file, prefix: "../../x" })).rejects.toMatchObject({ name: "JobError" });
  });

  it("is refused when it is damaged or no archive", async () => {
    const file = join(context.root, "bad");
    writeFileSync(file, "no archive".repeat(200));
    await expect(context.use(rootfsExtract, { file })).rejects.toMatchObject({
      name: "JobError",
      message: /The root file system/,
    });
    await expect(context.use(rootfsExtract, { file, compression: "gz" })).rejects.toMatchObject({ name: "JobError" });
    expect(await context.use(rootfsExtract, {})).toBeUndefined();
    expect(await context.use(modulesExtract, { file: null, into: [] })).toBeUndefined();
    expect(await context.use(overlayApply, { tarball: null, into: null })).toBeUndefined();
  });
});
