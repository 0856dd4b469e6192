/**
 * One image of kernel, device tree and ramdisk, made by the real mkimage and lzma, and started by a real bootloader. Where
 * depthcharge would be, which only runs on Chromebooks, there is U-Boot, whose `bootm` knows the same format: left alone
 * with nothing to boot, it comes to its prompt by itself.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { guestFile, noGuest } from "../support/guest-images.js";
import { inlineTest } from "../support/inline-test.js";
import { boardWords, type RealBoard, startRealBoard } from "../support/real-board.js";
import { runCli, runWords } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole, verdicts } from "../support/run-outputs.js";
import { inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";

const why = existsSync("/usr/bin/mkimage") ? noGuest("arm64") : "not installed: u-boot-tools";
if (why) console.warn(`fit-jobs: skipped: ${why}`);

describe.skipIf(why !== undefined)("a FIT image", () => {
  const folder = makeWorkspace();
  let board: RealBoard;
  let device: string;
  beforeAll(async () => {
    board = await startRealBoard({ folder, name: "board" });
    device = join(folder, "device.yaml");
    const power = (word: string) => `${inRoot("scripts/board")} power ${word} --socket ${board.socket}`;
    writeFileSync(
      device,
      stringify({
        hostname: "board",
        constants: {
          failure_retry: 1,
          boot_retry: null,
          "kernel-start-message": "Linux version [0-9]",
          "default-shell-prompt": "lava-test: # ",
          posix: { lava_test_sh_cmd: "/bin/sh", lava_test_results_dir: "/lava-%s", lava_test_shell_file: "~/.bashrc" },
          depthcharge: { "final-message": "Starting kernel", "error-messages": ["Wrong Image Format for boot"] },
        },
        commands: {
          connect: `telnet 127.0.0.1 ${board.port}`,
          hard_reset: power("reset"),
          power_off: power("off"),
        },
        parameters: { load_address: "0x40400000" },
        actions: {
          deploy: {
            parameters: { mkimage_arch: "arm64" },
            connections: { serial: null },
            methods: { tftp: null },
          },
          boot: {
            connections: { serial: null },
            methods: {
              depthcharge: {
                parameters: { start_message: "Hit any key to stop autoboot", bootloader_prompt: "=> " },
                ramdisk: {
                  cmdline: "console=ttyAMA0,115200 root=/dev/ram0 started_as=one_image",
                  commands: [
                    "setenv autoload no",
                    "dhcp",
                    "setenv serverip {SERVER_IP}",
                    "tftp 0x4c000000 {CMDLINE}",
                    // The file has no end that the shell would know.
                    `setexpr end 0x4c000000 + \${filesize}; mw.b \${end} 0 1`,
                    "setexpr.s bootargs *0x4c000000",
                    "tftp 0x48000000 {DEPTHCHARGE_KERNEL}{DEPTHCHARGE_RAMDISK}",
                    "bootm 0x48000000",
                  ],
                },
              },
            },
          },
        },
        timeouts: { actions: {}, connections: {} },
      }),
    );
  });
  afterAll(async () => {
    await board.destroy();
    removeWorkspace(folder);
  });

  test("is made of what was deployed, the overlay in it, and starts", async () => {
    const job = join(folder, "job.yaml");
    const file = (path: string) => ({ url: `file://${path}` });
    writeFileSync(
      job,
      stringify({
        device_type: "board",
        job_name: "fit",
        visibility: "public",
        timeouts: { job: { minutes: 6 }, action: { minutes: 2 }, connection: { minutes: 1 } },
        actions: [
          {
            deploy: {
              to: "tftp",
              os: "oe",
              kernel: { ...file(guestFile("arm64", "kernel")), type: "image" },
              ramdisk: { ...file(guestFile("arm64", "initrd.cpio.gz")), compression: "gz" },
              dtb: file(inRoot(".images/arm64/board.dtb")),
            },
          },
          {
            boot: {
              method: "depthcharge",
              commands: "ramdisk",
              auto_login: { login_prompt: "board login:", username: "root" },
              prompts: ["root@board:/root#"],
            },
          },
          inlineTest("one", "lava-test-case image --shell grep -q started_as=one_image /proc/cmdline"),
        ],
      }),
    );
    const output = join(folder, "out");
    const words = runWords(device, output, "8501");
    // The packer's quickest way: what is tested is not how small the image gets.
    const { code } = await runCli([...words, ...boardWords(board), job], { env: { XZ_DEFAULTS: "-0" } });
    const report = expectCompleteOutputs(output);
    expect({ code, error: report.verdict.error }).toEqual({ code: 0, error: undefined });
    expect(verdicts(report, "0_one")).toEqual({ image: "pass" });
    const console = readConsole(output);
    expect(console).toContain("Loading kernel from FIT Image");
    expect(console).toContain("Uncompressing Kernel Image");
    expect(console).toContain("Loading ramdisk from FIT Image");
  });
});
