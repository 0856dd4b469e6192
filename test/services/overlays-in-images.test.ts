import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { JsonMap } from "../../src/base/json.js";
import { appendOverlays } from "../../src/services/append-overlays.js";
import { guestOverlay } from "../../src/services/guest-overlay.js";
import { findProgram } from "../../src/services/programs.js";
import { type TestContext, testContext } from "./service-context.js";

let context: TestContext;
let folder: string;
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
const sh = (program: string, args: string[], input?: Buffer): Buffer =>
  execFileSync(program, args, {
    cwd: folder,
    env,
    stdio: ["pipe", "pipe", "pipe"],
    maxBuffer: 1 << 28,
    ...(input && { input }),
  });
const text = (program: string, ...args: string[]) => sh(program, args).toString();

beforeEach(() => {
  context = testContext();
  folder = join(context.root, "images");
  mkdirSync(folder);
  const directory = join(context.paths.work, "overlay");
  const results = join(directory, "lava-42");
  mkdirSync(join(results, "bin"), { recursive: true });
  writeFileSync(join(results, "bin/lava-test-runner"), "#!/bin/sh\n", { mode: 0o755 });
  writeFileSync(join(results, "a b 'c'"), "odd name");
  symlinkSync("bin/lava-test-runner", join(results, "run"));
  context.data = { overlay: { directory, results_dir: "/lava-42", shell: "/bin/sh", private: [] } };
});
afterEach(() => context.cleanup());

/** Makes an image known as a download. */
const known = (key: string, name: string, bytes?: Buffer): string => {
  const file = join(folder, name);
  if (bytes) writeFileSync(file, bytes);
  context.data = { ...context.data, downloads: { ...(context.data.downloads as JsonMap), [key]: { file, name } } };
  return file;
};
/** A root with a folder, a link to it and a file, packed by cpio itself. */
const cpio = (): Buffer => {
  const root = join(folder, "root");
  mkdirSync(join(root, "usr/lib"), { recursive: true });
  chmodSync(join(root, "usr"), 0o700);
  symlinkSync("usr/lib", join(root, "lib"));
  writeFileSync(join(root, "init"), "#!/bin/init\n", { mode: 0o755 });
  return execFileSync("sh", ["-c", "find . | cpio -o -H newc --quiet"], { cwd: root });
};
/** Unpacks archives after one another, as the kernel does. */
const unpackCpio = (bytes: Buffer): string => {
  const into = join(folder, "unpacked");
  mkdirSync(into);
  writeFileSync(join(folder, "all.cpio"), bytes);
  // cpio stops at the first trailer; the kernel does not: each archive is handed to it in turn.
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf("TRAILER!!!", at);
    if (end < 0) break;
    const next = bytes.indexOf("07070", end);
    execFileSync("cpio", ["-idu", "--quiet"], { cwd: into, input: bytes.subarray(at, next < 0 ? bytes.length : next) });
    at = next < 0 ? bytes.length : next;
  }
  return into;
};

describe("append-overlays, cpio.newc", () => {
  test.each<[string, (bytes: Buffer) => Buffer, (bytes: Buffer) => Buffer]>([
    ["plain", (bytes) => bytes, (bytes) => bytes],
    ["gz", (bytes) => gzipSync(bytes), (bytes) => gunzipSync(bytes)],
    ["xz", (bytes) => sh("xz", ["-c"], bytes), (bytes) => sh("xz", ["-dc"], bytes)],
    ["zstd", (bytes) => sh("zstd", ["-qc"], bytes), (bytes) => sh("zstd", ["-dqc"], bytes)],
    ["bz2", (bytes) => sh("bzip2", ["-c"], bytes), (bytes) => sh("bzip2", ["-dc"], bytes)],
  ])("%s: the test overlay is in it, and the rest as it was", async (_name, pack, unpack) => {
    const original = pack(cpio());
    const file = known("ramdisk", "ramdisk.cpio", original);
    await context.use(appendOverlays, { file, format: "cpio.newc", overlays: { lava: true } });
    expect((context.data.overlay as JsonMap).applied).toBe(true);
    const now = readFileSync(file);
    expect(now.subarray(0, original.length).equals(original)).toBe(true);
    const root = unpackCpio(unpack(now));
    expect(readFileSync(join(root, "init"), "utf8")).toBe("#!/bin/init\n");
    expect(readFileSync(join(root, "lava-42/a b 'c'"), "utf8")).toBe("odd name");
    expect(readFileSync(join(root, "lava-42/run"), "utf8")).toBe("#!/bin/sh\n");
    expect(statSync(join(root, "lava-42/bin/lava-test-runner")).mode & 0o777).toBe(0o755);
    expect(readdirSync(folder).filter((name) => name.includes("part"))).toEqual([]);
  });

  test("a downloaded file and a tar, below folders and links that are there", async () => {
    const file = known("ramdisk", "ramdisk.cpio.gz", gzipSync(cpio()));
    known("ramdisk.config", "config", Buffer.from("a config"));
    mkdirSync(join(folder, "modules/m"), { recursive: true });
    writeFileSync(join(folder, "modules/m/x.ko"), "a module");
    known("ramdisk.modules", "modules.tar", sh("tar", ["-cf", "-", "-C", "modules", "."]));
    await context.use(appendOverlays, {
      file,
      format: "cpio.newc",
      overlays: {
        config: { format: "file", path: "/usr/etc/config" },
        modules: { format: "tar", path: "/lib" },
        lava: false,
      },
    });
    expect((context.data.overlay as JsonMap).applied).toBeUndefined();
    const root = unpackCpio(gunzipSync(readFileSync(file)));
    expect(readFileSync(join(root, "usr/etc/config"), "utf8")).toBe("a config");
    expect(readFileSync(join(root, "usr/lib/m/x.ko"), "utf8")).toBe("a module");
    expect(statSync(join(root, "usr")).mode & 0o777).toBe(0o700);
  });

  test("what is no ramdisk is a JobError; the file stays as it was", async () => {
    const file = known("ramdisk", "x", Buffer.from("<html></html>"));
    const bad = context.use(appendOverlays, { file, format: "cpio.newc", overlays: { lava: true } });
    await expect(bad).rejects.toMatchObject({ name: "JobError" });
    expect(readFileSync(file, "utf8")).toBe("<html></html>");
  });

  test("a path upwards is a JobError", async () => {
    const file = known("ramdisk", "x", cpio());
    known("ramdisk.evil", "evil", Buffer.from("evil"));
    const bad = context.use(appendOverlays, {
      file,
      format: "cpio.newc",
      overlays: { evil: { format: "file", path: "/../../etc/x" } },
    });
    await expect(bad).rejects.toMatchObject({ name: "JobError" });
  });
});

describe("append-overlays, tar", () => {
  test.each(["plain", "gz"])("%s", async (compression) => {
    mkdirSync(join(folder, "root/etc"), { recursive: true });
    writeFileSync(join(folder, "root/etc/big"), Buffer.alloc(3 << 20, "x"));
    const plain = sh("tar", ["-cf", "-", "-C", "root", "."]);
    const file = known("rootfs", "rootfs.tar", compression === "gz" ? gzipSync(plain) : plain);
    await context.use(appendOverlays, { file, format: "tar", overlays: { lava: true } });
    const names = text("tar", "-tf", file).split("\n");
    expect(names).toEqual(expect.arrayContaining(["./etc/big", "lava-42/bin/lava-test-runner", "lava-42/run"]));
    expect(text("tar", "-xOf", file, "./etc/big").length).toBe(3 << 20);
    expect(text("tar", "-tvf", file, "lava-42/bin/lava-test-runner")).toMatch(/^-rwxr-xr-x (root\/root|0\/0)/);
  });

  test("what is no tar, or ends in the middle, is a JobError", async () => {
    const plain = sh("tar", ["-cf", "-", "-C", context.paths.work, "overlay"]);
    for (const bytes of [Buffer.from("<html></html>".repeat(100)), plain.subarray(0, 1700)]) {
      const file = known("rootfs", "rootfs.tar", bytes);
      const bad = context.use(appendOverlays, { file, format: "tar", overlays: { lava: true } });
      await expect(bad).rejects.toMatchObject({ name: "JobError" });
    }
  });
});

describe("append-overlays, ext4", () => {
  const debugfs = (image: string, command: string) => text("debugfs", "-R", command, image);
  const image = (name: string, size: string): string => {
    mkdirSync(join(folder, "root/etc"), { recursive: true });
    mkdirSync(join(folder, "root/lava-42"), { recursive: true });
    writeFileSync(join(folder, "root/lava-42/run"), "an old file in the way");
    sh("mke2fs", ["-q", "-t", "ext4", "-d", "root", name, size]);
    return known("rootfs", name);
  };
  const isThere = (file: string) => {
    expect(debugfs(file, "ls -l /lava-42/bin")).toMatch(/100755 \(1\) +0 +0 +10 .* lava-test-runner/);
    expect(debugfs(file, "cat \"/lava-42/a b 'c'\"")).toBe("odd name");
    expect(debugfs(file, "stat /lava-42/run")).toContain('Fast link dest: "bin/lava-test-runner"');
  };

  test("the file system of the whole image", async () => {
    const file = image("rootfs.ext4", "8M");
    known("rootfs.etc", "etc", Buffer.from("x=1"));
    const overlays = { lava: true, etc: { format: "file", path: "/etc/new/x" } };
    await context.use(appendOverlays, { file, format: "ext4", overlays });
    isThere(file);
    expect(debugfs(file, "cat /etc/new/x")).toBe("x=1");
    sh("e2fsck", ["-fn", file]);
  });

  test("packed: comes out packed", async () => {
    const file = image("rootfs.ext4", "8M");
    sh("gzip", ["-k", file]);
    const packed = known("rootfs", "rootfs.ext4.gz");
    await context.use(appendOverlays, { file: packed, format: "ext4", overlays: { lava: true } });
    writeFileSync(file, gunzipSync(readFileSync(packed)));
    isThere(file);
  });

  test("a partition of a disk", async (test) => {
    if (!findProgram("sfdisk", process.env)) test.skip("sfdisk is not installed");
    const inner = readFileSync(image("part.ext4", "8M"));
    const disk = known("rootfs", "disk.img");
    sh("truncate", ["-s", "16M", disk]);
    sh("sfdisk", ["-q", disk], Buffer.from("label: gpt\nstart=2048, size=4096\nstart=8192, size=16384\n"));
    const handle = openSync(disk, "r+");
    writeSync(handle, inner, 0, inner.length, 8192 * 512);
    await context.use(appendOverlays, { file: disk, format: "ext4", partition: 1, overlays: { lava: true } });
    isThere(`${disk}?offset=${8192 * 512}`);
    const bad = context.use(appendOverlays, { file: disk, format: "ext4", partition: 7, overlays: { lava: true } });
    await expect(bad).rejects.toMatchObject({
      name: "JobError",
      message: "The image has 2 partitions; there is no number 7",
    });
  });

  test("a sparse image comes out sparse", async (test) => {
    if (!findProgram("simg2img", process.env)) test.skip("simg2img is not installed");
    const raw = image("raw.ext4", "8M");
    const file = known("rootfs", "rootfs.simg");
    sh("img2simg", [raw, file]);
    await context.use(appendOverlays, { file, format: "ext4", sparse: true, overlays: { lava: true } });
    expect(readFileSync(file).readUInt32LE(0)).toBe(0xed26ff3a);
    sh("simg2img", [file, raw]);
    isThere(raw);
  });

  test("no room, and no ext file system, are JobErrors", async () => {
    writeFileSync(join(context.paths.work, "overlay/lava-42/big"), Buffer.alloc(4 << 20, 1));
    const full = context.use(appendOverlays, {
      file: image("small.ext4", "2M"),
      format: "ext4",
      overlays: { lava: true },
    });
    await expect(full).rejects.toMatchObject({ name: "JobError", message: "The overlay does not fit into the image" });
    const file = known("rootfs", "none", Buffer.alloc(1 << 20));
    const none = context.use(appendOverlays, { file, format: "ext4", overlays: { lava: true } });
    await expect(none).rejects.toMatchObject({
      name: "JobError",
      message: expect.stringContaining("no ext2, ext3 or ext4"),
    });
  });

  test("the programs are known before", () => {
    const programs = (input: JsonMap) => appendOverlays.programs?.({ input, device: {}, parameters: {} });
    expect(programs({ format: "ext4", partition: 0, sparse: true })).toEqual([
      "debugfs",
      "sfdisk",
      "simg2img",
      "img2simg",
    ]);
    expect(programs({ format: "cpio.newc", compression: "zstd" })).toEqual(["zstd"]);
    expect(programs({ format: "cpio.newc", compression: "gz" })).toEqual([]);
  });
});

describe("guest-overlay", () => {
  test("is a disk with the results folder's contents, found by its UUID", async () => {
    await context.use(guestOverlay, { size: 16, interface: "virtio", driveid: "lavatest" });
    const guest = context.data.guest as { file: string; uuid: string };
    expect(guest).toMatchObject({ interface: "virtio", driveid: "lavatest", name: "lava-guest-1.2.img" });
    expect(statSync(guest.file).size).toBe(16 << 20);
    const info = text("dumpe2fs", "-h", guest.file);
    expect(info).toContain(`Filesystem UUID:          ${guest.uuid}`);
    expect(info).toContain("Filesystem volume name:   LAVA");
    expect(text("debugfs", "-R", "cat /bin/lava-test-runner", guest.file)).toBe("#!/bin/sh\n");
  });

  test("is not made when an image holds the overlay already", async () => {
    context.data = { overlay: { ...(context.data.overlay as JsonMap), applied: true } };
    expect(await context.use(guestOverlay, { size: 16, interface: "ide", driveid: "x" })).toBeUndefined();
    expect(context.log.text()).toContain("Overlay already applied");
  });

  test("an overlay that does not fit is an error of the action", async () => {
    writeFileSync(join(context.paths.work, "overlay/lava-42/big"), Buffer.alloc(4 << 20, 1));
    const full = context.use(guestOverlay, { size: 2, interface: "ide", driveid: "x" });
    await expect(full).rejects.toMatchObject({ name: "JobError", message: expect.stringContaining("mke2fs") });
  });
});
