/** Every writer of a job is handed one meter; each refuses what the job has no room for. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { create } from "tar";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { appendOverlays } from "../../src/services/append-overlays.js";
import { archiveExtract } from "../../src/services/archive-extract.js";
import { DiskMeter } from "../../src/services/disk-meter.js";
import { emptyImage } from "../../src/services/empty-image.js";
import { fileDownload } from "../../src/services/file-download.js";
import { fitImage } from "../../src/services/fit-image.js";
import { cloneRepository } from "../../src/services/git-clone.js";
import { guestOverlay } from "../../src/services/guest-overlay.js";
import { kernelPrepare } from "../../src/services/kernel-prepare.js";
import { rootfsExtract } from "../../src/services/rootfs-extract.js";
import { scpDownload } from "../../src/services/scp-download.js";
import { testDefinitionBzr } from "../../src/services/test-definition-bzr.js";
import { type TestContext, testContext } from "./service-context.js";
import { type StandIns, standIns } from "./stand-in.js";

const LIMIT = 2_000_000;
let context: TestContext;
let folder: string;
beforeEach(() => {
  context = testContext({ dispatcher: { disk_limit: LIMIT } });
  folder = context.paths.jobDir;
  const directory = join(context.paths.work, "overlay");
  mkdirSync(join(directory, "lava-42"), { recursive: true });
  context.data = { overlay: { directory, results_dir: "/lava-42", shell: "/bin/sh", private: [] } };
});
afterEach(() => context.cleanup());

const refused = (message = "needs more room than this job has: 2000000 bytes in all") => ({
  name: "JobError",
  message: expect.stringContaining(message),
});
const file = (name: string, bytes: Uint8Array): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};
const zeros = Buffer.alloc(2 * LIMIT);
const download = (key: string, name: string, more = {}) =>
  context.use(fileDownload, { key, url: `file:${name}`, ...more });
/** Bytes below the job's scratch folder. */
const written = () =>
  readdirSync(context.paths.work, { recursive: true, encoding: "utf8" })
    .map((name) => statSync(join(context.paths.work, name)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);

describe("downloads", () => {
  test("are counted together, and the error names those that took most", async () => {
    file("small", Buffer.alloc(300_000));
    file("large.gz", gzipSync(Buffer.alloc(1_500_000)));
    await download("dtb", "small");
    await download("rootfs", "large.gz", { compression: "gz" });
    await expect(download("kernel", "small")).rejects.toMatchObject(
      refused(
        "'file:small' needs more room than this job has: 2000000 bytes in all; most is taken by 'file:large.gz' (1500000), 'file:small' (",
      ),
    );
  });

  test("give back what was removed: an attempt that failed, and one that is undone", async () => {
    file("file", Buffer.alloc(1_500_000));
    for (let i = 0; i < 3; i++) {
      await expect(download("kernel", "file", { sha256sum: "0".repeat(64) })).rejects.toThrow("sum");
    }
    await download("kernel", "file");
    context.meter.take(400_000, "another");
    await expect(download("dtb", "file")).rejects.toMatchObject(refused());
  });

  test("an archive counts with what is in it", async () => {
    file("big", zeros);
    await create({ file: join(folder, "a.tar.gz"), cwd: folder, gzip: true }, ["big"]);
    await expect(download("kernel", "a.tar.gz", { archive: "tar" })).rejects.toMatchObject(refused());
    expect(written()).toBe(0);
  });
});

describe("second unpackings", () => {
  const image = (bytes: Uint8Array) => {
    const path = file("image", bytes);
    context.data = { ...context.data, downloads: { rootfs: { file: path, name: "image" } } };
    return { file: path, format: "ext4", overlays: { lava: true } };
  };

  test("gz of an image", async () => {
    await expect(context.use(appendOverlays, image(gzipSync(zeros)))).rejects.toMatchObject(refused());
  });

  test("gz of a root file system", async () => {
    const bytes = file("rootfs.tar.gz", gzipSync(zeros));
    await expect(context.use(rootfsExtract, { file: bytes, compression: "gz" })).rejects.toMatchObject(refused());
  });

  test("gz of an archive: `download_limits` holds for it as for a download", async () => {
    context.dispatcher.download_limits = { bytes: 100_000 };
    const bytes = file("archive.tar.gz", gzipSync(zeros));
    await expect(context.use(archiveExtract, { file: bytes })).rejects.toMatchObject(
      refused("The archive is more than 100000 bytes"),
    );
  });

  test("gz of a ramdisk, which is only read", async () => {
    context.dispatcher.download_limits = { bytes: 100_000 };
    // One entry whose size is that of the whole: a newc header, its name, and zeros.
    const fields = [1, 0o100644, 0, 0, 1, 0, 4_000_000, 0, 0, 0, 0, 4, 0];
    const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}big\0\0\0`;
    const ramdisk = image(gzipSync(Buffer.concat([Buffer.from(header), zeros])));
    // A folder that ramdisks may have: it must be read.
    mkdirSync(join(context.paths.work, "overlay/lib"));
    await expect(context.use(appendOverlays, { ...ramdisk, format: "cpio.newc" })).rejects.toMatchObject(
      refused("The ramdisk is more than 100000 bytes"),
    );
  });

  test("a zip, by what it says of itself", async () => {
    file("big", zeros);
    execFileSync("zip", ["-q", "a.zip", "big"], { cwd: folder });
    await expect(context.use(archiveExtract, { file: join(folder, "a.zip") })).rejects.toMatchObject(refused());
    expect(written()).toBe(0);
  });

  test.each([
    ["the job's room", {}, "needs more room than this job has"],
    ["one download", { download_limits: { bytes: 60_000_000 }, disk_limit: 2 ** 40 }, "is more than 60000000 bytes"],
  ])("a sparse image whose header tells more than %s: nothing is written", async (_, dispatcher, message) => {
    Object.assign(context, { dispatcher, ...("disk_limit" in dispatcher && { meter: new DiskMeter(dispatcher) }) });
    // 28 bytes of header, one chunk that fills 190,000 blocks of 4 KiB.
    const sparse = Buffer.alloc(44);
    sparse.writeUInt32LE(0xed26ff3a, 0);
    sparse.writeUInt16LE(1, 4);
    sparse.writeUInt16LE(28, 8);
    sparse.writeUInt16LE(12, 10);
    sparse.writeUInt32LE(4096, 12);
    sparse.writeUInt32LE(190_000, 16);
    sparse.writeUInt32LE(1, 20);
    sparse.writeUInt16LE(0xcac2, 28);
    sparse.writeUInt32LE(190_000, 32);
    sparse.writeUInt32LE(16, 36);
    await expect(context.use(appendOverlays, { ...image(sparse), sparse: true })).rejects.toMatchObject(
      refused(message),
    );
    expect(readdirSync(folder)).toEqual(["image"]);
  });
});

describe("disks, by the size that is asked for", () => {
  test("an empty one", async () => {
    await expect(context.use(emptyImage, { size: "3M", name: "hd.img" })).rejects.toMatchObject(refused());
    expect(existsSync(join(context.paths.work, "hd.img"))).toBe(false);
  });

  test("a guest's", async () => {
    const input = { size: 3_000_000, interface: "ide", driveid: "x" };
    await expect(context.use(guestOverlay, input)).rejects.toMatchObject(refused());
    expect(written()).toBe(0);
  });
});

test("a clone is measured, and removed when it is too large", async () => {
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], { cwd: folder });
  git("init", "-q");
  file("big", zeros);
  git("add", "big");
  git("commit", "-q", "-m", "big");
  const target = join(context.paths.work, "clone");
  await expect(cloneRepository({ repository: folder }, target, context)).rejects.toMatchObject(refused());
  expect(existsSync(target)).toBe(false);
});

describe("programs that write much more than there is room for", () => {
  let tools: StandIns;
  beforeEach(() => {
    tools = standIns();
    context.env = { ...context.env, PATH: tools.path };
  });
  afterEach(() => tools.remove());
  /** The file that a program writes, by its words; below a folder for those that make one. */
  const target: { [program: string]: string } = {
    git: 'for to; do :; done; mkdir "$to"; to="$to/"',
    bzr: 'to="$3/"; mkdir "$to"',
    scp: "for to; do :; done",
    mkimage: "for to; do :; done",
    lzma: 'to="$3.lzma"',
    unzip: 'for to; do :; done; to="$to/"',
  };
  const endlessFile = (program: string) =>
    `${target[program]}; case "$to" in */) to="$to"file;; esac; exec head -c 50000000 /dev/zero >"$to"`;
  const endlessFiles = (program: string) =>
    `${target[program]}; i=0; while [ $i -lt 400 ]; do head -c 100000 /dev/zero >"$to$i"; i=$((i+1)); sleep 0.02; done`;
  const device = { bootm: { kernel: "0x80000000" } };

  test.each([
    ["git", () => cloneRepository({ repository: "https://x/y" }, join(context.paths.work, "clone"), context)],
    [
      "bzr",
      () => context.use(testDefinitionBzr, { index: 0, stage: 0, name: "a", path: "a.yaml", repository: "lp:x" }),
    ],
    ["scp", () => context.use(scpDownload, { key: "kernel", url: "scp://host/file" })],
    [
      "mkimage",
      () =>
        context.use(kernelPrepare, {
          type: "zimage",
          kernel: join(context.paths.work, "kernel"),
          parameters: device,
          deploy_parameters: { mkimage_arch: "arm" },
        }),
    ],
    [
      "lzma",
      () =>
        context.use(fitImage, {
          kernel: join(context.paths.work, "kernel"),
          arch: "arm64",
          load_address: "0x1",
          directory: context.paths.work,
        }),
    ],
  ])("one file: %s", async (name, run) => {
    tools.tool(name, endlessFile(name));
    context.meter.take(400_000, "the kernel");
    await expect(run()).rejects.toMatchObject(
      refused("needs more room than this job has: 2000000 bytes in all; most is taken by the kernel (400000)"),
    );
    expect(written()).toBeLessThanOrEqual(LIMIT - 400_000);
  });

  test.each([
    ["git", () => cloneRepository({ repository: "https://x/y" }, join(context.paths.work, "clone"), context)],
    [
      "bzr",
      () => context.use(testDefinitionBzr, { index: 0, stage: 0, name: "a", path: "a.yaml", repository: "lp:x" }),
    ],
  ])("many files: %s", async (name, run) => {
    tools.tool(name, endlessFiles(name));
    await expect(run()).rejects.toMatchObject(refused());
  });

  test("a zip that tells less than it holds", async () => {
    tools.tool("zipinfo", 'case "$1" in -1) echo big ;; *) echo "1 file, 1000 bytes uncompressed, 10 bytes" ;; esac');
    tools.tool("unzip", endlessFile("unzip"));
    await expect(
      context.use(archiveExtract, { file: file("a.zip", Buffer.from("PK\x03\x04....")) }),
    ).rejects.toMatchObject({
      name: "JobError",
      message: "'a.zip' holds more than the 1000 bytes that its list tells",
    });
  });

  test("what a program wrote is taken, until its action is undone", async () => {
    tools.tool("mkimage", 'for last; do :; done; head -c 1500000 /dev/zero >"$last"');
    const kernel = join(context.paths.tftpRoot, "kernel");
    const input = { type: "zimage", kernel, parameters: device, deploy_parameters: { mkimage_arch: "arm" } };
    await context.use(kernelPrepare, input);
    expect(context.meter.left).toBe(500_000);
  });
});
