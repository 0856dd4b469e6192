/** An image that the running system writes to a disk of its own, and the system that then boots from that disk. */
import { copyFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { diskImage, guestFile, noGuest, rootTree } from "../support/guest-images.js";
import { inlineTest } from "../support/inline-test.js";
import { boardWords, type RealBoard, startRealBoard } from "../support/real-board.js";
import { runCli, runWords } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole, verdicts } from "../support/run-outputs.js";
import { makeWorkspace, removeWorkspace } from "../support/workspace.js";

const why = noGuest("arm64");
if (why) console.warn(`removable-media: skipped: ${why}`);

/** The disk's serial number, and its name in the guest. */
const SERIAL = "stick-1";
const BY_ID = `virtio-${SERIAL}`;
const KERNEL_LINE = "console=ttyAMA0,115200 root=/dev/vda1";
const EXTLINUX = `default only\nlabel only\n  kernel /boot/kernel\n  initrd /boot/initrd\n  append ${KERNEL_LINE} started_by=extlinux\n`;
/** The password is "lava". */
const PASSWD = "root:$1$lavalava$8Re3ytyNrP4AAE7T4PUnS/:0:0:root:/root:/bin/sh\n";

describe.skipIf(why !== undefined)("the U-Boot board with a disk", () => {
  const folder = makeWorkspace();
  let board: RealBoard;
  let image: string;

  beforeAll(async () => {
    const tree = rootTree(folder, "arm64", { "etc/passwd": PASSWD, "boot/extlinux/extlinux.conf": EXTLINUX });
    copyFileSync(guestFile("arm64", "kernel"), join(tree, "boot/kernel"));
    copyFileSync(guestFile("arm64", "initrd.cpio.gz"), join(tree, "boot/initrd"));
    image = diskImage(tree, join(folder, "image"), 48);
    const disk = join(folder, "disk");
    writeFileSync(disk, "");
    truncateSync(disk, 64 * 2 ** 20);
    const load = "load virtio 0:{ROOT_PART}";
    board = await startRealBoard({
      folder,
      name: "board",
      words: [
        "-drive",
        `if=none,id=disk,format=raw,file=${disk}`,
        "-device",
        `virtio-blk-pci,drive=disk,serial=${SERIAL}`,
      ],
      changes: {
        parameters: { media: { sata: { stick: { uuid: BY_ID, device_id: 0, boot_part: 1 } } } },
        actions: {
          boot: {
            methods: {
              "u-boot": {
                sata: {
                  commands: [
                    "virtio scan",
                    `${load} {KERNEL_ADDR} {KERNEL}`,
                    `${load} {RAMDISK_ADDR} {RAMDISK}`,
                    `setenv initrd_size \${filesize}`,
                    `fdt addr \${fdtcontroladdr}`,
                    `fdt move \${fdtcontroladdr} {DTB_ADDR} 0x100000`,
                    "setenv bootargs 'console=ttyAMA0,115200 root={ROOT} started_by=commands'",
                    "{BOOTX}",
                  ],
                },
              },
            },
          },
        },
      },
    });
  });
  afterAll(async () => {
    await board.destroy();
    removeWorkspace(folder);
  });

  let runs = 0;
  async function run(actions: object[]) {
    const job = join(folder, `job-${++runs}.yaml`);
    const head = { device_type: "qemu-arm64-uboot", job_name: "removable", visibility: "public" };
    const timeouts = { job: { minutes: 6 }, action: { minutes: 1 } };
    writeFileSync(job, stringify({ ...head, timeouts, actions }));
    const output = join(folder, `out-${runs}`);
    const words = runWords(board.device, output, `810${runs}`);
    const { code } = await runCli([...words, ...boardWords(board), job]);
    return { code, report: expectCompleteOutputs(output), console: readConsole(output), output };
  }
  const password = {
    auto_login: { login_prompt: "board login:", username: "root", password_prompt: "Password:", password: "lava" },
    prompts: ["root@board:(/root|~)#"],
  };
  const writer = (changes: object = {}) => [
    {
      deploy: {
        namespace: "first",
        to: "tftp",
        os: "oe",
        kernel: { url: `file://${guestFile("arm64", "kernel")}`, type: "image" },
        ramdisk: { url: `file://${guestFile("arm64", "initrd.cpio.gz")}`, compression: "gz" },
      },
    },
    {
      boot: {
        namespace: "first",
        method: "u-boot",
        commands: "ramdisk",
        auto_login: { login_prompt: "board login:", username: "root" },
        prompts: ["root@board:/root#"],
      },
    },
    {
      deploy: {
        namespace: "second",
        "connection-namespace": "first",
        to: "sata",
        os: "oe",
        device: "stick",
        image: { url: `file://${image}`, root_partition: 0 },
        download: { tool: "/usr/bin/wget", options: "-O - {DOWNLOAD_URL}", prompt: "writing to stdout" },
        ...changes,
      },
    },
  ];

  test("the image is fetched and written, U-Boot loads from the disk, the tests lie on it", async () => {
    const { code, report, console, output } = await run([
      ...writer(),
      {
        boot: {
          namespace: "second",
          "connection-namespace": "first",
          method: "u-boot",
          commands: "sata",
          kernel: "/boot/kernel",
          ramdisk: "/boot/initrd",
          kernel_type: "image",
          root_uuid: "/dev/vda1",
          boot_part: 1,
          ...password,
        },
      },
      (({ test }) => ({ test: { namespace: "second", ...test } }))(
        inlineTest(
          "disk",
          "lava-test-case root --shell grep -q '^/dev/vda1 / ext4' /proc/mounts",
          "lava-test-case how --shell grep -q started_by=commands /proc/cmdline",
        ),
      ),
    ]);
    expect({ code, error: report.verdict.error }).toEqual({ code: 0, error: undefined });
    expect(verdicts(report, "0_disk")).toEqual({ root: "pass", how: "pass" });
    expect(console).toContain(`dd of='/dev/disk/by-id/${BY_ID}'`);
    expect(console).toMatch(/Password:[\s\S]*root@board:/);
    // Two namespaces share the console; a replay shares it alike.
    expect(await runCli(["replay", output])).toMatchObject({ code: 0, stdout: expect.stringContaining("2 pass") });
  });

  test("boot method minimal: the board starts by itself what is on its disk now; the overlay comes over HTTP", async () => {
    const { code, report, console } = await run([
      { deploy: { to: "overlay", os: "oe" } },
      {
        boot: {
          method: "minimal",
          ...password,
          transfer_overlay: { download_command: "wget", unpack_command: "tar -C / -xzf" },
        },
      },
      inlineTest("itself", "lava-test-case how --shell grep -q started_by=extlinux /proc/cmdline"),
    ]);
    expect({ code, error: report.verdict.error }).toEqual({ code: 0, error: undefined });
    expect(verdicts(report, "0_itself")).toEqual({ how: "pass" });
    expect(console).toContain("Found /boot/extlinux/extlinux.conf");
  });

  test("a wrong password is refused by the guest itself, and the error says so", async () => {
    const { code, report } = await run([
      { boot: { method: "minimal", ...password, auto_login: { ...password.auto_login, password: "wrong" } } },
    ]);
    expect({ code, error: report.verdict.error }).toMatchObject({
      code: 2,
      error: { class: "JobError", action: "login-action", message: "Login incorrect" },
    });
  });

  test("a disk that the board does not have is an InfrastructureError, and nothing is written", async () => {
    await board.destroy();
    board = await startRealBoard({
      folder,
      name: "diskless",
      changes: { parameters: { media: { sata: { stick: { uuid: BY_ID, device_id: 0 } } } } },
    });
    const { code, report, console } = await run(writer());
    expect({ code, error: report.verdict.error }).toMatchObject({
      code: 3,
      error: {
        class: "InfrastructureError",
        action: "dd-image",
        message: `the board has no disk /dev/disk/by-id/${BY_ID}`,
      },
    });
    expect(console).not.toContain("wget -O");
  });
});
