// Compares our rendering of LAVA's device types with Python's Jinja2 and PyYAML: the text byte for byte, and the data that
// it means. Each type is rendered through a dictionary that only extends it, through one that sets what labs usually set,
// and with contexts as jobs give them; dictionaries of --devices as they are. Needs python3 with Jinja2 and PyYAML.
//
// usage: node scripts/compare-jinja.mjs DEVICE_TYPES... [--devices DIR]... [--without-contexts]
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { BUNDLES, importSource } from "./lib/import-source.mjs";
import { PythonJinja } from "./lib/python-jinja.mjs";

const SUFFIX = ".jinja2";
const root = fileURLToPath(new URL("..", import.meta.url));

const USUAL = `{% set connection_list = ['uart0', 'uart1'] %}
{% set connection_commands = {'uart0': 'telnet ser2net 7001', 'uart1': 'telnet ser2net 7002'} %}
{% set connection_tags = {'uart0': ['primary', 'telnet'], 'uart1': ['telnet']} %}
{% set power_on_command = '/usr/local/bin/pdu --port 08 on' %}
{% set power_off_command = ['/usr/local/bin/pdu --port 08 off', "sh -c 'sleep 1'"] %}
{% set hard_reset_command = "/usr/local/bin/pdu --port 08 'off and on'" %}
{% set soft_reboot_command = 'reboot' %}
{% set pre_power_command = 'true' %}
{% set user_commands = {'select': {'do': 'mux 1', 'undo': 'mux 0'}, 'plain': {'do': 'true'}} %}
{% set device_info = [{'board_id': 'ABC123', 'usb_vendor_id': '0451', 'usb_product_id': 'd022'}] %}
{% set static_info = [{'probe_channel': 'channel 1', 'probe_ip': '10.0.0.7'}, {'key': 'value'}] %}
{% set storage_info = [{'SATA': '/dev/disk/by-id/ata-1'}] %}
{% set environment = {'LAB': "it's here", 'COUNT': 3, 'ON': True, 'NONE': None} %}
{% set device_ip = '10.0.0.5' %}
{% set device_mac = ['00:11:22:33:44:55', '66:77:88:99:aa:bb'] %}
{% set usb_label = 'SanDisk' %}{% set usb_uuid = 'usb-SanDisk_1' %}{% set usb_device_id = 0 %}
{% set sata_label = 'ST5' %}{% set sata_uuid = 'ata-ST5' %}{% set sata_device_id = 0 %}
{% set sd_label = 'sd' %}{% set sd_uuid = 'mmc-1' %}{% set sd_device_id = 1 %}
{% set fastboot_serial_number = '1234567890' %}
{% set adb_serial_number = '1234567890' %}
{% set fastboot_options = ['-i', '0x0451'] %}
{% set board_id = '0123456789' %}
{% set usb_vendor_id = '0403' %}{% set usb_product_id = '6001' %}{% set usb_sleep = 10 %}
{% set static_ip = '10.0.0.5' %}{% set static_gateway = '10.0.0.1' %}{% set static_netmask = '255.255.255.0' %}{% set static_dns = '10.0.0.1' %}
{% set extra_kernel_args = 'quiet' %}
{% set extra_nfsroot_args = ',vers=3' %}
{% set boot_character_delay = 30 %}{% set test_character_delay = 10 %}{% set deploy_character_delay = 5 %}
{% set action_timeout_bootloader_interrupt = 90 %}
{% set allow_test_services = True %}
{% set tags = ['hdmi', 'lan'] %}
`;

/** As jobs write them. */
const CONTEXTS = [
  { arch: "arm64", cpu: "cortex-a57", machine: "virt,gic-version=2", memory: 2048, no_kvm: "True", guestfs_size: 512 },
  {
    arch: "amd64",
    netdevice: "tap",
    model: "virtio-net-pci",
    extra_options: ["-smp 2", "-append \"x 'y'\""],
    no_network: true,
  },
  {
    extra_kernel_args: "console=ttyS0 'a b'",
    console_device: "ttymxc0",
    kernel_loglevel: 8,
    booti_kernel_addr: "0x90000000",
    boot_retry: 3,
    failure_retry: 2,
    uboot_needs_interrupt: false,
    bootloader_prompt: "=>",
    lava_test_results_dir: "/tmp/lava-%s",
    menu_interrupt_prompt: "press key",
    boot_character_delay: 100,
    tftp_mac_address: true,
  },
];

const options = parseArgs({
  allowPositionals: true,
  options: { devices: { type: "string", multiple: true }, "without-contexts": { type: "boolean" } },
});
const typeFolders = options.positionals;
const contexts = options.values["without-contexts"] ? [] : CONTEXTS;
const deviceFolders = options.values.devices ?? [];
if (typeFolders.length === 0) {
  console.error("usage: node scripts/compare-jinja.mjs DEVICE_TYPES... [--devices DIR]...");
  process.exit(2);
}

const { Environment, parseYaml } = await importSource(join(root, BUNDLES), "compare-jinja", {
  stdin: {
    contents: 'export * from "./device/jinja/environment.js"; export { parseYaml } from "./definition/yaml-text.js";',
    resolveDir: join(root, "src"),
  },
});

const files = (folders) =>
  folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(SUFFIX))
      .sort()
      .map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") })),
  );
const types = files(typeFolders);
const devices = files(deviceFolders);
const templates = Object.fromEntries([...types, ...devices].reverse().map(({ name, text }) => [name, text]));

const cases = [
  ...types.flatMap(({ name }) => {
    const type = name.slice(0, -SUFFIX.length);
    const context = { scheduled_device_name: `${type}-01`, scheduled_device_type: type };
    const bare = `{% extends '${name}' %}\n`;
    return [
      { of: `${type}, extended`, source: bare, context },
      { of: `${type}, with usual variables`, source: bare + USUAL, context },
      ...contexts.map((each, index) => ({
        of: `${type}, with context ${index}`,
        source: bare,
        context: { ...each, ...context },
      })),
    ];
  }),
  ...devices.flatMap(({ name, text }) =>
    [{}, ...contexts].map((each, index) => ({
      of: `dictionary ${name}, context ${index}`,
      source: text,
      context: { ...each, scheduled_device_name: name.slice(0, -SUFFIX.length), scheduled_device_type: "some-type" },
    })),
  ),
];

const environment = new Environment((name) => templates[name]);
const python = new PythonJinja();
const folders = [...deviceFolders, ...typeFolders];
const count = { equal: 0, data: 0, refused: 0, other: 0 };
for (const { of, source, context } of cases) {
  const name = "dictionary";
  const expected = await python.ask({ name, source, folders, context, data: true });
  const found = ours(source, name, context);
  if (expected.error) {
    if (found.error) count.refused++;
    else tell(of, `is rendered, but Python says: ${expected.error.message}`);
    continue;
  }
  if (found.error) tell(of, `${found.error.message} (${found.error.template}:${found.error.line})`);
  else if (found.text !== expected.text) tell(of, difference(found.text, expected.text));
  else {
    count.equal++;
    compareData(of, found.text, expected);
  }
}
python.end();
console.log(
  `${cases.length} cases: ${count.equal} texts equal, ${count.data} of them with equal data, ${count.refused} refused by both, ${count.other} different`,
);
process.exitCode = count.other > 0 ? 1 : 0;

function ours(source, name, context) {
  try {
    return { text: environment.render(environment.parse(source, name), context).text };
  } catch (error) {
    return { error };
  }
}

function compareData(of, text, { data, yaml }) {
  const { value, problems } = parseYaml(text, of);
  const error = problems.find(({ severity }) => severity === "error");
  if (yaml !== undefined ? error : !error && isDeepStrictEqual(plain(value), plain(data))) count.data++;
  else tell(of, `other data${error ? `: ${error.message}` : ""}${yaml ? `: ${yaml}` : ""}`);
}

function plain(value) {
  return JSON.parse(JSON.stringify(value));
}

function tell(of, what) {
  if (++count.other <= 20) console.log(`${of}: ${what}`);
}

function difference(found, expected) {
  const [own, theirs] = [found.split("\n"), expected.split("\n")];
  const at = own.findIndex((line, index) => line !== theirs[index]);
  return `line ${at + 1} is ${JSON.stringify(own[at])}, but ${JSON.stringify(theirs[at])} in Python`;
}
