// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are U-Boot's own variables
/** Placeholders of bootloader commands (spec runtime.md §7). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonMap } from "../../src/base/json.js";
import { bootloaderSubstitute } from "../../src/services/bootloader-substitute.js";
import { type TestContext, testContext } from "./service-context.js";

let context: TestContext;
beforeEach(() => {
  context = testContext({ jobId: "1001", dispatcher: { dispatcher_ip: "10.0.2.2" } });
});
afterEach(() => context.cleanup());

const ADDRESSES = {
  kernel: "0x40400000",
  ramdisk: "0x44000000",
  dtb: "0x43000000",
  tee: "0x83000000",
  dtbo: "0x93c00000",
};
/** The state of a TFTP deployment of kernel, ramdisk and dtb. */
const DEPLOYED: JsonMap = {
  tftp: { directory: "/tftp/1001/tftp-deploy", suffix: "1001/tftp-deploy" },
  downloads: {
    kernel: { name: "1001/tftp-deploy/kernel/Image" },
    ramdisk: { name: "1001/tftp-deploy/ramdisk/initrd.cpio.gz" },
    dtb: { name: "1001/tftp-deploy/dtb/virt.dtb" },
  },
  kernel: { name: "1001/tftp-deploy/kernel/Image", command: "booti" },
  ramdisk: { name: "1001/tftp-deploy/ramdisk/ramdisk.cpio.gz" },
};
const INPUT: JsonMap = {
  method: "u-boot",
  command: "booti",
  addresses: ADDRESSES,
  add_header: "raw",
  ramdisk_needs_header: true,
};
const fill = async (commands: string[], input: JsonMap = {}, data: JsonMap = {}) => {
  context.data = { ...DEPLOYED, ...data };
  const result = await context.use(bootloaderSubstitute, { ...INPUT, commands, ...input });
  return {
    ...(context.data.bootloader as { commands: string[]; substitutions: { [key: string]: string } }),
    extra: result?.extra,
  };
};

describe("bootloader-substitute", () => {
  it("fills the commands of a U-Boot board; lines without a value are left out", async () => {
    const { commands, extra } = await fill([
      "setenv autoload no",
      "dhcp",
      "setenv serverip {SERVER_IP}",
      "tftp {KERNEL_ADDR} {KERNEL}",
      "tftp {RAMDISK_ADDR} {RAMDISK}",
      "tftp {TEE_ADDR} {TEE}",
      "setenv initrd_size ${filesize}",
      "tftp {DTB_ADDR} {DTB}",
      "setenv bootargs 'console=ttyAMA0,115200n8 root=/dev/ram0  '",
      "{BOOTX}",
    ]);
    expect(commands).toEqual([
      "setenv autoload no",
      "dhcp",
      "setenv serverip 10.0.2.2",
      "tftp 0x40400000 1001/tftp-deploy/kernel/Image",
      "tftp 0x44000000 1001/tftp-deploy/ramdisk/ramdisk.cpio.gz",
      "setenv initrd_size ${filesize}",
      "tftp 0x43000000 1001/tftp-deploy/dtb/virt.dtb",
      "setenv bootargs 'console=ttyAMA0,115200n8 root=/dev/ram0  '",
      "booti 0x40400000 0x44000000:${initrd_size} 0x43000000",
    ]);
    expect(extra).toEqual({
      kernel_addr: "0x40400000",
      dtb_addr: "0x43000000",
      ramdisk_addr: "0x44000000",
      tee_addr: "0x83000000",
    });
  });

  it("logs every placeholder in LAVA's order, and the commands", async () => {
    await fill(["{BOOTX}"]);
    const names = context.log.lines.flatMap(({ message }) => /^- (\{[A-Z_]+\}):/.exec(String(message))?.[1] ?? []);
    expect(names.slice(0, 22)).toEqual(
      (
        "{SERVER_IP} {PRESEED_CONFIG} {PRESEED_LOCAL} {DTB} {RAMDISK} {INITRD} {KERNEL} {LAVA_MAC} {TEE} {DTB_BASE_ADDR} {DTB_BASE_RESIZE} " +
        "{LAVA_DISPATCHER_IP} {LAVA_JOB_ID} {BOOTX} {KERNEL_ADDR} {DTB_ADDR} {RAMDISK_ADDR} {TEE_ADDR} {DTBO_ADDR} {ROOT} {ROOT_PART} {NFSROOTFS}"
      ).split(" "),
    );
    expect(context.log.text()).toContain("debug - {TEE}: None");
    expect(context.log.text()).toContain("info Parsed boot commands:\ninfo - booti 0x40400000");
  });

  it.each<[string, JsonMap, JsonMap, string]>([
    ["no ramdisk", {}, { ramdisk: {}, downloads: { kernel: { name: "k" } } }, "booti 0x40400000 - 0x43000000"],
    ["a header that U-Boot wants", { add_header: "u-boot" }, {}, "booti 0x40400000 0x44000000 0x43000000"],
    ["no header where one is needed", { add_header: null }, {}, "booti 0x40400000 - 0x43000000"],
    [
      "no header where none is needed",
      { add_header: null, ramdisk_needs_header: false },
      {},
      "booti 0x40400000 0x44000000 0x43000000",
    ],
    [
      "an initrd",
      { add_header: "u-boot" },
      { ramdisk: {}, downloads: { initrd: { name: "initrd" } } },
      "booti 0x40400000 0x44000000:${initrd_size} 0x43000000",
    ],
    ["a tee", {}, { downloads: { tee: { name: "tee" } } }, "booti 0x83000000 0x44000000:${initrd_size} 0x43000000"],
  ])("gives {BOOTX} for %s", async (_, input, data, expected) => {
    expect((await fill(["{BOOTX}"], input, data)).commands).toEqual([expected]);
  });

  it("leaves out what needs a boot command when the kernel's type is not known", async () => {
    const { commands, extra } = await fill(
      ["tftp {KERNEL_ADDR} {KERNEL}", "{BOOTX}", "boot"],
      { command: null },
      { kernel: {} },
    );
    expect(commands).toEqual(["boot"]);
    expect(extra).toEqual({});
  });

  it("repeats the device's commands for each device tree overlay", async () => {
    const commands = ["fdt addr {DTB_BASE_ADDR}", "fdt resize {DTB_BASE_RESIZE}", "{APPLY_DTBO_COMMANDS}", "boot"];
    const apply = {
      apply_dtbo_commands: ["tftp {DTBO_ADDR} {DTBO}", "fdt apply {DTBO_ADDR}"],
      dtb_base_resize: 1048576,
    };
    const downloads = { dtbo0: { name: "a.dtbo" }, dtbo1: { name: "b.dtbo" } };
    expect((await fill(commands, apply, { downloads })).commands).toEqual([
      "fdt addr 0x43000000",
      "fdt resize 1048576",
      "tftp 0x93c00000 a.dtbo",
      "fdt apply 0x93c00000",
      "tftp 0x93c00000 b.dtbo",
      "fdt apply 0x93c00000",
      "boot",
    ]);
    expect((await fill(commands, apply)).commands).toEqual(["boot"]);
  });

  it("knows every other placeholder", async () => {
    const line =
      "{LAVA_DISPATCHER_IP} {LAVA_JOB_ID} {PRESEED_CONFIG} {PRESEED_LOCAL} {INITRD} {LAVA_MAC} {NFSROOTFS} {NFS_SERVER_IP} {NBDSERVERIP} {NBDSERVERPORT} {ROOT} {ROOT_PART} {EXTRA_FILES_DIR} {CMDLINE}";
    const { commands } = await fill(
      [line],
      { lava_mac: "00:11:22:33:44:55", substitutions: { "{CMDLINE}": "1001/cmdline" } },
      {
        ramdisk: { name: "r", preseed_local: "preseed.cfg" },
        downloads: { preseed: { name: "p" }, initrd: { name: "i" } },
        nfs: { root: "/nfs", server: "10.0.2.3" },
        nbd: { server_ip: "10.0.2.4", server_port: 10809 },
        media: { root: "UUID", boot_part: 1 },
      },
    );
    expect(commands).toEqual([
      "10.0.2.2 1001 p preseed.cfg i 00:11:22:33:44:55 /nfs 10.0.2.3 10.0.2.4 10809 UUID 1 1001/tftp-deploy/extra_files 1001/cmdline",
    ]);
  });

  it("takes files on secondary media where nothing was downloaded", async () => {
    const media = { kernel: "/boot/vmlinuz", ramdisk: "/boot/initrd", dtb: "/boot/dtb" };
    const { commands } = await fill(
      ["load {KERNEL} {RAMDISK} {DTB}"],
      {},
      { downloads: {}, kernel: {}, ramdisk: {}, media },
    );
    expect(commands).toEqual(["load /boot/vmlinuz /boot/initrd /boot/dtb"]);
  });

  it("has each protocol's own address of the dispatcher", async () => {
    context.dispatcher = { dispatcher_ip: "10.0.2.2", dispatcher_tftp_ip: "10.0.2.9" };
    expect((await fill(["{SERVER_IP} {LAVA_DISPATCHER_IP}"])).commands).toEqual(["10.0.2.9 10.0.2.2"]);
  });

  it("replaces plain text only: a value with $& stays as it is", async () => {
    const data = { downloads: { dtb: { name: "$&-{KERNEL}" } } };
    expect((await fill(["x {DTB}"], {}, data)).commands).toEqual(["x $&-1001/tftp-deploy/kernel/Image"]);
  });

  it("writes a script for iPXE instead of typing the commands", async () => {
    const { commands } = await fill(["kernel tftp://{SERVER_IP}/{KERNEL}", "boot"], { use_bootscript: true });
    expect(commands).toEqual(["dhcp net0", "chain tftp://10.0.2.2/1001/tftp-deploy/kernel/script.ipxe"]);
    expect(readFileSync(join(context.paths.tftpRoot, "1001/tftp-deploy/kernel/script.ipxe"), "utf8")).toBe(
      "#!ipxe\nkernel tftp://10.0.2.2/1001/tftp-deploy/kernel/Image\nboot\n",
    );
  });

  it("looks a set of commands up by its name, and says which there are", async () => {
    context.device = {
      actions: { boot: { methods: { grub: { parameters: {}, nfs: { commands: ["boot {KERNEL}"] } } } } },
    };
    context.data = DEPLOYED;
    await context.use(bootloaderSubstitute, { method: "grub", commands: "nfs" });
    expect(context.data.bootloader).toMatchObject({ commands: ["boot 1001/tftp-deploy/kernel/Image"] });
    const [error] = await bootloaderSubstitute.validate!({ method: "grub", commands: "ramdisk" }, context);
    expect(error).toMatchObject({ name: "JobError", message: /'ramdisk'/, advice: "It has: nfs." });
    expect(await bootloaderSubstitute.validate!({ lava_mac: "nonsense" }, context)).toMatchObject([
      { name: "ConfigurationError" },
    ]);
  });
});
