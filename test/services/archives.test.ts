import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { create } from "tar";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { archiveExtract } from "../../src/services/archive-extract.js";
import { archiveOverlay } from "../../src/services/archive-overlay.js";
import { emptyImage } from "../../src/services/empty-image.js";
import { installerPrepare } from "../../src/services/installer-prepare.js";
import { isoExtract } from "../../src/services/iso-extract.js";
import { nbdServer } from "../../src/services/nbd-server.js";
import { preDownloaded } from "../../src/services/pre-downloaded.js";
import { findProgram } from "../../src/services/programs.js";
import { qemuArguments } from "../../src/services/qemu-start.js";
import { rcloneDownload, rclonePath } from "../../src/services/rclone-download.js";
import { isoImage } from "./iso-image.js";
import { type TestContext, testContext } from "./service-context.js";
import { type StandIns, standIns } from "./stand-in.js";

let context: TestContext;
let tools: StandIns;
let tree: string;
const at = (...path: string[]) => join(context.root, ...path);
beforeEach(() => {
  context = testContext({ dispatcher: { dispatcher_ip: "127.0.0.1" } });
  tools = standIns();
  tree = at("tree");
  mkdirSync(join(tree, "MB"), { recursive: true });
  writeFileSync(join(tree, "config.txt"), "config");
  writeFileSync(join(tree, "MB/board.txt"), "board");
});
afterEach(async () => {
  await context.cleanup();
  tools.remove();
});

describe("archives", () => {
  const extracted = () => (context.data.archive as { directory: string }).directory;

  test("a zip is unpacked; links in it are left out", async () => {
    symlinkSync("/etc/passwd", join(tree, "link"));
    execFileSync("zip", ["-q", "-r", "--symlinks", at("a.zip"), "."], { cwd: tree });
    await context.use(archiveExtract, { file: at("a.zip"), compression: "zip" });
    expect(readdirSync(extracted(), { recursive: true }).sort()).toEqual(["MB", "MB/board.txt", "config.txt"]);
    expect(context.log.text()).toContain("'link' is a link");
  });

  test("a zip that leads outside is refused, and nothing of it is written", async () => {
    execFileSync("zip", ["-q", at("a.zip"), "config.txt"], { cwd: tree });
    const bytes = readFileSync(at("a.zip"), "latin1").replaceAll("config.txt", "../onfi.tx");
    writeFileSync(at("a.zip"), bytes, "latin1");
    await expect(context.use(archiveExtract, { file: at("a.zip") })).rejects.toThrow("which lies outside of it");
    expect(existsSync(join(context.paths.work, "onfi.tx"))).toBe(false);
  });

  test("a compressed tar is unpacked, and goes away with the action", async () => {
    await create({ file: at("a.tar.gz"), cwd: tree, gzip: true }, ["."]);
    await context.use(archiveExtract, { file: at("a.tar.gz"), compression: "gz" });
    expect(readFileSync(join(extracted(), "MB/board.txt"), "utf8")).toBe("board");
  });

  test("one that is damaged is the job's error", async () => {
    writeFileSync(at("a.zip"), "PK\x03\x04 not more");
    await expect(context.use(archiveExtract, { file: at("a.zip") })).rejects.toMatchObject({ name: "JobError" });
  });
});

describe("the overlay in an image of an archive", () => {
  const read = (image: string, path: string) => execFileSync("debugfs", ["-R", `cat ${path}`, image]).toString();
  beforeEach(() => {
    const directory = at("overlay");
    mkdirSync(join(directory, "lava-42/bin"), { recursive: true });
    writeFileSync(join(directory, "lava-42/bin/runner"), "#!/bin/sh\n");
    context.data = { overlay: { directory, results_dir: "/lava-42", shell: "/bin/sh", private: [] } };
    execFileSync("truncate", ["-s", "4M", join(tree, "MB/rootfs.img")]);
    execFileSync("mke2fs", ["-q", "-F", "-t", "ext4", join(tree, "MB/rootfs.img")]);
  });

  test("in a folder, by its name alone", async () => {
    await context.use(archiveOverlay, { file: tree, image: "rootfs.img", format: "ext4" });
    expect(read(join(tree, "MB/rootfs.img"), "/lava-42/bin/runner")).toBe("#!/bin/sh\n");
    expect(context.data.overlay).toMatchObject({ applied: true });
  });

  test("in a zip, which is packed again", async () => {
    execFileSync("zip", ["-q", "-r", at("fw.zip"), "."], { cwd: tree });
    await context.use(archiveOverlay, { file: at("fw.zip"), image: "MB/rootfs.img", format: "ext4", packed: true });
    execFileSync("unzip", ["-q", at("fw.zip"), "-d", at("again")]);
    expect(readdirSync(at("again")).sort()).toEqual(["MB", "config.txt"]);
    expect(read(at("again/MB/rootfs.img"), "/lava-42/bin/runner")).toBe("#!/bin/sh\n");
  });

  test("an image that is not there: the error names those that are", async () => {
    const run = context.use(archiveOverlay, { file: tree, image: "nand", format: "ext4" });
    await expect(run).rejects.toMatchObject({
      name: "JobError",
      advice: "It holds: MB/board.txt, MB/rootfs.img, config.txt",
    });
    await expect(context.use(archiveOverlay, { file: tree, image: "../x", format: "ext4" })).rejects.toThrow("upwards");
  });
});

describe("an installer", () => {
  test("its kernel and ramdisk come from the medium, by Rock Ridge or plain names", async () => {
    writeFileSync(at("cd.iso"), isoImage({ "install.amd/vmlinuz": "kernel", "INITRD.GZ;1": "ramdisk" }));
    await context.use(isoExtract, {
      image: at("cd.iso"),
      files: { kernel: "/install.amd/vmlinuz", initrd: "/initrd.gz", dtb: null },
    });
    const { files } = context.data.installer as { files: { [name: string]: string } };
    expect(Object.keys(files)).toEqual(["kernel", "initrd"]);
    expect(readFileSync(files.kernel as string, "utf8")).toBe("kernel");
    expect(readFileSync(files.initrd as string, "utf8")).toBe("ramdisk");
  });

  test("what the medium has not, and what is no medium, are the job's errors", async () => {
    writeFileSync(at("cd.iso"), isoImage({ "a/b": "x" }));
    const take = (image: string, kernel: string) => context.use(isoExtract, { image: at(image), files: { kernel } });
    await expect(take("cd.iso", "/a/c")).rejects.toThrow("no file '/a/c' ('c' is missing)");
    await expect(take("cd.iso", "/a")).rejects.toThrow("is a folder");
    writeFileSync(at("text"), "x".repeat(100_000));
    await expect(take("text", "/a")).rejects.toThrow("no ISO 9660 image");
    writeFileSync(at("short"), "x");
    await expect(take("short", "/a")).rejects.toMatchObject({ name: "JobError" });
  });

  test("its disk is empty, has its size and takes no room", async () => {
    await context.use(emptyImage, { size: "2G", name: "hd.img" });
    const { disk } = context.data.installer as { disk: string };
    expect(statSync(disk)).toMatchObject({ size: 2 * 2 ** 30, blocks: 0 });
    await expect(context.use(emptyImage, { size: "2T", name: "hd.img" })).rejects.toThrow("no size of a disk");
  });

  test("the emulator's command line, for the installer and for what it installs", async () => {
    await context.use(installerPrepare, {
      command: "qemu-system-x86_64",
      options: ["-nographic", "-m 512"],
      medium: { file: "/work/a,b.iso", image_arg: "-drive file={iso},index=2,media=cdrom,readonly" },
      preseed: { name: "42/preseed/p.cfg" },
      kernel: "/work/vmlinuz",
      initrd: "/work/initrd",
      append: ["auto=true", "", "console=ttyS0"],
      disk: "/work/hd.img",
      disk_interface: "virtio",
    });
    const installer = context.data.installer as never as {
      command: string;
      options: string[];
      extra: string[];
      images: never;
      boot_options: string[];
      boot_images: never;
    };
    const { command, options, extra, images, boot_options, boot_images } = installer;
    expect(qemuArguments({ command, options, extra, images, placeholders: {} })).toEqual([
      ...["qemu-system-x86_64", "-nographic", "-m", "512"],
      ...["-drive", "format=raw,file=/work/hd.img,media=disk,if=virtio"],
      ...["-drive", "file=/work/a,,b.iso,index=2,media=cdrom,readonly"],
      ...["-kernel", "/work/vmlinuz", "-append"],
      "auto=true console=ttyS0 preseed/url=tftp://127.0.0.1/42/preseed/p.cfg",
      ...["-initrd", "/work/initrd"],
    ]);
    expect(qemuArguments({ command, options: boot_options, extra: [], images: boot_images, placeholders: {} })).toEqual(
      [
        ...["qemu-system-x86_64", "-nographic", "-m", "512", "-boot", "c"],
        ...["-drive", "format=raw,file=/work/hd.img,media=disk,if=virtio"],
      ],
    );
  });
});

describe("a network block device", () => {
  const file = () => {
    writeFileSync(at("root.img"), "root");
    return at("root.img");
  };

  test("its server gets the file and the port, and is ended with the job", async () => {
    context.env = { ...context.env, PATH: `${tools.path}:${process.env.PATH}`, NODE: process.execPath };
    const serve = `require("net").createServer().listen(process.argv[1].split(":")[1], "127.0.0.1")`;
    tools.tool("nbd-server", `"$NODE" -e '${serve}' "$1" </dev/null >/dev/null 2>&1 &\necho $! >"$6"`);
    await context.use(nbdServer, { file: file(), port: null });
    const { server_ip, server_port } = context.data.nbd as { server_ip: string; server_port: number };
    expect(server_ip).toBe("127.0.0.1");
    const pid = join(context.paths.work, "nbd-server-1.2.pid");
    const config = join(context.paths.work, "nbd-server-1.2.conf");
    expect(tools.calls()).toEqual([["nbd-server", `127.0.0.1:${server_port}`, file(), "-C", config, "-p", pid]]);
    const process_ = Number(readFileSync(pid, "utf8"));
    await context.cleanup();
    while (existsSync(`/proc/${process_}`) && !/\) Z/.test(readFileSync(`/proc/${process_}/stat`, "utf8")))
      await new Promise((next) => setTimeout(next, 10));
  });

  test("the real server answers a client, and is gone at the end", async (task) => {
    if (!findProgram("nbd-server", process.env)) return task.skip("nbd-server is not installed (package nbd-server)");
    await context.use(nbdServer, { file: file(), port: null });
    const { server_port } = context.data.nbd as { server_port: number };
    const greeting = await new Promise<string>((resolve, reject) => {
      const socket = connect({ port: server_port, host: "127.0.0.1" });
      let heard = "";
      socket.once("error", reject).on("data", (bytes) => {
        // The greeting may come in pieces.
        heard += bytes.toString("latin1");
        if (heard.length < 16) return;
        socket.destroy();
        resolve(heard.slice(0, 16));
      });
    });
    expect(greeting).toBe("NBDMAGICIHAVEOPT");
    const pid = Number(readFileSync(join(context.paths.work, "nbd-server-1.2.pid"), "utf8"));
    await context.cleanup();
    while (existsSync(`/proc/${pid}`) && !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8")))
      await new Promise((next) => setTimeout(next, 10));
  });

  test("one that fails is an InfrastructureError; no file is the job's", async () => {
    context.env = { ...context.env, PATH: tools.path };
    tools.tool("nbd-server", "echo 'Error: bind failed' >&2; exit 1");
    await expect(context.use(nbdServer, { file: file(), port: 55_001 })).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("bind failed"),
    });
    writeFileSync(at("a%s.img"), "");
    await expect(context.use(nbdServer, { file: at("a%s.img") })).rejects.toThrow("cannot be served");
    await expect(context.use(nbdServer, { file: at("no") })).rejects.toMatchObject({ name: "JobError" });
  });

  test("ports that are taken are passed over", async () => {
    const { freePort } = await import("../../src/services/files/free-port.js");
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { port: number };
    await expect(freePort("127.0.0.1", port, port)).rejects.toMatchObject({ name: "InfrastructureError" });
    taken.close();
  });
});

describe("files of other places", () => {
  test("a file of a block before is used as it lies there", async () => {
    const file = join(context.paths.work, "downloads/common/rootfs/disk.img");
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, "disk");
    const input = { url: "downloads://rootfs/disk.img", key: "rootfs", image_arg: "-drive {rootfs}" };
    await context.use(preDownloaded, input);
    expect(context.data.downloads).toEqual({
      rootfs: { file, name: "disk.img", size: 4, compression: null, image_arg: "-drive {rootfs}" },
    });
  });

  test.each(["downloads://no", "downloads://link"])("%s was not downloaded before", async (url) => {
    mkdirSync(join(context.paths.work, "downloads/common"), { recursive: true });
    symlinkSync("/etc/passwd", join(context.paths.work, "downloads/common/link"));
    await expect(context.use(preDownloaded, { url, key: "a" })).rejects.toMatchObject({ name: "JobError" });
    expect(await preDownloaded.validate?.({ url: "downloads://../x", key: "a" }, context)).toHaveLength(1);
  });

  test("rclone: the job's configuration in a file of its own, never an argument", async () => {
    context.env = { ...context.env, PATH: tools.path };
    context.job = { secrets: { rclone_config: "[far]\ntype = s3\n", rclone_env: "RCLONE_BWLIMIT=1M\nLD_PRELOAD=/x" } };
    tools.tool("rclone", `for word; do last=$word; done; cat "\${1#--config=}" >"$last"`);
    await context.use(rcloneDownload, {
      url: "rclone://far/bucket/a b.img",
      key: "rootfs",
      uniquify: true,
      config_secret: "rclone_config",
      variables_secret: "rclone_env",
    });
    const folder = join(context.paths.work, "downloads/common/rootfs");
    expect(tools.calls()).toEqual([
      [
        "rclone",
        `--config=${context.paths.work}/rclone-1.2.conf`,
        "copyto",
        "--",
        "far:bucket/a b.img",
        `${folder}/.copy`,
      ],
    ]);
    expect(tools.environment("RCLONE_BWLIMIT", "LD_PRELOAD")).toEqual({ RCLONE_BWLIMIT: "1M", LD_PRELOAD: undefined });
    expect(readFileSync(join(folder, "a b.img"), "utf8")).toBe("[far]\ntype = s3\n");
    expect(context.log.text()).not.toContain("type = s3");
  });

  test("rclone: a remote that is unknown is the job's error", async () => {
    context.env = { ...context.env, PATH: tools.path };
    tools.tool("rclone", `echo "didn't find section in config file" >&2; exit 1`);
    await expect(context.use(rcloneDownload, { url: "rclone://far/x", key: "a" })).rejects.toMatchObject({
      name: "JobError",
    });
    expect(() => rclonePath("rclone://--config/x")).toThrow("no rclone URL");
  });
});
