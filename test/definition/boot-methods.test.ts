import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { expectGolden, shown } from "./golden-problems.js";
import { loadJob } from "./published-schemas.js";

const HEAD = "job_name: x\ndevice_type: board\nvisibility: public\ntimeouts: {job: {minutes: 5}}\nactions:\n";
const jobOf = (block: string): string => `${HEAD}- boot:\n    ${block.trim().replaceAll("\n", "\n    ")}\n`;

const P = 'prompts: ["# ", "root@board:"]';
const A =
  "auto_login: {login_prompt: 'login:', username: root, password_prompt: 'Password:', password: x, login_commands: [su]}";
const T = "transfer_overlay: {download_command: wget, unpack_command: tar -C / -xzf}";
const PAT = `${P}\n${A}\n${T}`;
const DOCKER = "docker: {image: 'lab/tools:1', local: true, container_name: x, network_from: y}";

/** A block of each method with all of its keys: accepted, strictly. */
const GOOD: { [name: string]: string } = {
  barebox: `method: barebox\ncommands: [boot net]\n${PAT}`,
  grub: `method: grub\ncommands: nfs\nboot_finished: ["reboot: System halted"]\nreset: false\nexpect_shell: false\nuse_bootscript: true\n${PAT}`,
  "grub-efi": `method: grub-efi\ncommands: [boot]\nboot_finished: halted\n${PAT}`,
  ipxe: `method: ipxe\ncommands: ramdisk\nuse_bootscript: true\n${PAT}`,
  depthcharge: `method: depthcharge\ncommands: nfs\nextra_kernel_args: quiet\nuse_bootscript: false\n${PAT}`,
  bootloader: `method: bootloader\nbootloader: u-boot\ncommands: [printenv]\nuse_bootscript: false\nreset_connection: true\nreset_device: false\nreset: true\n${P}`,
  "bootloader-without-commands": "method: bootloader\nbootloader: u-boot\ncommands: []\nprompts: ['=>']",
  uefi: `method: uefi\ncommands: nfs\nshell_menu: ''\n${P}\n${A}`,
  "uefi-menu": `method: uefi-menu\ncommands: nfs\nline_separator: unix\n${P}\n${A}`,
  "qemu-nfs": `method: qemu-nfs\nconnection: serial\n${PAT}`,
  "qemu-iso": `method: qemu-iso\nmedia: img\n${P}\n${A}`,
  monitor: "method: monitor",
  ssh: `method: ssh\nparameters: {hostID: ipv4, host_key: ipaddr, kernel-start-message: ''}\n${P}`,
  schroot: `method: schroot\nconnection: ssh\nschroot: unstable\n${P}`,
  new_connection: `method: new_connection\nconnection: uart1\n${PAT}`,
  kexec: `method: kexec\nboot_message: Booting Linux\ndeploy: true\ncommand: /sbin/kexec\nkernel: /k\ndtb: /d\ninitrd: /i\noptions: [--reuse-cmdline]\nkernel-config: /boot/config\non_panic: true\n${PAT}`,
  fastboot: `method: fastboot\ncommands: [--set-active=a]\nuse_bootscript: false\n${PAT}\n${DOCKER}`,
  dfu: "method: dfu",
  "cmsis-dap": "method: cmsis-dap",
  openocd: "method: openocd",
  pyocd: "method: pyocd",
  jlink: "method: jlink\nprompts: [a]\ncommands: [r]\ncoretype: M4",
  gdb: "method: gdb\ncommands: openocd\ncontainer: lab/gdb",
  musca: `method: musca\n${P}`,
  recovery: "method: recovery\ncommands: exit",
  qdl: `method: qdl\nfirehose_program: prog.elf\nrawprogram: raw.xml\npatch: patch.xml\npath: .\nstorage: ufs\ndebug: true\n${DOCKER}`,
  docker: `method: docker\ncommand: bash\ndownloads-namespace: target\n${P}`,
  nodebooter: `method: nodebooter\ncommand: run\ndownloads-namespace: target\n${P}`,
  avh: `method: avh\nbootargs: {normal: a, restore: b}\n${P}\n${A}\n${DOCKER}`,
  fvp: `method: fvp
console_string: "port (?P<PORT>[0-9]+)"
image: /opt/model
arguments: ["-C a=b"]
docker: {name: "lab/fvp:1", local: true}
use_telnet: true
feedbacks: ["(?P<NAME>terminal_1): (?P<PORT>[0-9]+)"]
license_variable: 8224@host
environment: [A=B]
ubl_license: /a.lic
version_string: "Fast Models [^\\\\n]+"
erpc_app: ./app
commands: [ls]
${PAT}`,
  uuu: `method: uuu\ncommands: [{bcu: reset usb}, {uuu: "-b sd {boot}"}, {FB: "ucmd x"}]\nskip_uuu_if_bootloader_valid: true\n${DOCKER}`,
  "uuu-of-one-command": "method: uuu\ncommands: -b emmc {boot}",
};

/** What each method refuses: a missing key, a wrong type, a wrong combination. */
const BAD: { [name: string]: string } = {
  "barebox-without-commands": "method: barebox",
  "grub-without-commands": `method: grub\n${P}`,
  "grub-reset-is-a-text": 'method: grub\ncommands: nfs\nreset: "yes"',
  "grub-boot-finished-is-a-map": "method: grub\ncommands: nfs\nboot_finished: {a: b}",
  "grub-efi-without-commands": "method: grub-efi",
  "grub-efi-login-without-username": "method: grub-efi\ncommands: nfs\nauto_login: {login_prompt: 'login:'}",
  "ipxe-without-commands": "method: ipxe",
  "ipxe-commands-is-a-map": "method: ipxe\ncommands: {a: b}",
  "ipxe-password-without-prompt": "method: ipxe\ncommands: a\nauto_login: {login_prompt: a, username: b, password: c}",
  "depthcharge-without-commands": "method: depthcharge",
  "depthcharge-arguments-is-a-list": "method: depthcharge\ncommands: nfs\nextra_kernel_args: [quiet]",
  "bootloader-unnamed": "method: bootloader\ncommands: [a]",
  "bootloader-commands-is-a-text": "method: bootloader\nbootloader: u-boot\ncommands: printenv",
  "uefi-without-commands": "method: uefi",
  "uefi-shell-menu-is-a-list": "method: uefi\ncommands: nfs\nshell_menu: [a]",
  "uefi-menu-unknown-separator": "method: uefi-menu\nline_separator: mac",
  "uefi-menu-commands-is-a-list": "method: uefi-menu\ncommands: [nfs]",
  "qemu-nfs-over-ssh": "method: qemu-nfs\nconnection: ssh",
  "qemu-nfs-zmodem-with-download":
    "method: qemu-nfs\ntransfer_overlay: {transfer_method: zmodem, download_command: rz, unpack_command: tar}",
  "qemu-iso-without-media": "method: qemu-iso",
  "qemu-iso-from-tape": "method: qemu-iso\nmedia: tape",
  "monitor-retries-and-repeats": "method: monitor\nrepeat: 2\nfailure_retry: 2",
  "ssh-host-is-a-list": "method: ssh\nparameters: {hostID: [ipv4]}",
  "schroot-unnamed": "method: schroot\nconnection: ssh",
  "schroot-over-serial": "method: schroot\nconnection: serial\nschroot: sid",
  "new_connection-unnamed": "method: new_connection",
  "new_connection-is-a-number": "method: new_connection\nconnection: 1",
  "kexec-without-message": "method: kexec\nkernel: /k",
  "kexec-options-is-a-text": "method: kexec\nboot_message: a\noptions: --reuse-cmdline",
  "kexec-message-is-no-pattern": "method: kexec\nboot_message: '['",
  "fastboot-commands-is-a-text": "method: fastboot\ncommands: continue",
  "fastboot-docker-is-a-text": "method: fastboot\ndocker: lab/adb",
  "dfu-ignoring-as-a-text": "method: dfu\nignore_kernel_messages: always",
  "cmsis-dap-namespace-common": "method: cmsis-dap\nnamespace: common",
  "openocd-timeout-of-two-units": "method: openocd\ntimeout: {minutes: 1, seconds: 1}",
  "pyocd-zero-retries": "method: pyocd\nfailure_retry: 0",
  "jlink-prompts-is-a-text": "method: jlink\nprompts: a",
  "jlink-commands-is-a-text": "method: jlink\ncommands: r",
  "gdb-without-commands": "method: gdb",
  "gdb-commands-is-a-list": "method: gdb\ncommands: [openocd]",
  "musca-empty-prompt": "method: musca\nprompts: ['']",
  "recovery-without-commands": "method: recovery",
  "recovery-unknown-command": "method: recovery\ncommands: enter",
  "qdl-without-rawprogram": "method: qdl\nfirehose_program: a",
  "qdl-debug-is-a-text": 'method: qdl\nfirehose_program: a\nrawprogram: b\ndebug: "on"',
  "docker-without-command": "method: docker",
  "docker-command-is-a-list": "method: docker\ncommand: [bash]",
  "nodebooter-without-command": "method: nodebooter",
  "avh-without-prompts": "method: avh",
  "avh-unknown-bootargs": "method: avh\nprompts: [a]\nbootargs: [a]",
  "fvp-without-image": "method: fvp\nconsole_string: a\narguments: [a]\ndocker: {name: a1}",
  "fvp-docker-without-name": "method: fvp\nconsole_string: a\narguments: [a]\nimage: a\ndocker: {image: a1}",
  "fvp-arguments-is-a-text": "method: fvp\nconsole_string: a\narguments: a\nimage: a\ndocker: {name: a1}",
  "uuu-without-commands": "method: uuu",
  "uuu-two-commands-in-one": "method: uuu\ncommands: [{uuu: a, bcu: b}]",
  "uuu-command-is-a-text": "method: uuu\ncommands: ['-b sd {boot}']",
};

describe("names on secondary media", () => {
  it.each(["u-boot", "grub"])("of %s are unknown to LAVA's strict schema, and only a warning otherwise", (method) => {
    const text = jobOf(`method: ${method}\ncommands: sata\nkernel: /vmlinuz\nroot_uuid: UUID=1\nboot_part: 1`);
    const verdict = (strict: boolean) => loadJob(text, "job.yaml", { strict }).problems.map(({ severity }) => severity);
    expect(verdict(true)).toEqual(["error", "error", "error"]);
    expect(verdict(false)).toEqual(["warning", "warning", "warning"]);
  });
});

describe("boot methods", () => {
  it.each(Object.entries(GOOD))("%s: every key is accepted, strictly", (_, block) => {
    expect(shown(loadJob(jobOf(block), "job.yaml", { strict: true }).problems)).toBe("");
  });

  it.each(Object.entries(GOOD))("%s: a key that it does not know is refused when strict", (_, block) => {
    const of = (strict: boolean) => loadJob(jobOf(`${block}\nwith_sugar: true`), "job.yaml", { strict }).problems;
    expect(of(true)).toMatchObject([{ severity: "error" }]);
    expect(of(false)).toMatchObject([{ severity: "warning" }]);
  });

  it.each(Object.entries(BAD))("%s is refused when strict, and told always", (name, block) => {
    const { problems } = loadJob(jobOf(block), "job.yaml", { strict: false });
    const strict = loadJob(jobOf(block), "job.yaml", { strict: true }).problems;
    expect(problems).not.toEqual([]);
    expect(strict.filter(({ severity }) => severity === "error")).not.toEqual([]);
    expectGolden(`definition/boot/${name}.txt`, shown(problems));
  });

  it("every method has a good and a bad block; every golden file belongs to a case", () => {
    const methods = readdirSync(new URL("../../src/definition/schemas/boot/", import.meta.url))
      .map((file) => file.replace(".yaml", ""))
      .filter((method) => !["u-boot", "qemu", "minimal"].includes(method));
    const of = (blocks: { [name: string]: string }) =>
      new Set(Object.values(blocks).map((block) => /^method: (\S+)/.exec(block)?.[1]));
    expect(methods.filter((method) => !of(GOOD).has(method) || !of(BAD).has(method))).toEqual([]);
    const files = readdirSync(new URL("../golden/definition/boot/", import.meta.url));
    expect(files.sort()).toEqual(
      Object.keys(BAD)
        .map((name) => `${name}.txt`)
        .sort(),
    );
  });
});
