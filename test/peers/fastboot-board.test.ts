/** Deploy and boot with fastboot: Debian's client, and U-Boot's fastboot over UDP in an emulated board. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { guestFile } from "../support/guest-images.js";
import { describeWithPeers, peerFolder } from "../support/peer.js";
import {
  arm64Machine,
  DEVICE,
  GUEST_LOGIN,
  type PeerBoard,
  runBlocks,
  startPeerBoard,
  testBlock,
} from "../support/peer-board.js";
import { expectCompleteOutputs, readLog, verdicts } from "../support/run-outputs.js";
import { freePort, makeWorkspace, removeWorkspace } from "../support/workspace.js";

const MIB = 2 ** 20;
/** Where the partitions begin, in MiB. */
const PARTITIONS = { boot: 1, rootfs: 17, misc: 33 };
const WORDS_OF_UBOOT = [
  "setenv autoload no",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is U-Boot that reads it
  "setenv fastboot_bootcmd 'bootm 48000000 48000000 ${fdtcontroladdr}'",
  "dhcp",
  "fastboot udp",
];

describeWithPeers("U-Boot's fastboot", ["fastboot-board"], () => {
  const folder = makeWorkspace();
  const disk = join(folder, "mmc.img");
  const boards: PeerBoard[] = [];

  beforeAll(() => {
    writeFileSync(join(folder, "small.img"), randomBytes(3 * MIB));
    writeFileSync(join(folder, "Image.gz"), gzipSync(readFileSync(guestFile("arm64", "kernel"))));
    const at = ["--base", "0x40000000", "--kernel_offset", "0x00400000", "--ramdisk_offset", "0x06000000"];
    const words = ["--kernel", join(folder, "Image.gz"), "--ramdisk", guestFile("arm64", "initrd.cpio.gz")];
    const header = ["--cmdline", "console=ttyAMA0 root=/dev/ram0", "--pagesize", "4096", "--header_version", "0"];
    execFileSync("mkbootimg", [...words, ...at, ...header, "-o", join(folder, "boot.img")]);
  });
  afterEach(async () => {
    for (const board of boards.splice(0)) await board.destroy();
  });
  afterAll(() => removeWorkspace(folder));

  /** A board with an empty disk; `firmware`: one that is told to go into fastboot, or that does so by itself. */
  async function startBoard(firmware: "u-boot.bin" | "u-boot-auto.bin") {
    writeFileSync(disk, "");
    truncateSync(disk, 64 * MIB);
    const table = Object.entries(PARTITIONS).map(([name, start]) => `start=${start}MiB, size=16MiB, name=${name}`);
    execFileSync("/usr/sbin/sfdisk", ["-q", disk], { input: `label: gpt\n${table.join("\n")}\n` });
    const port = await freePort();
    const board = await startPeerBoard(folder, `board-${port}`, {
      machine: arm64Machine(join(peerFolder("fastboot-board"), firmware)),
      network: `hostfwd=udp:127.0.0.1:${port}-:5554`,
      words: [
        "-device",
        "sdhci-pci",
        "-device",
        "sd-card,drive=mmc",
        "-drive",
        `if=none,id=mmc,file=${disk},format=raw`,
      ],
    });
    boards.push(board);
    const serial = `udp:127.0.0.1:${port}`;
    const uboot = { bootloader_prompt: "=>", interrupt_prompt: "Hit any key to stop autoboot", interrupt_char: "" };
    const device = {
      ...DEVICE,
      commands: board.commands,
      fastboot_via_uboot: firmware === "u-boot.bin",
      fastboot_serial_number: serial,
      adb_serial_number: "0000000000",
      board_id: serial,
      fastboot_options: [],
      flash_cmds_order: ["rootfs", "misc"],
      device_info: [{ board_id: serial, wait_device_board_id: false }],
      actions: {
        deploy: {
          connections: { fastboot: null, serial: null },
          methods: {
            fastboot: null,
            "u-boot": { parameters: { ...uboot, fastboot: { commands: WORDS_OF_UBOOT } } },
          },
        },
        boot: {
          connections: { fastboot: null, serial: null },
          methods: { fastboot: ["boot"], "u-boot": { parameters: uboot } },
        },
      },
    };
    return { board, device };
  }

  const image = (name: string) => ({ url: `file://${join(folder, name)}`, sparse: false });
  const onDisk = (partition: keyof typeof PARTITIONS, length: number) => {
    const start = PARTITIONS[partition] * MIB;
    return readFileSync(disk).subarray(start, start + length);
  };
  const errorOf = (output: string) => expectCompleteOutputs(output).verdict.error;

  test("an image is flashed, another one boots from memory; login and tests", async () => {
    const { device } = await startBoard("u-boot.bin");
    const { code, output } = await runBlocks(
      folder,
      device,
      [
        { deploy: { to: "fastboot", images: { boot: image("boot.img"), rootfs: image("small.img") }, os: "oe" } },
        {
          boot: {
            method: "fastboot",
            timeout: { minutes: 3 },
            ...GUEST_LOGIN,
            transfer_overlay: { download_command: "wget -S", unpack_command: "tar -C / -xzf" },
          },
        },
        testBlock("smoke", "lava-test-case kernel --shell uname -a"),
      ],
      { job: { timeouts: { job: { minutes: 8 }, action: { minutes: 4 }, connection: { minutes: 2 } } } },
    );
    expect({ code, error: errorOf(output) }).toEqual({ code: 0 });
    expect(verdicts(expectCompleteOutputs(output), "0_smoke")).toEqual({ kernel: "pass" });
    const flashed = readFileSync(join(folder, "small.img"));
    expect(onDisk("rootfs", flashed.length).equals(flashed)).toBe(true);
  });

  test("the board reboots between two images: into its bootloader, and anew; a client that waits for it succeeds", async () => {
    const { device } = await startBoard("u-boot-auto.bin");
    const { code, output } = await runBlocks(folder, device, [
      {
        deploy: {
          to: "fastboot",
          images: {
            rootfs: { ...image("small.img"), reboot: "fastboot-reboot-bootloader" },
            misc: { ...image("small.img"), reboot: "fastboot-reboot" },
          },
        },
      },
    ]);
    expect({ code, error: errorOf(output) }).toEqual({ code: 0 });
    const flashed = readFileSync(join(folder, "small.img"));
    expect(onDisk("misc", flashed.length).equals(flashed)).toBe(true);
  });

  test("what a command answers is no failure when fastboot takes it for none: the boot goes on", async () => {
    const { device } = await startBoard("u-boot-auto.bin");
    device.actions.boot.methods.fastboot = ["reboot"];
    const { output } = await runBlocks(folder, device, [
      { deploy: { to: "fastboot", images: { rootfs: image("small.img") } } },
      { boot: { method: "fastboot", commands: ["getvar all"], prompts: ["# "], timeout: { seconds: 25 } } },
    ]);
    const log = readLog(output).map(({ msg }) => String(msg));
    const refused = log.findIndex((line) => line.includes("getvar:all") && line.includes("FAILED (remote"));
    const next = log.findIndex((line) => line.startsWith("Running ['fastboot'") && line.includes("'reboot'"));
    expect(refused).toBeGreaterThan(0);
    expect(next).toBeGreaterThan(refused);
    // The board has no system: the wait for it ends the job.
    expect(errorOf(output)?.message).toContain("timed out");
  });

  test("why the board refused an image is in the error", async () => {
    const { device } = await startBoard("u-boot-auto.bin");
    const { code, output } = await runBlocks(folder, device, [
      { deploy: { to: "fastboot", images: { nowhere: image("small.img") } } },
    ]);
    expect(code).toBe(3);
    expect(errorOf(output)).toMatchObject({
      action: expect.stringContaining("fastboot-flash-action"),
      message: expect.stringContaining("FAILED (remote: 'invalid partition or device')"),
    });
  });
});
