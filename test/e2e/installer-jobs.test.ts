/**
 * Debian's own installer, from an ISO image that a packaging tool made, up to its first question; and a small installer of
 * the test's own that goes all the way: it takes its answers over TFTP, writes a system to the disk and powers off.
 */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { diskImage, guestFile, initrdWithTools, noGuest, rootTree } from "../support/guest-images.js";
import { inlineTest } from "../support/inline-test.js";
import { runCli, runWords } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole, readLog, verdicts } from "../support/run-outputs.js";
import { inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";

const DEVICE = inRoot("device-configs/devices/qemu-x86_64.yaml");
const INSTALLER = inRoot(".images/installer");
const why = !existsSync(INSTALLER)
  ? "Debian's installer is not there (npm run setup)"
  : existsSync("/usr/bin/xorriso")
    ? undefined
    : "not installed: xorriso";
if (why) console.warn(`installer-jobs: skipped: ${why}`);

const folder = makeWorkspace();
afterAll(() => removeWorkspace(folder));

/** A medium as Debian makes it: Rock Ridge and Joliet names, kernel and ramdisk in install.amd. */
function makeIso(): string {
  const tree = join(folder, "tree");
  mkdirSync(join(tree, "install.amd"), { recursive: true });
  copyFileSync(join(INSTALLER, "linux"), join(tree, "install.amd/vmlinuz"));
  copyFileSync(join(INSTALLER, "initrd.gz"), join(tree, "install.amd/initrd.gz"));
  const iso = join(folder, "debian.iso");
  execFileSync("xorriso", ["-as", "mkisofs", "-quiet", "-r", "-J", "-o", iso, tree], { stdio: "ignore" });
  return iso;
}

interface Installation {
  device: string;
  iso: { url: string; image_arg?: string };
  preseed: string;
  memory: number;
  boot: object;
  steps: string[];
}

const LOGIN = { auto_login: { login_prompt: "login:", username: "root" }, prompts: ["root@board:/root#"] };

/** Runs an installer's job; its TFTP root is QEMU's own. */
async function install(name: string, { device, iso, preseed: answers, memory, boot, steps }: Installation) {
  const tftp = join(folder, `${name}-tftp`);
  mkdirSync(tftp);
  const preseed = join(folder, `${name}.cfg`);
  writeFileSync(preseed, answers);
  const job = join(folder, `${name}.yaml`);
  writeFileSync(
    job,
    stringify({
      device_type: "qemu",
      job_name: name,
      visibility: "public",
      context: { arch: "amd64", memory, netdevice: `user,tftp=${tftp}` },
      timeouts: { job: { minutes: 6 }, action: { minutes: 4 } },
      actions: [
        {
          deploy: {
            to: "iso-installer",
            os: "debian_installer",
            images: { iso, preseed: { url: `file://${preseed}` } },
            iso: { kernel: "/install.amd/vmlinuz", initrd: "/install.amd/initrd.gz", installation_size: "1G" },
          },
        },
        { boot: { method: "qemu-iso", media: "img", ...boot } },
        inlineTest("installed", ...steps),
      ],
    }),
  );
  const output = join(folder, name);
  const { code } = await runCli([
    ...runWords(device, output, "8401"),
    ...["--dispatcher", inRoot("device-configs/dispatcher-emulated.yaml"), "--tftp-root", tftp, job],
  ]);
  const report = expectCompleteOutputs(output);
  return {
    code,
    report,
    error: report.verdict.error,
    console: readConsole(output),
    log: readLog(output).map(({ msg }) => String(msg)),
  };
}

test.skipIf(why !== undefined)("it starts from the medium, and its question is the job's error, at once", async () => {
  const { code, error, console, log } = await install("real", {
    device: DEVICE,
    iso: { url: `file://${makeIso()}` },
    preseed: "d-i debian-installer/locale string en_US\n",
    // So little that the installer asks before anything else.
    memory: 640,
    boot: LOGIN,
    steps: ["true"],
  });
  expect({ code, error }).toMatchObject({
    code: 2,
    error: {
      class: "JobError",
      action: "monitor-installer-connection",
      message: expect.stringMatching(/^The installer stopped at 'Low memory': \[Press enter to continue\]/),
    },
  });
  expect(console).toMatch(
    /Command line: auto=true install .*console=ttyS0,115200 preseed\/url=tftp:\/\/10\.0\.2\.2\/8401\//,
  );
  expect(console).toContain("Entering low memory mode");
  // Kernel and ramdisk came whole out of the image.
  for (const [name, file] of [
    ["vmlinuz", "linux"],
    ["initrd.gz", "initrd.gz"],
  ] as const)
    expect(log).toContain(`copying /install.amd/${name} (${statSync(join(INSTALLER, file)).size} bytes)`);
});

test.skipIf(why !== undefined)(
  "a question in the middle of an installation (told by a stand-in for QEMU)",
  async () => {
    const tree = join(folder, "small/install.amd");
    mkdirSync(tree, { recursive: true });
    for (const name of ["vmlinuz", "initrd.gz"]) writeFileSync(join(tree, name), name);
    const iso = join(folder, "small.iso");
    execFileSync("xorriso", ["-as", "mkisofs", "-quiet", "-r", "-o", iso, join(tree, "..")], { stdio: "ignore" });
    const emulator = join(folder, "emulator");
    const question =
      "Mirror country\\r\\n--------------\\r\\n\\r\\n  1: Austria\\r\\nPrompt: '?' for help, default=1> ";
    writeFileSync(emulator, `#!/bin/sh\n[ "$1" = --version ] || { printf "${question}"; exec sleep 600; }\n`, {
      mode: 0o755,
    });
    const device = join(folder, "device.yaml");
    writeFileSync(device, stringify({ extends: "qemu", qemu_command: emulator }));
    const asked = { device, iso: { url: `file://${iso}` }, preseed: "", memory: 64, boot: LOGIN, steps: ["true"] };
    expect(await install("asked", asked)).toMatchObject({
      code: 2,
      error: {
        class: "JobError",
        action: "monitor-installer-connection",
        message: expect.stringMatching(
          /^The installer asks what nobody answers, at 'Mirror country': Prompt: '\?' for help/,
        ),
      },
    });
  },
);

/** Sourced by the guest's /init instead of its own: the medium is the second disk. */
const SMALL_INSTALLER = `
value_of() { for word in $(cat /proc/cmdline); do case $word in "$1="*) echo "\${word#*=}" ;; esac; done; }
fail() { echo "ERROR: $1"; sleep 600; }
ip link set eth0 up
udhcpc -q -n -t 20 -T 1 -i eth0 -s /etc/udhcpc.sh
url=$(value_of preseed/url)
url=\${url#tftp://}
tftp -g -l /tmp/answers -r "\${url#*/}" "\${url%%/*}" || fail "Failed to retrieve the preconfiguration file"
target=$(sed -n 's/^d-i partman-auto.disk string //p' /tmp/answers)
modprobe isofs
mount -t iso9660 /dev/vdb /mnt && dd if=/mnt/system.img of="$target" bs=1M && sync || fail "Installation step failed"
poweroff -f
`;
const GRUB = "/usr/lib/grub/i386-pc/boot.img";
const whyNotWhole = why ?? noGuest("amd64") ?? (existsSync(GRUB) ? undefined : "not installed: grub-pc-bin");
if (whyNotWhole && !why) console.warn(`installer-jobs: a whole installation: skipped: ${whyNotWhole}`);

/** A disk with a system on it that a BIOS starts. */
function systemImage(): string {
  const bash = { "bin/bash": '#!/bin/sh\nexec /bin/sh "$@"\n' };
  const tree = rootTree(folder, "amd64", bash);
  chmodSync(join(tree, "bin/bash"), 0o755);
  mkdirSync(join(tree, "boot"));
  copyFileSync(guestFile("amd64", "kernel"), join(tree, "boot/kernel"));
  copyFileSync(guestFile("amd64", "initrd.cpio.gz"), join(tree, "boot/initrd"));
  const image = diskImage(tree, join(folder, "system.img"), 40);
  const commands = join(folder, "grub.cfg");
  const core = join(folder, "core.img");
  writeFileSync(
    commands,
    "set root=(hd0,msdos1)\nlinux /boot/kernel console=ttyS0,115200 root=/dev/vda1 started_by=grub\ninitrd /boot/initrd\nboot\n",
  );
  const modules = ["biosdisk", "part_msdos", "ext2", "linux"];
  execFileSync("grub-mkimage", ["-O", "i386-pc", "-p", "/boot", "-c", commands, "-o", core, ...modules]);
  // The boot sector loads what follows it; the partition table at its end stays.
  const disk = openSync(image, "r+");
  writeSync(disk, readFileSync(GRUB), 0, 440, 0);
  writeSync(disk, readFileSync(core), 0, undefined, 512);
  closeSync(disk);
  return image;
}

test.skipIf(whyNotWhole !== undefined)(
  "a whole installation: answers over TFTP, a system on the disk, its tests on a second one",
  async () => {
    const tree = join(folder, "whole");
    mkdirSync(join(tree, "install.amd"), { recursive: true });
    copyFileSync(systemImage(), join(tree, "system.img"));
    copyFileSync(guestFile("amd64", "kernel"), join(tree, "install.amd/vmlinuz"));
    const extra = join(folder, "extra");
    mkdirSync(join(extra, "etc"), { recursive: true });
    writeFileSync(join(extra, "etc/mount-root"), SMALL_INSTALLER);
    const archive = execFileSync("cpio", ["-o", "-H", "newc", "--quiet"], { cwd: extra, input: "etc/mount-root\n" });
    writeFileSync(
      join(tree, "install.amd/initrd.gz"),
      Buffer.concat([readFileSync(initrdWithTools(folder, "amd64")), gzipSync(archive)]),
    );
    const iso = join(folder, "whole.iso");
    execFileSync("xorriso", ["-as", "mkisofs", "-quiet", "-r", "-J", "-o", iso, tree], { stdio: "ignore" });
    const { code, error, report, console } = await install("installed", {
      device: DEVICE,
      iso: { url: `file://${iso}`, image_arg: "-drive format=raw,file={iso},if=virtio,readonly=on" },
      preseed: "d-i partman-auto/disk string /dev/vda\n",
      memory: 256,
      boot: LOGIN,
      steps: [
        "lava-test-case root --shell grep -q '^/dev/vda1 / ext4' /proc/mounts",
        "lava-test-case how --shell grep -q started_by=grub /proc/cmdline",
        "lava-test-case tests --shell grep -q '/by-uuid/.* /lava-8401 ext2' /proc/mounts",
      ],
    });
    expect({ code, error }).toEqual({ code: 0, error: undefined });
    expect(verdicts(report, "0_installed")).toEqual({ root: "pass", how: "pass", tests: "pass" });
    expect(console).toMatch(/preseed\/url=tftp:[\s\S]*reboot: Power down[\s\S]*started_by=grub[\s\S]*board login:/);
  },
);
