import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkAbsent } from "../../src/services/check-absent.js";
import { copyFiles } from "../../src/services/copy-files.js";
import { mountDevice } from "../../src/services/mount-device.js";
import { nfsAddress, nfsCheck } from "../../src/services/nfs-check.js";
import { nfsOverlay } from "../../src/services/nfs-overlay.js";
import { unmountDevice } from "../../src/services/unmount-device.js";
import { deviceWaiter } from "../../src/services/wait-for-device.js";
import { writeFile } from "../../src/services/write-file.js";
import { QuickClock, type TestContext, testContext } from "./service-context.js";
import { type StandIns, standIns } from "./stand-in.js";

let context: TestContext;
let tools: StandIns;
let disk: string;
beforeEach(() => {
  context = testContext({ clock: new QuickClock(50) });
  context.action.commandError = "InfrastructureError";
  tools = standIns();
  context.env = { ...context.env, PATH: tools.path };
  disk = join(context.root, "disk");
  mkdirSync(disk);
});
afterEach(async () => {
  await context.cleanup();
  tools.remove();
});

describe("mounting a device's disk", () => {
  const device = "/dev/disk/by-label/BOARD01";
  const folder = () => join(context.paths.work, "mount-1.2");

  test("no program and no device of it is used; it is unmounted when it is written", async () => {
    tools.tool("mount");
    tools.tool("umount");
    await context.use(mountDevice, { device });
    expect(context.data.mount).toEqual({ device, directory: folder(), appearance: null });
    await context.use(unmountDevice, {});
    expect(context.data.mount).toMatchObject({ directory: null });
    await context.cleanup();
    expect(tools.calls()).toEqual([
      ["mount", "-o", "nosuid,nodev,noexec", "--", device, folder()],
      ["umount", folder()],
    ]);
  });

  test("of the kind that it should have; another one is told, and mounted all the same", async () => {
    tools.tool("mount", '[ "$2" != vfat ]');
    tools.tool("umount");
    await context.use(mountDevice, { device, type: "vfat" });
    const words = ["-o", "nosuid,nodev,noexec", "--", device, folder()];
    expect(tools.calls()).toEqual([
      ["mount", "-t", "vfat", ...words],
      ["mount", ...words],
    ]);
    expect(context.log.text()).toContain(`warning The file system of ${device} is not vfat`);
  });

  test("a job that ends before is unmounted all the same", async () => {
    tools.tool("mount");
    tools.tool("umount");
    await context.use(mountDevice, { device });
    await context.cleanup();
    expect(tools.calls().at(-1)).toEqual(["umount", folder()]);
  });

  test("a disk that cannot be mounted is an InfrastructureError", async () => {
    tools.tool("mount", "echo 'wrong fs type' >&2; exit 32");
    tools.tool("umount", "exit 32");
    await expect(context.use(mountDevice, { device })).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("wrong fs type"),
    });
  });

  test.each(["/etc/passwd", "/dev/../etc", "-t", "/dev/a b", "/dev/./a", "server:/x"])(
    "%s is refused",
    async (device) => {
      expect(await mountDevice.validate?.({ device }, context)).toHaveLength(1);
      await expect(context.use(mountDevice, { device })).rejects.toMatchObject({ name: "ConfigurationError" });
      expect(tools.calls()).toEqual([]);
    },
  );
});

describe("waiting for a device", () => {
  const wait = () => {
    const host = { sys: join(context.root, "sys"), dev: join(context.root, "dev") };
    mkdirSync(join(host.dev, "disk/by-label"), { recursive: true });
    mkdirSync(join(host.dev, "disk/by-id"), { recursive: true });
    return { host, service: deviceWaiter(host) };
  };

  test("by the label of its file system", async () => {
    const { host, service } = wait();
    const run = context.use(service, { match: [{ label: "MY BOARD" }] });
    writeFileSync(join(host.dev, "sdx1"), "");
    symlinkSync("../../sdx1", join(host.dev, "disk/by-label/MY\\x20BOARD"));
    expect(await run).toMatchObject({ data: { devices: [join(host.dev, "sdx1")] } });
  });

  test("a disk that came anew since it was mounted", async () => {
    const { host, service } = wait();
    const link = join(host.dev, "disk/by-id/usb-MBED_1-0:0");
    writeFileSync(join(host.dev, "sdx"), "");
    symlinkSync("../../sdx", link);
    const { ino, ctimeMs } = statSync(link);
    context.data = { mount: { appearance: `${join(host.dev, "sdx")} ${ino} ${ctimeMs}` } };
    let done = false;
    const run = context
      .use(service, { match: [{ path: "/dev/disk/by-id/usb-MBED_1-0:0" }], change: true })
      .then(() => (done = true));
    await new Promise((next) => setTimeout(next, 50));
    expect(done).toBe(false);
    writeFileSync(join(host.dev, "sdy"), "");
    renameSync(join(host.dev, "sdy"), join(host.dev, "sdx"));
    await run;
  });
});

describe("copying to a device's disk", () => {
  test("all files of a folder, in place of what was there", async () => {
    const from = join(context.root, "image");
    mkdirSync(join(from, "MB/HBI"), { recursive: true });
    mkdirSync(join(from, "SOFTWARE/empty"), { recursive: true });
    writeFileSync(join(from, "config.txt"), "new");
    writeFileSync(join(from, "MB/HBI/board.txt"), "board");
    symlinkSync("/etc/passwd", join(from, "link"));
    writeFileSync(join(disk, "old.txt"), "old");
    await context.use(copyFiles, { from, into: disk, replace: true });
    expect(readdirSync(disk).sort()).toEqual(["MB", "SOFTWARE", "config.txt"]);
    expect(readdirSync(join(disk, "SOFTWARE"))).toEqual(["empty"]);
    expect(readFileSync(join(disk, "MB/HBI/board.txt"), "utf8")).toBe("board");
    expect(context.log.text()).toContain("not copied: 'link'");
  });

  test("one file, under another name, into a folder that is made", async () => {
    const from = join(context.root, "zephyr.elf");
    writeFileSync(from, "elf");
    await context.use(copyFiles, { from, into: disk, folder: "SOFTWARE", name: "mbed.elf" });
    expect(readFileSync(join(disk, "SOFTWARE/mbed.elf"), "utf8")).toBe("elf");
    await context.use(copyFiles, { from, into: disk, name: "MB/app/mbed.elf" });
    expect(readFileSync(join(disk, "MB/app/mbed.elf"), "utf8")).toBe("elf");
    // the name of a folder leads into it, none keeps the file's own
    await context.use(copyFiles, { from, into: disk, name: "MB/app" });
    await context.use(copyFiles, { from, into: disk, name: "" });
    expect(readdirSync(join(disk, "MB/app")).sort()).toEqual(["mbed.elf", "zephyr.elf"]);
    expect(readdirSync(disk).sort()).toEqual(["MB", "SOFTWARE", "zephyr.elf"]);
  });

  test("links of the disk lead nowhere", async () => {
    const outside = join(context.root, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "file"), "safe");
    symlinkSync(outside, join(disk, "SOFTWARE"));
    symlinkSync(join(outside, "file"), join(disk, "reboot.txt"));
    const from = join(context.root, "a");
    writeFileSync(from, "evil");
    await expect(context.use(copyFiles, { from, into: disk, folder: "SOFTWARE" })).rejects.toThrow("leads outside");
    await context.use(writeFile, { directory: disk, name: "reboot.txt", text: "x" });
    expect(readFileSync(join(outside, "file"), "utf8")).toBe("safe");
    expect(readdirSync(outside)).toEqual(["file"]);
    expect(readFileSync(join(disk, "reboot.txt"), "utf8")).toBe("x");
    await expect(context.use(writeFile, { directory: disk, name: "../x", text: "" })).rejects.toThrow("upwards");
    await expect(context.use(copyFiles, { from, into: disk, name: "../x" })).rejects.toThrow("upwards");
  });

  test("nor is a folder made behind one, which a file's path would need", async () => {
    const outside = join(context.root, "outside");
    mkdirSync(outside);
    symlinkSync(outside, join(disk, "MB"));
    const from = join(context.root, "image.bin");
    writeFileSync(from, "x");
    await expect(context.use(copyFiles, { from, into: disk, name: "MB/HBI0263/app.bin" })).rejects.toThrow(
      "is a link that leads outside of it",
    );
    expect(readdirSync(outside)).toEqual([]);
  });

  test("a disk that has gone is an InfrastructureError; nothing to copy is the job's error", async () => {
    const from = join(context.root, "a");
    writeFileSync(from, "");
    await expect(context.use(copyFiles, { from, into: join(from, "no-folder") })).rejects.toMatchObject({
      name: "InfrastructureError",
    });
    await expect(context.use(copyFiles, { from: join(disk, "no"), into: disk })).rejects.toMatchObject({
      name: "JobError",
    });
  });
});

describe("what a device tells on its disk", () => {
  test("its file of failures fails the action, with what it says", async () => {
    const input = { directory: disk, name: "FAIL.TXT" };
    expect(await context.use(checkAbsent, input)).toBeUndefined();
    writeFileSync(join(disk, "FAIL.TXT"), "The interface firmware FAILED to flash\r\n");
    await expect(context.use(checkAbsent, input)).rejects.toMatchObject({
      name: "InfrastructureError",
      message: "The device tells in FAIL.TXT that it failed: The interface firmware FAILED to flash",
    });
  });
});

describe("a root file system that another machine serves", () => {
  test("addresses, with what the device knows of its lab", () => {
    const device = { static_info: [{ nfs_server: "10.1.1.1" }] };
    expect(nfsAddress("{nfs_server}:/srv/root", { device })).toEqual({ server: "10.1.1.1", root: "/srv/root" });
    for (const bad of ["/srv", "-o:/x", "a b:/x", "server:relative", "server:/../x", "server:/a b"])
      expect(() => nfsAddress(bad, { device })).toThrow("no address");
  });

  test("its server must answer", async () => {
    tools.tool("rpcinfo", "echo 'program 100003 version 3 ready and waiting'");
    await context.use(nfsCheck, { address: "nfs.example:/srv" });
    expect(tools.calls()).toEqual([["rpcinfo", "-t", "nfs.example", "nfs", "3"]]);
    expect(context.data).toEqual({
      nfs: { root: "/srv", server: "nfs.example" },
      dynamic_data: { NFS_ROOTFS: "/srv", NFS_SERVER_IP: "nfs.example" },
    });
    tools.tool("rpcinfo", "echo 'RPC: Timed out'; exit 1");
    await expect(context.use(nfsCheck, { address: "nfs.example:/srv" })).rejects.toMatchObject({
      name: "InfrastructureError",
      message: expect.stringContaining("Timed out"),
    });
  });

  test("is mounted for as long as the overlay is unpacked into it", async () => {
    tools.tool("mount");
    tools.tool("umount", `[ -e "$1/lava-42/bin" ] && echo unpacked; rm -rf "$1"/*`);
    const overlay = join(context.root, "overlay.tar");
    mkdirSync(join(context.root, "tree/lava-42/bin"), { recursive: true });
    const { create } = await import("tar");
    await create({ file: overlay, cwd: join(context.root, "tree") }, ["."]);
    await context.use(nfsOverlay, { address: "nfs.example:/srv", tarball: overlay });
    const folder = join(context.paths.work, "nfs-1.2");
    expect(tools.calls()).toEqual([
      ["mount", "-t", "nfs", "-o", "nosuid,nodev,nolock", "--", "nfs.example:/srv", folder],
      ["umount", folder],
    ]);
    expect(context.log.text()).toContain(">> unpacked");
    expect(existsSync(folder)).toBe(false);
  });
});
