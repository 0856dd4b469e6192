import { readdirSync } from "node:fs";
import { expect, describe as group, test } from "vitest";
import type { JsonMap } from "../../src/base/json.js";
import type { ActionNode } from "../../src/pipeline/action-tree.js";
import { expectGolden, shown } from "../definition/golden-problems.js";
import { projectMachines } from "../strategies/machine-files.js";
import { build } from "./pipelines.js";

const url = (name: string, more: JsonMap = {}): JsonMap => ({ url: `http://files.example/${name}`, ...more });

const TEST = {
  test: {
    definitions: [
      { from: "inline", name: "smoke", path: "inline/smoke.yaml", repository: { run: { steps: ["true"] } } },
    ],
  },
};

/** A device that has the deploy methods given, and everything that one of them may ask of it. */
const deviceOf = (methods: JsonMap, more: JsonMap = {}): JsonMap => ({
  constants: { failure_retry: 2, boot_retry: null, "u-boot": { "interrupt-prompt": "stop" } },
  commands: { connect: "telnet 127.0.0.1 7001", hard_reset: "power cycle" },
  actions: {
    deploy: { methods, connections: { serial: null, fastboot: null } },
    boot: { methods: { "u-boot": { parameters: { bootloader_prompt: "=>" } } }, connections: { serial: null } },
  },
  timeouts: { actions: { "download-retry": { minutes: 15 }, "dd-image": { minutes: 10 } }, connections: {} },
  ...more,
});

const FASTBOOT: JsonMap = { adb_serial_number: "a1", fastboot_serial_number: "f1", fastboot_options: ["-i", "0x1"] };
const soft = (device: JsonMap): JsonMap => ({ ...device, commands: { connect: "telnet 127.0.0.1 7001" } });

interface Case {
  device: JsonMap;
  blocks: JsonMap[];
  /** Without a test in the namespace. */
  bare?: boolean;
}

const overlays = { format: "ext4", overlays: { lava: true, extra: url("x.tar", { format: "tar", path: "/opt" }) } };
const VEMSD = {
  parameters: {
    mcc_prompt: "Cmd>",
    autorun_prompt: "Press Enter",
    msd_mount_cmd: "usb_on",
    flash_prompt: "Flash>",
    flash_enter_cmd: "flash",
    flash_erase_cmd: "eraseall",
    flash_erase_msg: "Erasing",
    flash_exit_cmd: "exit",
  },
};
const BOOT_MEDIUM = { sd: { boot: { uuid: "mmc-0", bootloader: true } } };
const media = { media: { usb: { stick: { uuid: "usb-Stick_1-0:0", device_id: 0 } }, sd: { card: { uuid: "mmc-1" } } } };

const CASES: { [name: string]: Case } = {
  nfs: {
    device: deviceOf({ nfs: null }),
    blocks: [{ to: "nfs", os: "debian", nfsrootfs: url("r"), modules: url("m") }],
  },
  "nfs-bare": { device: deviceOf({ nfs: null }), blocks: [{ to: "nfs", nfsrootfs: url("r") }], bare: true },
  "persistent-nfs": {
    device: deviceOf({ tftp: null }),
    blocks: [{ to: "tftp", os: "debian", kernel: url("k"), persistent_nfs: { address: "10.0.0.1:/srv" } }],
  },
  "qemu-nfs": {
    device: {
      ...deviceOf({ nfs: null, image: null }),
      actions: { deploy: { methods: { nfs: null, image: null } }, boot: { methods: { "qemu-nfs": null } } },
    },
    blocks: [{ to: "nfs", os: "debian", images: { nfsrootfs: url("r"), kernel: url("k") }, uefi: url("u") }],
  },
  nbd: {
    device: deviceOf({ nbd: null, ssh: {} }),
    blocks: [
      {
        to: "nbd",
        os: "oe",
        failure_retry: 3,
        kernel: url("k", { type: "zimage" }),
        initrd: url("i"),
        nbdroot: url("r"),
        dtb: url("d"),
      },
    ],
  },
  "iso-installer": {
    device: deviceOf({ image: null }),
    blocks: [
      {
        to: "iso-installer",
        os: "debian_installer",
        images: { iso: url("cd.iso"), preseed: url("p") },
        iso: { installation_size: "2G" },
      },
    ],
  },
  usb: {
    device: deviceOf({ usb: null }, { parameters: media }),
    blocks: [
      {
        to: "usb",
        os: "debian",
        device: "stick",
        image: url("i", { root_partition: 1 }),
        download: { tool: "/bin/wget" },
      },
    ],
  },
  "sd-images": {
    device: deviceOf({ usb: null }, { parameters: media }),
    blocks: [
      {
        to: "sd",
        device: "card",
        images: { image: url("i", { "apply-overlay": true }), bmap: url("b") },
        writer: { tool: "/bin/bmaptool" },
      },
    ],
  },
  ssh: { device: deviceOf({ ssh: { host: "" } }), blocks: [{ to: "ssh", os: "debian" }] },
  fastboot: {
    device: deviceOf({ fastboot: null }, { ...FASTBOOT, flash_cmds_order: ["boot", "system"] }),
    blocks: [
      {
        to: "fastboot",
        os: "debian",
        images: {
          zzz: url("z"),
          system: url("s", { "apply-overlay": true, reboot: "fastboot-reboot" }),
          rootfs: url("r", { "apply-overlay": true, sparse: false, reboot: "fastboot-reboot-bootloader" }),
          boot: url("b", { reboot: "hard-reset" }),
          super: url("u", { reboot: "fastboot-reboot-fastboot" }),
        },
      },
    ],
  },
  "fastboot-by-adb": {
    device: soft(deviceOf({ fastboot: null }, FASTBOOT)),
    blocks: [{ to: "fastboot", images: { boot: url("b", overlays) } }],
    bare: true,
  },
  "fastboot-via-u-boot": {
    device: deviceOf(
      { fastboot: null, "u-boot": { parameters: { bootloader_prompt: "=>", fastboot: { commands: ["fastboot 0"] } } } },
      { ...FASTBOOT, fastboot_via_uboot: true },
    ),
    blocks: [{ to: "fastboot", failure_retry: 3, images: { boot: url("b") } }],
    bare: true,
  },
  "fastboot-detected-once": {
    device: deviceOf(
      { fastboot: null },
      { fastboot_auto_detection: true, fastboot_serial_number: "0000000000", fastboot_options: [] },
    ),
    blocks: [
      { to: "fastboot", images: { boot: url("b") } },
      { to: "fastboot", images: { system: url("s") } },
    ],
    bare: true,
  },
  flasher: {
    device: deviceOf({ flasher: { commands: ["flash {KERNEL} {DIRECT}"] } }),
    blocks: [{ to: "flasher", os: "oe", images: { kernel: url("k"), direct: url("d", { download: false }) } }],
  },
  vemsd: {
    device: deviceOf({ vemsd: VEMSD }, { usb_filesystem_label: "BOARD" }),
    blocks: [{ to: "vemsd", recovery_image: url("r.zip", { compression: "zip" }) }],
  },
  "vemsd-without-flash": {
    device: deviceOf({ vemsd: { parameters: { mcc_prompt: "Cmd>" } } }, { usb_filesystem_label: "BOARD" }),
    blocks: [{ to: "vemsd", recovery_image: url("r.zip") }],
    bare: true,
  },
  mps: {
    device: deviceOf({ mps: { parameters: { "reboot-string": "x" } } }, { usb_filesystem_label: "MPS" }),
    blocks: [{ to: "mps", images: { test_binary_2: url("b"), recovery_image: url("r.tgz"), test_binary: url("a") } }],
  },
  "mps-hard-reboot": {
    device: deviceOf({ mps: { parameters: { "hard-reboot": true } } }, { usb_filesystem_label: "MPS" }),
    blocks: [{ to: "mps", images: { test_binary: url("a") } }],
    bare: true,
  },
  musca: {
    device: deviceOf({ musca: { id_serial: "usb-MBED_1-0:0" } }, { board_id: "1" }),
    blocks: [{ to: "musca", images: { test_binary: url("a.hex") } }],
  },
  uuu: {
    device: deviceOf({}),
    blocks: [
      {
        to: "uuu",
        images: {
          boot: url("b"),
          root: url("r", { "apply-overlay": true, root_partition: 1 }),
          sparse: url("s", { "apply-overlay": true, sparse: true }),
        },
      },
    ],
  },
  download: { device: deviceOf({}), blocks: [{ to: "download", images: { a: url("a"), b: url("b") } }] },
  "download-by-adb": { device: soft(deviceOf({}, FASTBOOT)), blocks: [{ to: "download", images: { a: url("a") } }] },
  downloads: {
    device: deviceOf({}),
    blocks: [
      { to: "downloads", images: { a: url("a") }, postprocess: { docker: { image: "debian", steps: ["ls"] } } },
      { to: "downloads", images: { again: { url: "downloads://a/x" }, cloud: { url: "rclone://far/x" } } },
    ],
  },
  overlay: { device: deviceOf({ overlay: null, ssh: {} }), blocks: [{ to: "overlay", os: "debian" }] },
  "overlay-bare": { device: deviceOf({ overlay: null }), blocks: [{ to: "overlay" }], bare: true },
  docker: { device: deviceOf({ docker: {} }), blocks: [{ to: "docker", os: "debian", image: "debian:stable" }] },
  recovery: {
    device: deviceOf({ recovery: { commands: { recovery_mode: "in", recovery_exit: "out" }, tags: ["serial"] } }),
    blocks: [{ to: "recovery", images: { mlo: url("mlo") } }],
  },
  qdl: {
    device: deviceOf({ qdl: null }),
    blocks: [{ to: "qdl", os: "debian", qcomflash: url("q.tar.gz", { "apply-overlay": true }) }],
  },
  avh: {
    device: deviceOf({ avh: null }),
    blocks: [
      {
        to: "avh",
        os: "debian",
        failure_retry: 2,
        timeout: { minutes: 30 },
        images: { rootfs: url("r"), kernel: url("k") },
      },
    ],
  },
  "avh-package": {
    device: deviceOf({ avh: null }),
    blocks: [{ to: "avh", os: "debian", fw_package: url("p.zip", { root_partition: 1 }) }],
  },
  fvp: { device: deviceOf({}), blocks: [{ to: "fvp", images: { bl1: url("b"), rootfs: url("r", overlays) } }] },
  "u-boot-ums": {
    device: deviceOf({ "u-boot-ums": null }),
    blocks: [{ to: "u-boot-ums", os: "oe", image: url("i", { root_partition: 1 }) }],
  },
  "usbg-ms": {
    device: deviceOf({ "usbg-ms": { enable: ["show {IMAGE}"], disable: ["hide"] } }),
    blocks: [{ to: "usbg-ms", os: "debian", image: url("i") }],
  },
};

const lines = (nodes: ActionNode[], deep = 0): string[] =>
  nodes.flatMap((node) => [
    `${"  ".repeat(deep)}${node.level} ${node.name} x${node.maxRetries} ${node.timeout.seconds}s${node.url ? ` ${node.url}` : ""}`,
    ...lines(node.children, deep + 1),
  ]);

const pipelineOf = ({ device, blocks, bare }: Case) =>
  build(
    {
      timeouts: { job: { hours: 2 }, action: { minutes: 5 } },
      actions: [...blocks.map((block) => ({ deploy: block })), ...(bare ? [] : [TEST])],
    },
    device,
  );

group("the trees of deploy methods", () => {
  test.each(Object.entries(CASES))("%s", (name, given) => {
    const { actions, problems, validation } = pipelineOf(given);
    expect(shown([...problems, ...validation])).toBe("");
    expectGolden(
      `pipeline/deploy/${name}.txt`,
      `${lines(actions.filter(({ section }) => section === "deploy")).join("\n")}\n`,
    );
  });

  test("every strategy that deploys is in a golden tree, and every golden tree belongs to a case", () => {
    const chosen = new Set(
      Object.values(CASES).flatMap((given) => pipelineOf(given).selections.map((each) => each.chosen)),
    );
    const strategies = projectMachines().strategies.filter(({ family }) => family === "deploy");
    expect(strategies.map(({ strategy }) => strategy).filter((strategy) => !chosen.has(strategy))).toEqual([
      "deploy/images",
    ]);
    expect(readdirSync(new URL("../golden/pipeline/deploy/", import.meta.url)).sort()).toEqual(
      Object.keys(CASES)
        .map((name) => `${name}.txt`)
        .sort(),
    );
  });
});

const refused = (device: JsonMap, block: JsonMap): string => {
  const { problems, validation } = pipelineOf({ device, blocks: [block], bare: true });
  return shown([...problems, ...validation]);
};

group("what is refused before anything runs", () => {
  test.each([
    [
      "a medium that the device has not",
      deviceOf({}, { parameters: media }),
      { to: "usb", device: "card", image: url("i") },
      "no medium",
    ],
    [
      "the bootloader's own medium",
      deviceOf({}, { parameters: { media: BOOT_MEDIUM } }),
      { to: "sd", device: "boot", image: url("i"), download: { tool: "/w" } },
      "holds the bootloader",
    ],
    [
      "the bootloader's own medium over U-Boot's USB disk",
      deviceOf({ "u-boot-ums": { parameters: { bootloader: true } } }),
      { to: "u-boot-ums", image: url("i") },
      "holds the bootloader",
    ],
    [
      "a partition of the bootloader",
      deviceOf({ fastboot: { parameters: { bootloader: ["xbl", "aboot"] } } }, FASTBOOT),
      { to: "fastboot", images: { boot: url("b"), aboot: url("a") } },
      "holds the bootloader",
    ],
    [
      "a medium without a disk",
      deviceOf({}, { parameters: { media: { sd: { a: {} } } } }),
      { to: "sd", device: "a", image: url("i") },
      "uuid",
    ],
    [
      "a disk whose name would be another path",
      deviceOf({}, { parameters: { media: { sd: { a: { uuid: "../sda" } } } } }),
      { to: "sd", device: "a", image: url("i"), download: { tool: "/w" } },
      "by-id",
    ],
    [
      "a tool that is searched for",
      deviceOf({}, { parameters: media }),
      { to: "sd", device: "card", image: url("i"), writer: { tool: "dd" } },
      "absolute path",
    ],
    [
      "neither download nor writer",
      deviceOf({}, { parameters: media }),
      { to: "sd", device: "card", image: url("i") },
      "how the image is fetched",
    ],
    [
      "a partition that is an option",
      deviceOf({ fastboot: null }, FASTBOOT),
      { to: "fastboot", images: { "--set-active": url("b") } },
      "partition",
    ],
    [
      "fastboot without a connection",
      { ...deviceOf({}, FASTBOOT), actions: { deploy: { methods: { fastboot: null } }, boot: { methods: {} } } },
      { to: "fastboot", images: { boot: url("b") } },
      "no `fastboot`",
    ],
    [
      "fastboot numbers that nobody has filled in",
      soft(
        deviceOf(
          { fastboot: null },
          { adb_serial_number: "0000000000", fastboot_serial_number: "0000000000", fastboot_options: [] },
        ),
      ),
      { to: "fastboot", images: { boot: url("b") } },
      "not set",
    ],
    [
      "a USB gadget with other commands",
      deviceOf({ "usbg-ms": { enable: "a" } }),
      { to: "usbg-ms", image: url("i") },
      "exactly",
    ],
    [
      "a flasher without commands",
      deviceOf({ flasher: {} }),
      { to: "flasher", images: { a: url("a") } },
      "no `commands`",
    ],
    [
      "a disk that is too big",
      deviceOf({ image: null }),
      { to: "iso-installer", images: { iso: url("a"), preseed: url("b") }, iso: { installation_size: "9G" } },
      "at most 8G",
    ],
    [
      "a file of the medium that leaves it",
      deviceOf({ image: null }),
      {
        to: "iso-installer",
        images: { iso: url("a"), preseed: url("b") },
        iso: { installation_size: "2G", kernel: "/../x" },
      },
      "absolute paths on the medium",
    ],
    [
      "a name that is a path",
      deviceOf({ mps: {} }, { usb_filesystem_label: "MPS" }),
      { to: "mps", images: { test_binary: url("a", { rename: "../a" }) } },
      "a path on the board",
    ],
    [
      "a label that is a path",
      deviceOf({ mps: {} }, { usb_filesystem_label: "../../sda" }),
      { to: "mps", images: { test_binary: url("a") } },
      "label of a file system",
    ],
    ["nbd without a root", deviceOf({ nbd: null }), { to: "nbd", kernel: url("k"), initrd: url("i") }, "nbdroot"],
    ["an unknown scheme", deviceOf({}), { to: "downloads", images: { a: { url: "ftp://x/y" } } }, "rclone://"],
  ] as [string, JsonMap, JsonMap, string][])("%s", (_, device, block, words) => {
    expect(refused(device, block)).toContain(words);
  });
});

test.each([
  ["sd", { media: { sd: { boot: { uuid: "mmc-0", bootloader: true, overwrite: true } } } }, {}, { device: "boot" }],
  ["u-boot-ums", {}, { "u-boot-ums": { parameters: { bootloader: true, overwrite: true } } }, {}],
])("to %s: a device may say that the bootloader's medium may be overwritten", (to, parameters, methods, more) => {
  const device = deviceOf(methods as JsonMap, { parameters: parameters as JsonMap });
  const block = { to, image: url("i"), download: { tool: "/w", options: "x", prompt: "y" }, ...more };
  expect(refused(device, block)).not.toContain("bootloader");
});

test("to fastboot: other partitions than the bootloader's, and those that the device gives away, may be flashed", () => {
  const images = { boot: url("b"), aboot: url("a") };
  for (const parameters of [{ bootloader: ["xbl"] }, { bootloader: ["aboot"], overwrite: true }])
    expect(refused(deviceOf({ fastboot: { parameters } }, FASTBOOT), { to: "fastboot", images })).not.toContain(
      "bootloader",
    );
});
