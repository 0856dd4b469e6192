/** U-Boot with disks: the numbered menu of its extlinux.conf, and a disk that the worker writes (ums). */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { diskImage, ext4Image, guestFile } from "../support/guest-images.js";
import { arm64Machine, DEVICE, GUEST_LOGIN, type PeerBoard, runBlocks, startPeerBoard } from "../support/peer-board.js";
import { expectCompleteOutputs, readConsole } from "../support/run-outputs.js";
import { makeWorkspace, removeWorkspace } from "../support/workspace.js";

const UBOOT = "/usr/lib/u-boot/qemu_arm64/u-boot.bin";
const folder = makeWorkspace();
let board: PeerBoard | undefined;
afterEach(async () => board?.destroy());
afterAll(() => removeWorkspace(folder));

/** A folder with kernel, ramdisk and the menu; tenths of seconds until its default is taken. */
function tree(name: string, preset: "lava" | "other", timeout: number): string {
  const root = join(folder, name);
  mkdirSync(join(root, "extlinux"), { recursive: true });
  copyFileSync(guestFile("arm64", "kernel"), join(root, "Image"));
  copyFileSync(guestFile("arm64", "initrd.cpio.gz"), join(root, "initrd.gz"));
  writeFileSync(
    join(root, "extlinux/extlinux.conf"),
    `menu title Boot menu of this board
timeout ${timeout}
default ${preset}
label other
  menu label Something else
  kernel /nothing
label lava
  menu label LAVA test image
  kernel /Image
  initrd /initrd.gz
  append console=ttyAMA0 root=/dev/ram0
`,
  );
  return root;
}

const boardWithDisk = (disk: string) =>
  startPeerBoard(folder, "board", {
    machine: arm64Machine(UBOOT),
    words: ["-drive", `if=none,id=d,file=${disk},format=raw`, "-device", "virtio-blk-pci,drive=d"],
  });

describe("uefi-menu", () => {
  beforeAll(() => void ext4Image(tree("menu", "other", 600), join(folder, "disk.img"), 64));

  test.each(["Enter choice: ", "Enter choice"])("a numbered menu is gone through; it waits for %j", async (wait) => {
    board = await boardWithDisk(join(folder, "disk.img"));
    const device = {
      ...DEVICE,
      commands: board.commands,
      actions: {
        deploy: { connections: { serial: null }, methods: { image: null } },
        boot: {
          connections: { serial: null },
          methods: {
            "uefi-menu": {
              line_separator: "unix",
              parameters: {
                interrupt_prompt: "Hit any key to stop autoboot",
                interrupt_string: " ",
                item_markup: ["", ":"],
                item_class: "0-9",
                separator: "[ \\t]",
                label_class: "a-zA-Z0-9\\s\\:",
                bootloader_prompt: "=>",
              },
              local: [
                // biome-ignore lint/suspicious/noTemplateCurlyInString: it is U-Boot that reads it
                { select: { enter: "sysboot virtio 0 any ${scriptaddr} /extlinux/extlinux.conf", wait } },
                { select: { items: ["LAVA test image"] } },
              ],
            },
          },
        },
      },
    };
    const { code, output } = await runBlocks(folder, device, [
      { boot: { method: "uefi-menu", commands: "local", ...GUEST_LOGIN } },
    ]);
    expect({ code, error: expectCompleteOutputs(output).verdict.error }).toEqual({ code: 0 });
    expect(readConsole(output)).toContain("LAVA test image");
  });
});

describe.skipIf(process.getuid?.() !== 0)("u-boot-ums", () => {
  const id = `usb-Linux_UMS_disk_${process.pid}-0:0`;
  const link = `/dev/disk/by-id/${id}`;
  let loop: string;

  beforeAll(() => {
    diskImage(tree("ums", "lava", 10), join(folder, "new.img"), 64);
    const disk = join(folder, "loop.img");
    writeFileSync(disk, "");
    truncateSync(disk, 66 * 2 ** 20);
    loop = execFileSync("losetup", ["--find", "--show", disk], { encoding: "utf8" }).trim();
    mkdirSync("/dev/disk/by-id", { recursive: true });
    symlinkSync(loop, link);
  });
  afterAll(() => {
    rmSync(link, { force: true });
    if (loop && existsSync(loop)) execFileSync("losetup", ["--detach", loop]);
  });

  test("an image is written to the board's disk, which the worker sees as a device, and boots", async () => {
    board = await boardWithDisk(join(folder, "loop.img"));
    const device = {
      ...DEVICE,
      commands: board.commands,
      actions: {
        deploy: { connections: { serial: null }, methods: { "u-boot-ums": { parameters: { bootloader: false } } } },
        boot: {
          connections: { serial: null },
          methods: {
            "u-boot": {
              parameters: {
                uboot_ums_flash: true,
                uboot_mass_storage_device: link,
                bootloader_prompt: "=>",
                interrupt_prompt: "Hit any key to stop autoboot",
                interrupt_char: "",
              },
              ums: { commands: ["sleep 600"] },
            },
          },
        },
      },
    };
    const { code, output } = await runBlocks(folder, device, [
      { deploy: { to: "u-boot-ums", os: "oe", image: { url: `file://${join(folder, "new.img")}` } } },
      { boot: { method: "u-boot", commands: "ums", ...GUEST_LOGIN } },
    ]);
    expect({ code, error: expectCompleteOutputs(output).verdict.error }).toEqual({ code: 0 });
    expect(readConsole(output)).toContain("board login:");
  });
});
