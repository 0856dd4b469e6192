/** An emulated x86-64 machine with firmware: its console is QEMU's own output, its power switch QEMU's monitor. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { inRoot } from "./workspace.js";

export const OVMF = "/usr/share/OVMF/OVMF_CODE_4M.fd";
export const GRUB = "/usr/lib/grub/x86_64-efi/linux.mod";

/** What of these files is missing, as the reason to skip; undefined when all are there. */
export const missing = (files: { [file: string]: string }): string | undefined => {
  const absent = Object.entries(files).filter(([file]) => !existsSync(file));
  return absent.length > 0 ? `not installed: ${absent.map(([, name]) => name).join(", ")}` : undefined;
};

export interface X86Machine {
  /** Words of QEMU beside the machine itself. */
  words: string[];
  /** No network card: the firmware does not try to boot from it first. */
  offline?: true;
  methods: object;
  constants: object;
}

/** Writes a device file, and the power switch that it names. `tftp` is the folder that QEMU hands out itself. */
export function writeX86Device(folder: string, name: string, tftp: string, machine: X86Machine): string {
  const socket = join(folder, `${name}.monitor`);
  const power = join(folder, `${name}-power`);
  writeFileSync(
    power,
    `#!/bin/sh\nuntil printf 'system_reset\\ncont\\n' | socat -t 1 - UNIX-CONNECT:${socket} >/dev/null 2>&1; do sleep 0.1; done\n`,
    { mode: 0o755 },
  );
  mkdirSync(tftp, { recursive: true });
  const qemu = [
    ...[
      "qemu-system-x86_64",
      "-M",
      "q35",
      "-accel",
      "tcg",
      "-cpu",
      "qemu64",
      "-m",
      "384",
      "-nodefaults",
      "-nographic",
      "-S",
    ],
    ...["-serial", "stdio", "-monitor", `unix:${socket},server=on,wait=off`],
    ...["-nic", machine.offline ? "none" : `user,model=virtio-net-pci,tftp=${tftp}`],
    ...machine.words,
  ];
  const file = join(folder, `${name}.yaml`);
  writeFileSync(
    file,
    stringify({
      hostname: name,
      constants: {
        failure_retry: 1,
        boot_retry: null,
        "kernel-start-message": "Linux version [0-9]",
        "default-shell-prompt": "lava-test: # ",
        posix: { lava_test_sh_cmd: "/bin/sh", lava_test_results_dir: "/lava-%s", lava_test_shell_file: "~/.bashrc" },
        ...machine.constants,
      },
      commands: { connect: qemu.join(" "), hard_reset: power },
      // SeaBIOS and iPXE read their serial line by polling: a fast sender is not heard in full.
      character_delays: { boot: 20 },
      parameters: {},
      actions: {
        deploy: { connections: {}, methods: { tftp: null } },
        boot: { connections: { serial: null }, methods: machine.methods },
      },
      timeouts: { actions: {}, connections: {} },
    }),
  );
  return file;
}

/** A job that boots kernel and ramdisk of `.images/amd64` over TFTP and runs one test. */
export function writeX86Job(folder: string, name: string, boot: object): string {
  const file = join(folder, `${name}-job.yaml`);
  writeFileSync(
    file,
    stringify({
      device_type: "x86",
      job_name: name,
      visibility: "public",
      timeouts: { job: { minutes: 8 }, action: { minutes: 3 }, connection: { minutes: 2 } },
      actions: [
        {
          deploy: {
            to: "tftp",
            os: "oe",
            kernel: { url: `file://${inRoot(".images/amd64/kernel")}` },
            ramdisk: { url: `file://${inRoot(".images/amd64/initrd.cpio.gz")}`, compression: "gz" },
          },
        },
        {
          boot: {
            auto_login: { login_prompt: "board login:", username: "root" },
            prompts: ["root@board:/root#"],
            ...boot,
          },
        },
        {
          test: {
            definitions: [
              {
                from: "inline",
                name: "booted",
                path: "booted.yaml",
                repository: {
                  metadata: { format: "Lava-Test Test Definition 1.0", name: "booted" },
                  run: { steps: ["lava-test-case how --shell grep -q started_by=test /proc/cmdline"] },
                },
              },
            ],
          },
        },
      ],
    }),
  );
  return file;
}

/** Words of QEMU for a UEFI firmware with a disk made of a folder. */
export function uefiWords(folder: string, name: string, disk: string): string[] {
  const variables = join(folder, `${name}.vars`);
  copyFileSync(OVMF.replace("CODE", "VARS"), variables);
  return [
    ...["-drive", `if=pflash,format=raw,unit=0,readonly=on,file=${OVMF}`],
    ...["-drive", `if=pflash,format=raw,unit=1,file=${variables}`],
    ...["-drive", `format=raw,file=fat:rw:${disk},if=virtio`],
  ];
}

/** Makes the folder of a boot disk on which GRUB waits in its menu. */
export function makeGrubDisk(folder: string): string {
  const disk = join(folder, "grub");
  const config = join(folder, "grub.cfg");
  mkdirSync(join(disk, "EFI/BOOT"), { recursive: true });
  writeFileSync(
    config,
    // The firmware's console is the serial line already; a driver of GRUB's own would share the port with it.
    "set timeout=20\nmenuentry 'wait' { sleep 1000 }\n",
  );
  execFileSync("grub-mkstandalone", [
    ...["-O", "x86_64-efi", "-o", join(disk, "EFI/BOOT/BOOTX64.EFI")],
    ...["--modules=net efinet tftp linux normal serial terminal", "--locales=", "--fonts="],
    `boot/grub/grub.cfg=${config}`,
  ]);
  return disk;
}
