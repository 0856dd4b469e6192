import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import type { JsonMap } from "../../src/base/json.js";
import type { ActionNode } from "../../src/pipeline/action-tree.js";
import { expectGolden, shown } from "../definition/golden-problems.js";
import { build } from "./pipelines.js";

const PROMPT = { bootloader_prompt: "=> ", interrupt_prompt: "press a key" };
const SET = { commands: ["load {KERNEL}", "boot"] };
const USB = { board_id: "A1B2C3", usb_vendor_id: "1fc9", usb_product_id: "0135" };

/** A board with power control and a serial console; `boot` are its methods, `more` further keys. */
const board = (boot: JsonMap, more: JsonMap = {}): JsonMap => ({
  constants: { failure_retry: 1, boot_retry: null },
  commands: {
    hard_reset: "pdu reset",
    power_on: "pdu on",
    power_off: "pdu off",
    connections: {
      uart0: { connect: "telnet localhost 7000", tags: ["primary", "telnet"] },
      uart1: { connect: "telnet localhost 7001" },
    },
  },
  parameters: { bootm: { kernel: "0x1", ramdisk: "0x2", dtb: "0x3" } },
  timeouts: { actions: { "bootloader-commands": { minutes: 3 } }, connections: {} },
  ...more,
  actions: {
    deploy: { methods: {}, connections: {}, ...(more.deploy as JsonMap) },
    boot: { methods: boot, connections: { serial: null } },
  },
});
const { hard_reset: _, ...powerless } = board({}).commands as JsonMap;
const withoutReset = { commands: powerless };

const LOGIN = { prompts: ["# "], auto_login: { login_prompt: "login:", username: "root" } };
const TRANSFER = { transfer_overlay: { download_command: "wget", unpack_command: "tar -xzf" } };
const MENU = {
  interrupt_prompt: "Press ESC",
  interrupt_string: "\u001b",
  item_markup: ["[", "]"],
  item_class: "0-9",
  separator: " ",
  bootloader_prompt: "Start:",
};
const FASTBOOT = {
  fastboot_serial_number: "f1",
  adb_serial_number: "a1",
  fastboot_options: [],
  device_info: [{ board_id: "f1" }],
};
const UUU = {
  usb_otg_path: ["1:2"],
  corrupt_boot_media_command: ["mmc erase 0 1"],
  bcu_board_name: "imx8",
  bcu_board_id: "2-1.3",
};
const FVP = {
  image: "/opt/model",
  console_string: "port (?P<PORT>[0-9]+)",
  arguments: ["-C a=b"],
  docker: { name: "lab/fvp:1" },
};
const MODEL = { fvp: { options: {} } };

interface Case {
  device: JsonMap;
  block: JsonMap;
  /** Without a test, no shell is needed. */
  test?: false;
  /** Blocks before. */
  before?: JsonMap[];
  secrets?: JsonMap;
}

const CASES: { [name: string]: Case } = {
  barebox: {
    device: board({ barebox: { parameters: PROMPT, net: SET } }),
    block: { method: "barebox", commands: "net", ...LOGIN },
  },
  "bootloader-only": {
    device: board({ "u-boot": { parameters: PROMPT }, bootloader: null }),
    block: { method: "bootloader", bootloader: "u-boot", commands: ["printenv"] },
    test: false,
  },
  "bootloader-as-it-is": {
    device: board({ "u-boot": { parameters: PROMPT } }),
    block: { method: "bootloader", bootloader: "u-boot", reset_connection: false, reset_device: false },
    test: false,
  },
  ipxe: {
    device: board({ ipxe: { parameters: PROMPT, net: SET } }),
    block: { method: "ipxe", commands: "net", ...LOGIN, ...TRANSFER, failure_retry: 2 },
  },
  grub: {
    device: board({ grub: { parameters: PROMPT, net: SET } }),
    block: { method: "grub", commands: "net", ...LOGIN },
  },
  "grub-without-reset": {
    device: board({ grub: { parameters: PROMPT, net: SET } }),
    block: { method: "grub", commands: "net", reset: false },
    test: false,
  },
  "grub-installer": {
    device: board({ grub: { parameters: PROMPT, net: SET } }),
    block: { method: "grub", commands: "net", boot_finished: ["reboot: System halted"] },
    test: false,
  },
  "grub-efi": {
    device: board({
      "grub-efi": { parameters: PROMPT, menu_options: "pxe", net: SET },
      "uefi-menu": { parameters: MENU, pxe: [{ select: { items: ["Grub"] } }] },
    }),
    block: { method: "grub-efi", commands: "net", ...LOGIN },
  },
  "grub-efi-as-it-is": {
    device: board({
      "grub-efi": { parameters: PROMPT, reset_device: false, menu_options: "pxe", net: SET },
      "uefi-menu": { parameters: MENU, pxe: [] },
    }),
    block: { method: "grub-efi", commands: "net" },
    test: false,
  },
  "grub-sequence": {
    device: board(
      { grub: { sequence: ["wait-fastboot-interrupt", "nothing-known", "auto-login", "shell-session", "export-env"] } },
      { deploy: { methods: { fastboot: { interrupt_prompt: "fastboot mode", interrupt_string: " " } } } },
    ),
    block: { method: "grub", commands: ["boot"], ...LOGIN, failure_retry: 3 },
  },
  depthcharge: {
    device: board({
      depthcharge: { parameters: { ...PROMPT, start_message: "Starting netboot" }, net: { ...SET, cmdline: "quiet" } },
    }),
    block: { method: "depthcharge", commands: "net", ...LOGIN },
  },
  uefi: {
    device: board({
      uefi: {
        parameters: {
          ...MENU,
          bootloader_prompt: "Shell>",
          shell_interrupt_prompt: "any key",
          shell_interrupt_string: " ",
          shell_menu: "shell",
          menu_prompt: "Start:",
        },
        shell: [{ select: { items: ["Shell"] } }],
        net: SET,
      },
    }),
    block: { method: "uefi", commands: "net", ...LOGIN },
  },
  "uefi-without-menu": {
    device: board({
      uefi: {
        parameters: {
          bootloader_prompt: "Shell>",
          shell_interrupt_prompt: "any key",
          shell_interrupt_string: " ",
          shell_menu: "shell",
        },
        net: SET,
      },
    }),
    block: { method: "uefi", commands: "net", shell_menu: "", ...LOGIN },
    test: false,
  },
  "uefi-menu": {
    device: board({ "uefi-menu": { parameters: MENU, net: [{ select: { items: ["Net"] } }] } }),
    block: { method: "uefi-menu", commands: "net", ...LOGIN },
  },
  "uefi-menu-to-fastboot": {
    device: board({ "uefi-menu": { parameters: MENU, fastboot: [{ select: { items: ["Net"] } }] } }),
    block: { method: "uefi-menu", commands: "fastboot", ...LOGIN },
  },
  "qemu-nfs": {
    device: board({ "qemu-nfs": { parameters: { command: "qemu-system-x86_64" } } }),
    block: { method: "qemu-nfs", ...LOGIN },
  },
  "qemu-iso": {
    device: board({ qemu: { parameters: { command: "qemu-system-x86_64" } } }),
    block: { method: "qemu-iso", media: "img", ...LOGIN },
  },
  monitor: {
    device: board({ qemu: null, monitor: { parameters: { command: "qemu-system-arm" } } }),
    block: { method: "monitor" },
    test: false,
  },
  ssh: {
    device: board({ ssh: null }, { commands: {}, deploy: { methods: { ssh: { host: "127.0.0.1" } } } }),
    block: { method: "ssh", prompts: ["# "], failure_retry: 2 },
  },
  schroot: {
    device: board({ ssh: null, schroot: { name: ["sid"] } }),
    block: { method: "schroot", connection: "ssh", schroot: "sid", prompts: ["# "] },
    before: [],
  },
  new_connection: {
    device: board({ minimal: null }),
    block: { method: "new_connection", connection: "uart1", ...LOGIN },
  },
  kexec: {
    device: board({ minimal: null }),
    block: { method: "kexec", boot_message: "Linux version", kernel: "/boot/k", ...LOGIN, ...TRANSFER },
  },
  "fastboot-by-power": {
    device: board({ fastboot: ["boot"] }, FASTBOOT),
    block: { method: "fastboot", commands: ["--set-active=a"], ...LOGIN },
  },
  "fastboot-by-u-boot": {
    device: board(
      { fastboot: ["reboot"], "u-boot": { parameters: PROMPT } },
      {
        ...FASTBOOT,
        fastboot_via_uboot: true,
        deploy: { methods: { "u-boot": { parameters: { ...PROMPT, fastboot: { commands: ["fastboot 0"] } } } } },
      },
    ),
    block: { method: "fastboot", ...LOGIN },
  },
  "fastboot-by-adb": {
    device: board(
      { fastboot: ["no-flash-boot", "auto-login", "overlay-unpack", "shell-session", "export-env"] },
      { ...FASTBOOT, ...withoutReset },
    ),
    block: { method: "fastboot", ...LOGIN, ...TRANSFER },
  },
  "fastboot-in-a-container": {
    device: board({ fastboot: ["reboot"] }, { ...FASTBOOT, ...withoutReset }),
    block: { method: "fastboot", docker: { image: "lab/adb" } },
    test: false,
  },
  "fastboot-unknown-serial": {
    device: board(
      { fastboot: ["boot"] },
      { ...FASTBOOT, fastboot_serial_number: "0000000000", fastboot_auto_detection: true },
    ),
    block: { method: "fastboot" },
    test: false,
  },
  dfu: { device: board({ dfu: { parameters: { command: "dfu-util" } } }, USB), block: { method: "dfu" }, test: false },
  "dfu-by-u-boot": {
    device: board(
      {
        dfu: { implementation: "u-boot", parameters: { command: "dfu-util", "enter-commands": ["dfu"] } },
        "u-boot": { parameters: PROMPT },
      },
      { ...USB, constants: { failure_retry: 1, boot_retry: null, "u-boot": { "dfu-download": "DOWNLOAD" } } },
    ),
    block: { method: "dfu" },
    test: false,
  },
  jlink: {
    device: board({ jlink: { parameters: { command: "JLinkExe", processor: "MK64" } } }, USB),
    block: { method: "jlink" },
    test: false,
  },
  "jlink-without-reset": {
    device: board({ jlink: { parameters: { command: "JLinkExe", processor: "MK64" } } }, { ...USB, ...withoutReset }),
    block: { method: "jlink" },
    test: false,
  },
  openocd: {
    device: board({ openocd: { parameters: { command: "openocd", options: {} } } }, USB),
    block: { method: "openocd" },
    test: false,
  },
  pyocd: {
    device: board({ pyocd: { parameters: { command: "pyocd", options: ["load"] } } }, USB),
    block: { method: "pyocd", failure_retry: 2 },
    test: false,
  },
  "pyocd-with-console-first": {
    device: board(
      { pyocd: { parameters: { command: "pyocd", connect_before_flash: true } } },
      { ...USB, ...withoutReset },
    ),
    block: { method: "pyocd" },
    test: false,
  },
  "cmsis-dap": {
    device: board({ "cmsis-dap": { parameters: { usb_mass_device: "/dev/disk/by-id/usb-x" } } }, USB),
    block: { method: "cmsis-dap" },
    test: false,
  },
  "cmsis-dap-that-stays": {
    device: board(
      { "cmsis-dap": { parameters: { usb_mass_device: "/dev/disk/by-id/usb-x", resets_after_flash: false } } },
      { ...USB, ...withoutReset },
    ),
    block: { method: "cmsis-dap" },
    test: false,
  },
  gdb: {
    device: board({ gdb: { parameters: { command: "gdb" }, load: { commands: ["load"] } } }, USB),
    block: { method: "gdb", commands: "load" },
    test: false,
  },
  musca: { device: board({ musca: null }, USB), block: { method: "musca", prompts: ["# "] } },
  recovery: {
    device: board(
      { minimal: null },
      { deploy: { methods: { recovery: { commands: { recovery_mode: "jumper on", recovery_exit: "jumper off" } } } } },
    ),
    block: { method: "recovery", commands: "exit" },
    test: false,
  },
  qdl: {
    device: board(
      { qdl: { parameters: { command: "qdl", "enter-commands": ["reboot edl"] } } },
      { board_qdl_id: "12345678" },
    ),
    block: { method: "qdl", firehose_program: "p.elf", rawprogram: "r.xml", patch: "p.xml" },
    test: false,
  },
  docker: { device: board({ docker: { options: {} } }), block: { method: "docker", command: "bash", prompts: ["# "] } },
  nodebooter: {
    device: board({ nodebooter: null }, { environment: { DUT_MAC: "02:00:00:00:00:01", DUT_IFACE: "eth0" } }),
    block: { method: "nodebooter", command: "serve", docker: { image: "lab/nodebooter:1" }, ...LOGIN, ...TRANSFER },
  },
  avh: { device: board({ avh: null }), block: { method: "avh", ...LOGIN }, secrets: { avh_api_token: "x" } },
  fvp: {
    device: board(MODEL),
    block: { method: "fvp", ...FVP, ...LOGIN, ...TRANSFER, erpc_app: "./app", commands: ["ls"] },
  },
  "fvp-without-telnet": { device: board(MODEL), block: { method: "fvp", ...FVP, use_telnet: false }, test: false },
  uuu: {
    device: board({ uuu: { options: UUU }, "u-boot": { parameters: PROMPT } }),
    block: { method: "uuu", commands: [{ uuu: "-b sd {boot}" }] },
    test: false,
  },
  "uuu-of-one-command": {
    device: board({
      uuu: { options: { ...UUU, power_off_before_corrupt_boot_media: true } },
      "u-boot": { parameters: PROMPT },
    }),
    block: { method: "uuu", commands: "-b emmc {boot}", skip_uuu_if_bootloader_valid: true },
    test: false,
  },
  "uuu-in-download-mode": {
    device: board({ uuu: { options: UUU }, "u-boot": { parameters: PROMPT } }),
    block: { method: "uuu", commands: [{ bcu: "reset usb" }, { uuu: "-b sd {boot}" }] },
    test: false,
  },
  "uuu-only-switches": {
    device: board({ uuu: { options: UUU }, "u-boot": { parameters: PROMPT } }),
    block: { method: "uuu", commands: [{ bcu: "set_boot_mode emmc" }] },
    test: false,
  },
  "u-boot-mass-storage": {
    device: board({
      "u-boot": {
        parameters: {
          ...PROMPT,
          uboot_ums_flash: true,
          uboot_altbank: true,
          uboot_mass_storage_device: "/dev/disk/by-id/usb-ums",
        },
        ums: SET,
      },
    }),
    block: { method: "u-boot", commands: "ums", ...LOGIN },
  },
};

/** One line an action: level, name, attempts, seconds, and what it runs. */
function* lines(nodes: ActionNode[]): Generator<string> {
  for (const node of nodes) {
    const steps = (["run", "conclude", "cleanup"] as const).flatMap((key) => {
      const step = node[key];
      return step
        ? [`${key === "run" ? "" : `${key} `}${step.kind === "service" ? step.service : `"${step.dialogue.dialogue}"`}`]
        : [];
    });
    const what = steps.length > 0 ? `: ${steps.join(", ")}` : "";
    yield `${"  ".repeat(node.level.split(".").length - 1)}${node.level} ${node.name} ${node.maxRetries}x ${node.timeout.seconds}s${what}`;
    yield* lines(node.children);
  }
}

test.each(Object.entries(CASES))("the tree of %s", (name, { device, block, secrets, ...rest }) => {
  const definitions = [{ from: "inline", name: "a", path: "a.yaml", repository: { run: { steps: ["true"] } } }];
  const job = {
    timeouts: { job: { hours: 1 }, action: { minutes: 10 } },
    context: { arch: "amd64" },
    ...(secrets && { secrets }),
    actions: [
      { boot: { ...block, timeout: { minutes: 6 } } },
      ...(rest.test === false ? [] : [{ test: { definitions } }]),
    ],
  };
  const pipeline = build(job, device);
  expect(shown([...pipeline.problems, ...pipeline.validation].filter(({ severity }) => severity === "error"))).toBe("");
  const boot = pipeline.actions.slice(0, 1);
  expectGolden(`pipeline/boot/${name}.txt`, `${[...lines(boot)].join("\n")}\n`);
});

test("every golden tree belongs to a case", () => {
  const files = readdirSync(new URL("../golden/pipeline/boot/", import.meta.url));
  expect(files.sort()).toEqual(
    Object.keys(CASES)
      .map((name) => `${name}.txt`)
      .sort(),
  );
});
