/** Boot with barebox: a real one, in an emulated board, that fetches kernel and ramdisk over TFTP. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { guestFile } from "../support/guest-images.js";
import { describeWithPeers, peerFolder } from "../support/peer.js";
import { DEVICE, GUEST_LOGIN, type PeerBoard, runBlocks, startPeerBoard, testBlock } from "../support/peer-board.js";
import { boardWords, type RealBoard } from "../support/real-board.js";
import { expectCompleteOutputs, readConsole, verdicts } from "../support/run-outputs.js";
import { makeWorkspace, removeWorkspace } from "../support/workspace.js";

describeWithPeers("barebox", ["barebox"], () => {
  const folder = makeWorkspace();
  let board: PeerBoard;

  beforeAll(async () => {
    copyFileSync(guestFile("arm64", "kernel"), join(folder, "kernel"));
    copyFileSync(guestFile("arm64", "initrd.cpio.gz"), join(folder, "initrd.cpio.gz"));
    const image = join(peerFolder("barebox"), "barebox-dt-2nd.img");
    board = await startPeerBoard(folder, "barebox", {
      machine: {
        qemu: { program: "qemu-system-aarch64", package: "qemu-system-arm" },
        firmware: { file: image, package: "barebox" },
        words: ["-M", "virt", "-cpu", "cortex-a53", "-m", "512", "-kernel", image],
      },
    });
  });
  afterAll(async () => {
    await board?.destroy();
    removeWorkspace(folder);
  });

  /** As LAVA's templates have it: the pattern is only the beginning of the prompt. */
  const device = (prompt: string) => ({
    ...DEVICE,
    commands: board.commands,
    actions: {
      deploy: {
        parameters: { append_dtb: false, use_xip: false },
        connections: { serial: null },
        methods: { tftp: null },
      },
      boot: {
        connections: { serial: null },
        methods: {
          barebox: {
            parameters: { bootloader_prompt: prompt, interrupt_prompt: "stop autoboot" },
            ramdisk: {
              commands: [
                "dhcp",
                'global linux.bootargs.console="console=ttyAMA0"',
                "bootm -v -r /mnt/tftp/{RAMDISK} /mnt/tftp/{KERNEL}",
              ],
            },
          },
        },
      },
    },
    constants: {
      ...DEVICE.constants,
      barebox: {
        "interrupt-prompt": "[h,H]it any key to stop autoboot",
        "interrupt-character": "",
        interrupt_ctrl_list: [],
        "interrupt-newline": true,
        "final-message": "Loaded kernel to",
        "error-messages": [],
      },
    },
  });

  test.each(["barebox@[^:]*:[^ ]* ", "barebox@"])("boots over TFTP; its prompt is known by %s", async (prompt) => {
    const { code, output } = await runBlocks(
      folder,
      device(prompt),
      [
        {
          deploy: {
            to: "tftp",
            os: "oe",
            kernel: { url: `file://${join(folder, "kernel")}`, type: "image" },
            ramdisk: { url: `file://${join(folder, "initrd.cpio.gz")}`, compression: "gz" },
          },
        },
        { boot: { method: "barebox", commands: "ramdisk", ...GUEST_LOGIN } },
        testBlock("smoke", "lava-test-case kernel --shell uname -a"),
      ],
      { words: boardWords(board as unknown as RealBoard) },
    );
    const report = expectCompleteOutputs(output);
    expect({ code, error: report.verdict.error }).toEqual({ code: 0 });
    expect(verdicts(report, "0_smoke")).toEqual({ kernel: "pass" });
    expect(readConsole(output)).toContain("barebox@");
  });
});
