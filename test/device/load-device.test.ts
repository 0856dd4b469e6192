// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are variables of U-Boot
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { JsonMap } from "../../src/base/json.js";
import { parseYaml } from "../../src/definition/yaml-text.js";
import { loadDevice } from "../../src/device/load-device.js";
import { expectGolden, shown } from "../definition/golden-problems.js";

const configs = new URL("../../device-configs/", import.meta.url);
const types = new URL("device-types/", configs);
const SUFFIX = ".yaml.hbs";
const shipped = {
  names: () => readdirSync(types).map((name) => name.replace(SUFFIX, "")),
  template: (name: string) => {
    if (!shipped.names().includes(name)) return undefined;
    const text = readFileSync(new URL(`${name}${SUFFIX}`, types), "utf8");
    return { file: `device-configs/device-types/${name}${SUFFIX}`, text };
  },
};
const load = async (name: string, context: JsonMap = {}) => {
  const text = readFileSync(new URL(`devices/${name}.yaml`, configs), "utf8");
  const loaded = await loadDevice(text, `device-configs/devices/${name}.yaml`, { ...shipped, context });
  expect(shown(loaded.problems)).toBe("");
  return loaded;
};
/** A value below a path of keys. */
const at = (value: unknown, ...path: string[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as JsonMap | undefined)?.[key], value);
const commandsOf = (device: JsonMap, set: string) =>
  at(device, "actions", "boot", "methods", "u-boot", set, "commands") as string[];

describe("devices of the project", () => {
  const names = readdirSync(new URL("devices/", configs)).map((name) => name.replace(/\.yaml$/, ""));

  it.each(names)("%s renders without a problem, to this configuration", async (name) => {
    const { device } = await load(name);
    expectGolden(`device/${name}.yaml`, stringify(device, { lineWidth: 0 }));
  });

  it.each(names)("%s: what it renders to is accepted as it is", async (name) => {
    const { device } = await load(name);
    const again = await loadDevice(stringify(device, { version: "1.1" }), "rendered.yaml", {
      template: () => undefined,
    });
    expect(again.problems).toEqual([]);
    expect(again.device).toEqual(device);
  });
});

describe("beaglebone-black", () => {
  it("has the values of the example in the design", async () => {
    const { device } = await load("beaglebone-black");
    const pdu = (command: string) =>
      `/usr/bin/pduclient --daemon localhost --hostname pdu --command ${command} --port 08`;
    expect(device.devicetype).toBe("beaglebone-black");
    expect(device.commands).toEqual({
      connect: "telnet localhost 6000",
      hard_reset: pdu("reboot"),
      power_off: pdu("off"),
      power_on: pdu("on"),
    });
    expect(device.parameters).toMatchObject({
      bootm: { kernel: "0x80200000", ramdisk: "0x81600000", dtb: "0x815f0000" },
      bootz: { kernel: "0x81000000", ramdisk: "0x82000000", dtb: "0x81f00000" },
    });
    expect(at(device, "actions", "deploy", "methods")).toHaveProperty("tftp");
    expect(at(device, "actions", "boot", "methods", "u-boot", "parameters")).toMatchObject({
      bootloader_prompt: "U-Boot",
      boot_message: "Booting Linux",
    });
    expect(commandsOf(device, "oe")).toEqual([
      "setenv initrd_high '0xffffffff'",
      "setenv fdt_high '0xffffffff'",
      "setenv bootcmd 'fatload mmc 0:3 0x80200000 uImage; fatload mmc 0:3 0x815f0000 board.dtb; bootm 0x80200000 - 0x815f0000'",
      "setenv bootargs 'console=ttyO0,115200n8 root=/dev/mmcblk0p5 rootwait ro'",
      "boot",
    ]);
    const load_ = [
      "setenv autoload no",
      "setenv initrd_high '0xffffffff'",
      "setenv fdt_high '0xffffffff'",
      "setenv kernel_addr_r '{KERNEL_ADDR}'",
      "setenv initrd_addr_r '{RAMDISK_ADDR}'",
      "setenv fdt_addr_r '{DTB_ADDR}'",
      "setenv loadkernel 'tftp ${kernel_addr_r} {KERNEL}'",
      "setenv loadinitrd 'tftp ${initrd_addr_r} {RAMDISK}; setenv initrd_size ${filesize}'",
      "setenv loadfdt 'tftp ${fdt_addr_r} {DTB}'",
    ];
    expect(commandsOf(device, "nfs")).toEqual([
      ...load_,
      "setenv nfsargs 'setenv bootargs console=ttyO0,115200n8 root=/dev/nfs rw nfsroot={SERVER_IP}:{NFSROOTFS},tcp,hard,intr ip=dhcp'",
      "setenv bootcmd 'dhcp; setenv serverip {SERVER_IP}; run loadkernel; run loadinitrd; run loadfdt; run nfsargs; {BOOTX}'",
      "boot",
    ]);
    expect(commandsOf(device, "ramdisk")).toEqual([
      ...load_,
      "setenv bootargs 'console=ttyO0,115200n8 root=/dev/ram0 ip=dhcp'",
      "setenv bootcmd 'dhcp; setenv serverip {SERVER_IP}; run loadkernel; run loadinitrd; run loadfdt; {BOOTX}'",
      "boot",
    ]);
  });
});

describe("the job's context", () => {
  it("adds kernel arguments", async () => {
    const { device } = await load("qemu-arm64-uboot", { extra_kernel_args: "rdinit=/nonexistent" });
    expect(commandsOf(device, "ramdisk")).toContain(
      "setenv bootargs 'console=ttyAMA0,115200n8 root=/dev/ram0 rdinit=/nonexistent'",
    );
  });
  it("gives booleans and numbers as text", async () => {
    const newline = (device: JsonMap) => at(device, "constants", "u-boot", "interrupt-newline");
    expect(newline((await load("qemu-arm64-uboot")).device)).toBe(false);
    expect(newline((await load("qemu-arm64-uboot", { uboot_interrupt_newline: "True" })).device)).toBe(true);
    const { device } = await load("qemu-x86_64", { memory: "1024", no_network: "yes", extra_options: ["-smp", 2] });
    const parameters = at(device, "actions", "boot", "methods", "qemu", "parameters") as JsonMap;
    expect(parameters.options).toContain("-m 1024");
    expect(String(parameters.options)).not.toContain("netdev");
    expect(parameters.extra).toEqual(["-smp", 2]);
  });
  it("overrides the dictionary", async () => {
    const { device } = await load("qemu-x86_64", { machine: "pc", arch: "x86_64" });
    const parameters = at(device, "actions", "boot", "methods", "qemu", "parameters") as JsonMap;
    expect(parameters).toMatchObject({ command: "qemu-system-x86_64" });
    expect(parameters.options).toContain("-machine pc");
  });
  it("cannot set what belongs to the lab: a job brings no command to the worker", async () => {
    const text = readFileSync(new URL("devices/qemu-arm64-uboot.yaml", configs), "utf8");
    const context = { power_command: "rm -rf /", connection_command: "sh", device: { commands: {} }, extends: "qemu" };
    const { device, problems } = await loadDevice(text, "d.yaml", { ...shipped, context });
    expect(device.commands).toMatchObject({
      power_on: "../../scripts/board power on",
      connect: "telnet 127.0.0.1 6020",
    });
    expect(problems.map(({ severity, message }) => [severity, message])).toEqual([
      ["warning", "context.power_command of the job has no effect: only the device dictionary may set it"],
      ["warning", "context.connection_command of the job has no effect: only the device dictionary may set it"],
    ]);
  });
  it("is refused where it has the wrong shape", async () => {
    const text = readFileSync(new URL("devices/qemu-x86_64.yaml", configs), "utf8");
    const { device, problems } = await loadDevice(text, "d.yaml", { ...shipped, context: { memory: "lots" } });
    expect(device).toEqual({});
    expect(problems).toMatchObject([
      { severity: "error", message: "the job's context.memory must be a number, but is lots" },
    ]);
  });
});

describe("variables of the command line", () => {
  it("override the dictionary's, and are checked like them", async () => {
    const variables = { console_port: "6031", power_socket: "/tmp/b.qmp", consol_port: 1 };
    const text = "extends: qemu-arm64-uboot\nconsole_port: 6030\n";
    const { device, problems } = await loadDevice(text, "d.yaml", { ...shipped, variables });
    expect(device.commands).toMatchObject({
      connect: "telnet 127.0.0.1 6031",
      power_off: "../../scripts/board power off --socket /tmp/b.qmp",
    });
    expect(problems).toMatchObject([{ severity: "warning", hint: 'did you mean "console_port"?' }]);
  });
});

describe("insertion is safe", () => {
  const template = `---
variables: {a: null, b: null}
context: {c: ""}
---
constants: {}
parameters: {whole: {{a}}, part: "x {{{b}}} y {{{c}}}"}
actions: {deploy: {methods: null}, boot: {methods: null, connections: null}}
timeouts: {actions: {}, connections: {}}
`;
  const hostile = [
    'a" b',
    "a: b\nactions: {}",
    "}, x: {",
    "yes",
    "# no comment",
    "\\",
    "\x01" + "7\x02",
    "{{a}}",
    "&x *y",
    "'",
    "\u2028",
    " lead and trail ",
    "",
  ];
  it.each(hostile)("%j stays what it is", async (value) => {
    const text = stringify({ extends: "t", a: value, b: value }, { version: "1.1" });
    const source = { template: () => ({ file: "t.yaml.hbs", text: template }) };
    const written = await loadDevice(text, "d.yaml", { ...source, context: { c: value } });
    // a control character cannot stand in the dictionary, but a job's context is plain JSON
    if (written.problems.length > 0) expect(value).toContain("\x01");
    else expect(written.device.parameters).toEqual({ whole: value, part: `x ${value} y ${value}` });
    const context = await loadDevice("extends: t\na: 1\nb: 1\n", "d.yaml", { ...source, context: { c: value } });
    expect(context.problems).toEqual([]);
    expect(context.device.parameters).toEqual({ whole: 1, part: `x 1 y ${value}` });
  });
  it("gives lists and maps as whole values", async () => {
    const source = { template: () => ({ file: "t.yaml.hbs", text: template }) };
    const { device } = await loadDevice("extends: t\na: [1, {b: 'c: d'}]\nb: 1\n", "d.yaml", source);
    expect(at(device, "parameters", "whole")).toEqual([1, { b: "c: d" }]);
  });
});

describe("places", () => {
  it("are those of templates and dictionary", async () => {
    const text = "extends: qemu-arm64-uboot\ndevice:\n  timeouts:\n    actions:\n      reset-device: {seconds: 5}\n";
    const { device, parsed } = await loadDevice(text, "d.yaml", shipped);
    expect(at(device, "timeouts", "actions", "reset-device")).toEqual({ seconds: 5 });
    expect(at(device, "timeouts", "actions", "power-off")).toEqual({ seconds: 10 });
    expect(parsed.locate(["timeouts", "actions", "reset-device"])).toEqual({ file: "d.yaml", line: 5, column: 21 });
    for (const [path, file, words] of [
      [["timeouts", "actions", "power-off"], "base", "power-off: { seconds: 10 }"],
      [["actions", "boot", "methods", "u-boot", "nfs", "commands", 1], "base-uboot", "{{uboot_network_command}}"],
      [["commands", "power_on"], "qemu-arm64-uboot", "power_on:"],
      [["constants", "u-boot", "interrupt-newline"], "base", "{{uboot_interrupt_newline}}"],
    ] as const) {
      const location = parsed.locate(path);
      expect(location?.file).toBe(`device-configs/device-types/${file}.yaml.hbs`);
      expect(location && parsed.sourceAt(location)).toContain(words);
    }
  });
});

describe("a rendered device", () => {
  const rendered =
    "constants: {}\nparameters: {}\nactions: {deploy: {methods: null}, boot: {methods: {}, connections: {}}}\ntimeouts: {actions: {}, connections: {}}\n";
  it("is taken as it is: nothing is added", async () => {
    const { device, problems } = await loadDevice(rendered, "d.yaml", shipped);
    expect(problems).toEqual([]);
    expect(device).toEqual(parseYaml(rendered, "d").value);
  });
  it("may have duplicate keys, with a warning that shows both", async () => {
    const { device, problems } = await loadDevice(`${rendered}hostname: a\nhostname: b\n`, "d.yaml", shipped);
    expect(device.hostname).toBe("b");
    expect(problems).toMatchObject([{ severity: "warning", related: [{ location: { line: 5 } }] }]);
  });
});

describe("bad devices: what the user sees", () => {
  const BODY =
    "constants: {}\nparameters: {}\nactions: {deploy: {methods: null}, boot: {methods: null, connections: null}}\ntimeouts: {actions: {}, connections: {}}\n";
  const TEMPLATES: { [name: string]: string } = {
    good: `---\nvariables: {board_port: 1, flag: true}\ncontext: {console_device: ttyS0}\n---\n${BODY}`,
    "circle-a": "---\nextends: circle-b\n---\n",
    "circle-b": "---\nextends: circle-a\n---\n",
    orphan: "---\n# a comment\nextends: goood\n---\n",
    "bad-head": "---\nextends: good\nvariabels: {a: 1}\nvariables: [a]\n---\n",
    "broken-head": "---\nvariables: {a: [1\n---\n",
    undeclared: `---\nvariables: {a: 1}\n---\n${BODY}hostname: {{b}}\n`,
    unclosed: `${BODY}{{#if a}}\nhostname: x\n`,
    "bad-expression": `${BODY}hostname: {{a b\n`,
    "undeclared-in-a-condition": `---\nvariables: {a: [1]}\n---\n${BODY}{{#each a}}{{#if ../b}}x{{/if}}{{/each}}\n`,
    "no-value": `---\nvariables: {a: {}}\n---\n${BODY}hostname: {{lookup a "b"}}\n`,
    "unknown-helper": `---\nvariables: {a: 1}\n---\n${BODY}hostname: {{upper a}}\n`,
    "unknown-partial": `${BODY}{{> nowhere}}\n`,
    "raw-outside-quotes": `---\nvariables: {a: 1}\n---\n${BODY}hostname: {{{a}}}\n`,
    "list-in-text": `---\nvariables: {a: [1]}\n---\n${BODY}hostname: "x {{{a}}}"\n`,
    "broken-yaml": `---\nvariables: {list: [1, 2]}\n---\n${BODY}{{#each list}}\n  x: {{this}}\n{{/each}}\nhostname: [\n`,
    "no-map": "- a\n- b\n",
    "wrong-shape": `---\nvariables: {port: 7}\n---\n${BODY}commands:\n  connect: {{port}}\n  power_onn: x\n`,
  };
  const source = {
    names: () => Object.keys(TEMPLATES),
    template: (name: string) => {
      const text = TEMPLATES[name];
      return text === undefined ? undefined : { file: `types/${name}.yaml.hbs`, text };
    },
  };
  it.each<[string, string]>([
    ["not-a-map", "- a\n"],
    ["not-yaml", "extends: [\n"],
    ["empty", ""],
    ["no-name-of-a-type", "extends: [good]\n"],
    ["path-as-type", "extends: ../../etc/passwd\n"],
    ["unknown-type", "# a board\nextends: goood\n"],
    ["unknown-type-far", "extends: nothing-like-it\n"],
    ["unknown-variable", "extends: good\nboard_prot: 2\nanything: 3\n"],
    ["variable-of-a-wrong-type", "extends: good\nboard_port: many\nflag: maybe\n"],
    ...Object.keys(TEMPLATES)
      .filter((name) => name !== "good")
      .map((name): [string, string] => [`type-${name}`, `extends: ${name}\n`]),
    ["rendered-without-keys", "hostname: a\n"],
    [
      "rendered-with-wrong-types",
      `${BODY}hostname: 5\ncommands: {connect: [a], hard_resett: x, users: {a: {}}}\n`.replace(
        "timeouts: {actions: {}",
        "timeouts: {actions: {a: {minutes: no}}",
      ),
    ],
    [
      "rendered-with-a-bad-pattern",
      BODY.replace(
        "constants: {}",
        "constants: {kernel-start-message: 'Linux (', u-boot: {error-messages: ['a**']}, posix: {lava_test_results_dir: /lava}}",
      ),
    ],
  ])("%s", async (name, text) => {
    const { problems } = await loadDevice(text, "devices/d.yaml", source);
    expect(problems.length).toBeGreaterThan(0);
    expectGolden(`device/bad/${name}.txt`, shown(problems));
  });
  it("every golden file belongs to a case", () => {
    const files = readdirSync(fileURLToPath(new URL("../golden/device/bad/", import.meta.url)));
    expect(files).toHaveLength(9 + Object.keys(TEMPLATES).length - 1 + 3);
  });
});
