/** Bootloaders and firmware that really run: iPXE's ROM, the UEFI shell, GRUB; each boots the same kernel, whose tests report. */
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { expectGold } from "../support/gold.js";
import { adaptJob, boardWords, startRealBoard } from "../support/real-board.js";
import { runCli, runWords } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole, verdicts } from "../support/run-outputs.js";
import { inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";
import { GRUB, makeGrubDisk, missing, OVMF, uefiWords, writeX86Device, writeX86Job } from "../support/x86-machine.js";

const folder = makeWorkspace();
afterAll(() => removeWorkspace(folder));

let runs = 0;
async function run(device: string, tftp: string, job: string) {
  const output = join(folder, `out-${++runs}`);
  const words = ["--dispatcher", inRoot("device-configs/dispatcher-emulated.yaml"), "--tftp-root", tftp];
  const { code } = await runCli([...runWords(device, output, `60${runs}`), ...words, job]);
  const report = expectCompleteOutputs(output);
  return { code, report, console: readConsole(output) };
}

async function boots(name: string, device: string, tftp: string, job: string) {
  const { code, report, console } = await run(device, tftp, job);
  expect({ name, code, verdict: report.verdict.class, error: report.verdict.error }).toEqual({
    name,
    code: 0,
    verdict: "pass",
  });
  expect(verdicts(report, "0_booted")).toEqual({ how: "pass" });
  return console;
}

const ARGUMENTS = "console=ttyS0,115200 root=/dev/ram0 started_by=test";
const skip = (what: string, files: { [file: string]: string }) => {
  const why = missing({ "/usr/bin/qemu-system-x86_64": "qemu-system-x86", "/usr/bin/socat": "socat", ...files });
  if (why) console.warn(`firmware-jobs: ${what}: skipped: ${why}`);
  return why !== undefined;
};

describe.skipIf(skip("iPXE", { "/usr/lib/ipxe/qemu/pxe-virtio.rom": "ipxe-qemu" }))("iPXE", () => {
  const ipxe = {
    "interrupt-prompt": "Press Ctrl-B for the iPXE command line",
    interrupt_ctrl_list: ["b"],
    "error-messages": ["No configuration methods succeeded", "Connection timed out"],
  };
  const tftp = join(folder, "tftp-ipxe");
  const device = () =>
    writeX86Device(folder, "ipxe", tftp, {
      words: ["-boot", "n"],
      constants: { ipxe },
      methods: { ipxe: { parameters: { bootloader_prompt: "iPXE>" } } },
    });
  const commands = [
    `dhcp net0`,
    `kernel tftp://{SERVER_IP}/{KERNEL} ${ARGUMENTS}`,
    "initrd tftp://{SERVER_IP}/{RAMDISK}",
    "boot",
  ];

  test("the board of scripts/board passes its gold-standard job", async () => {
    const board = await startRealBoard({ folder, name: "ipxe-board", machine: "x86_64-ipxe" });
    try {
      const output = join(folder, "out-gold");
      const job = adaptJob(folder, "gold/qemu-x86_64-ipxe");
      const words = ["run", "--device", board.device, "--output-dir", output, ...boardWords(board), job];
      expect((await runCli(words)).code).toBe(0);
      expectGold(output);
      expect(board.powerWords()).toEqual(["reset", "off"]);
      expect(await board.status()).toBe("off");
    } finally {
      await board.destroy();
    }
  });

  test("is stopped, told each command, and boots", async () => {
    const console = await boots("ipxe", device(), tftp, writeX86Job(folder, "ipxe", { method: "ipxe", commands }));
    expect(console).toContain("Open Source Network Boot Firmware");
  });

  test("fetches the commands as one script", async () => {
    const console = await boots(
      "script",
      device(),
      tftp,
      writeX86Job(folder, "script", { method: "ipxe", commands, use_bootscript: true }),
    );
    expect(console).toContain("chain tftp://10.0.2.2/");
  });

  test("says that it has no such file: an InfrastructureError with its own words", async () => {
    const wrong = [commands[0], "kernel tftp://{SERVER_IP}/nothing", "boot"];
    const { code, report } = await run(
      device(),
      tftp,
      writeX86Job(folder, "wrong", { method: "ipxe", commands: wrong, timeout: { seconds: 60 } }),
    );
    expect({ code, error: report.verdict.error }).toMatchObject({
      code: 3,
      error: {
        class: "InfrastructureError",
        message: expect.stringContaining("came back to its prompt"),
        advice: expect.stringContaining("a TFTP server answers; it has not the file that was asked for"),
      },
    });
  });
});

describe.skipIf(skip("UEFI", { [OVMF]: "ovmf" }))("the UEFI shell", () => {
  test("is stopped before its start-up script, and starts a kernel from the disk that it sees", async () => {
    const tftp = join(folder, "tftp-uefi");
    mkdirSync(tftp, { recursive: true });
    // The shell only runs files that are named so, and only takes its own kind of path.
    copyFileSync(inRoot(".images/amd64/kernel"), join(tftp, "kernel.efi"));
    const device = writeX86Device(folder, "uefi", tftp, {
      words: uefiWords(folder, "uefi", tftp),
      offline: true,
      constants: { uefi: { "error-messages": ["is not recognized as an internal or external command"] } },
      methods: {
        uefi: {
          parameters: {
            bootloader_prompt: "Shell>",
            shell_interrupt_prompt: "any other key to continue",
            shell_interrupt_string: " ",
          },
        },
      },
    });
    const commands = [`fs0:\\kernel.efi initrd=/{RAMDISK} ${ARGUMENTS}`];
    const console = await boots("uefi", device, tftp, writeX86Job(folder, "uefi", { method: "uefi", commands }));
    expect(console).toContain("UEFI Interactive Shell");
  });
});

describe.skipIf(
  skip("GRUB", { [OVMF]: "ovmf", [GRUB]: "grub-efi-amd64-bin", "/usr/bin/grub-mkstandalone": "grub-common" }),
)("GRUB", () => {
  test("is stopped in its menu, and boots what it fetches over TFTP", async () => {
    const tftp = join(folder, "tftp-grub");
    const device = writeX86Device(folder, "grub", tftp, {
      words: uefiWords(folder, "grub", makeGrubDisk(folder)),
      constants: {
        grub: {
          "interrupt-prompt": "for a command-line",
          "interrupt-character": "c",
          "interrupt-newline": false,
          "error-messages": ["error: file '(.*)' not found", "error: timeout reading"],
        },
      },
      methods: { grub: { parameters: { bootloader_prompt: "grub>" } } },
    });
    const commands = [
      "net_bootp",
      `linux (tftp,{SERVER_IP})/{KERNEL} ${ARGUMENTS}`,
      "initrd (tftp,{SERVER_IP})/{RAMDISK}",
      "boot",
    ];
    const console = await boots("grub", device, tftp, writeX86Job(folder, "grub", { method: "grub", commands }));
    expect(console).toContain("GNU GRUB");
  });
});
