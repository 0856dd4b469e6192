/** Boot methods that talk with firmware, bootloaders and systems, as whole jobs in virtual time. */
import { describe, expect, it } from "vitest";
import type { JsonMap } from "../../src/base/json.js";
import { bootloaderSubstitute } from "../../src/services/bootloader-substitute.js";
import type { Rule, ScriptedConnection } from "../connections/scripted-connection.js";
import { DEVICE, login, PROMPT, runVirtually } from "./virtual-board.js";

const job = (...blocks: string[]) => `
device_type: board
job_name: virtual
timeouts: { job: { minutes: 10 }, action: { minutes: 1 } }
visibility: public
actions:
${blocks.map((block) => `- boot: ${block}\n`).join("")}
`;
const withMethods = (methods: string) => DEVICE.replace("methods: { u-boot:", `methods: { ${methods}, u-boot:`);
const LOGIN = `auto_login: { login_prompt: "board login:", username: root }, prompts: ["root@board:/root#"]`;

const MENU = `{ interrupt_prompt: The default boot selection will start in, interrupt_string: " ", item_markup: ["[", "]"], item_class: "0-9", separator: "[ .]", label_class: "A-Za-z0-9 ", bootloader_prompt: "Start:" }`;
const main = "\r\n[1] Linaro image\r\n[2] Shell\r\n[3] Boot Manager\r\n------\r\nStart: ";
const manager = "\r\n[1] Add Boot Device Entry\r\n[2] Return to main menu\r\nChoice: ";

/** The real substitution, for menus; commands as the virtual board has them. */
const substituting = {
  "bootloader-substitute": {
    name: "bootloader-substitute",
    run: (input: JsonMap, context: Parameters<typeof bootloaderSubstitute.run>[1]) =>
      bootloaderSubstitute.run(input, context),
  },
};

interface Menu {
  /** What the menu shows when it is opened, and after each line typed. */
  opening?: string;
  rules: { [name: string]: Rule };
}

const play = (text: string, device: string, { opening = main, rules }: Menu) =>
  runVirtually({
    job: text,
    device,
    services: substituting,
    rules,
    onReset: (board: ScriptedConnection) => {
      board.say("\r\nThe default boot selection will start in 10 seconds\r\n", 300);
      board.say(opening, 900);
    },
  });

describe("a firmware's menu", () => {
  const entries = `
    - select: { items: [Boot Manager], wait: "Choice:" }
    - select: { items: [Add Boot Device Entry], wait: "Select the Boot Device:" }
    - select: { enter: "3", wait: "kernel:" }
    - select: { enter: "zImage for {LAVA_JOB_ID}" }
    - select: { enter: y, wait: "Choice:" }
    - select: { items: [Return to main menu], wait: "Start:" }
    - select: { items: [LAVA TEST] }`;
  const device = withMethods(`uefi-menu: { parameters: ${MENU}, net: ${JSON.stringify("@")} }`).replace(
    '"@"',
    `[${entries
      .trim()
      .split("\n")
      .map((line) => `{ ${line.trim().replace(/^- /, "")} }`)
      .join(", ")}]`,
  );
  const rules: { [name: string]: Rule } = {
    manager: { input: /^ 3$/, output: manager, times: 1 },
    add: { input: /^1$/, output: "\r\n[1] NOR\r\n[3] Network\r\nSelect the Boot Device: ", times: 1 },
    three: { input: /^3$/, output: "\r\nFile path of the kernel: " },
    image: { input: /^zImage/, output: "\r\nIs an EFI Application? " },
    yes: { input: /^y$/, output: manager },
    back: { input: /^2$/, output: main.replace("Shell", "LAVA TEST") },
    test: { input: /^2$/, output: ["\r\nEFI stub: booting\r\n", login] },
  };

  it("is gone through choice by choice, items by what stands before the prompt", async () => {
    let backs = 0;
    const { verdict, board } = await play(job(`{ method: uefi-menu, commands: net, ${LOGIN} }`), device, {
      rules: {
        ...rules,
        back: {
          input: /^2$/,
          output: () => (backs++ === 0 ? main.replace("Shell", "LAVA TEST") : ["\r\nEFI stub\r\n", login]),
        },
      },
    });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(board.lines.slice(0, 7)).toEqual([" 3", "1", "3", "zImage for 7", "y", "2", "2"]);
  });

  it("without the entry is a JobError that names it", async () => {
    const { verdict } = await play(job(`{ method: uefi-menu, commands: net, ${LOGIN} }`), device, {
      rules: {},
      opening: "\r\n[1] Shell\r\n[2] Boot Manager of old\r\nStart: ",
    });
    expect(verdict).toMatchObject({
      error: { class: "JobError", message: "No selection was made: the menu has no entry 'Boot Manager'" },
    });
  });

  it("that is printed twice counts as it stands last; an entry may have another in its place", async () => {
    const short = withMethods(
      `uefi-menu: { parameters: ${MENU}, net: [{ select: { items: [PXE], fallback: Shell } }] }`,
    );
    const { verdict, board } = await play(job(`{ method: uefi-menu, commands: net, ${LOGIN} }`), short, {
      opening: `\r\n[1] Shell\r\n${main.replace("[2] Shell", "[5] Shell")}`,
      rules: { five: { input: /^ 5$/, output: ["\r\nEFI stub\r\n", login] } },
    });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(board.lines[0]).toBe(" 5");
  });

  it("leads to the UEFI shell, whose start-up script is stopped and whose lines end as a terminal's", async () => {
    const uefi = `{ interrupt_prompt: The default boot selection will start in, interrupt_string: " ", item_markup: ["[", "]"], item_class: "0-9", separator: " ",
      bootloader_prompt: "Shell>", menu_prompt: "Start:", menu_boot_message: UEFI Interactive Shell, shell_menu: shell, shell_interrupt_prompt: any other key to continue, shell_interrupt_string: " " }`;
    const shell = withMethods(
      `uefi: { parameters: ${uefi}, shell: [{ select: { items: [Shell] } }], net: { commands: [x] } }`,
    );
    const { verdict, board } = await play(
      job(`{ method: uefi, commands: ["fs0:", "kernel root=/dev/ram0"], ${LOGIN} }`),
      shell,
      {
        rules: {
          shell: {
            input: /^ 2$/,
            output: [
              "\r\nUEFI Interactive Shell v2.2\r\nPress ESC to skip or any other key to continue.\r\n",
              "\r\nShell> ",
            ],
            delay: 500,
          },
          fs: { input: /^ ?fs0:$/, output: "\r\nFS0:\\> \r\nShell> " },
          kernel: { input: /^kernel/, output: ["\r\nEFI stub\r\n", login] },
        },
      },
    );
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(board.written).toContain("fs0:\r\n");
    expect(board.written).toContain("kernel root=/dev/ram0\r\n");
  });

  it("starts GRUB, whose command line comes next", async () => {
    const grub = withMethods(
      `grub-efi: { menu_options: pxe, line_separator: unix, parameters: { bootloader_prompt: "grub>", interrupt_prompt: for a command-line, interrupt_char: c } }, uefi-menu: { parameters: ${MENU}, pxe: [{ select: { items: [Shell] } }] }`,
    );
    const { verdict, board } = await play(
      job(`{ method: grub-efi, commands: ["linux (tftp)/k", boot], ${LOGIN} }`),
      grub,
      {
        rules: {
          pick: {
            input: /^ 2$/,
            output: ["\r\nGNU GRUB 2.06\r\nPress c for a command-line.\r\n", "\r\ngrub> "],
            delay: 100,
          },
          linux: { input: /linux/, output: "\r\ngrub> " },
          go: { input: "boot", output: login },
        },
      },
    );
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(board.written).toContain(" 2\n");
  });
});

describe("an installer that GRUB starts", () => {
  const device = withMethods(
    `grub: { parameters: { bootloader_prompt: "grub>", interrupt_prompt: for a command-line, interrupt_char: c } }`,
  );
  const install = (output: string[]) =>
    runVirtually({
      job: job(`{ method: grub, commands: [boot], boot_finished: ["reboot: System halted", "reboot: Power down"] }`),
      device,
      rules: { go: { input: /boot/, output, delay: 1_000 } },
      onReset: (board) => {
        board.say("\r\nGNU GRUB\r\nPress c for a command-line.\r\n", 300);
        board.say("\r\ngrub> ", 900);
      },
    });

  it("is awaited to its last words, then the power goes", async () => {
    const { verdict, power } = await install([
      "Linux version 6.1\r\n",
      "Installing the base system\r\n",
      "reboot: Power down\r\n",
    ]);
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(power.map((line) => line.split(" ").slice(1).join(" "))).toEqual(["board reset", "board off", "board off"]);
  });

  it("that says nothing of the kind ends with the action's time", async () => {
    const { verdict } = await install(["Linux version 6.1\r\n"]);
    expect(verdict).toMatchObject({
      error: { class: "JobError", message: "installer-wait timed out after 59 seconds" },
    });
  });
});

describe("depthcharge", () => {
  const device = withMethods(
    `depthcharge: { parameters: { bootloader_prompt: "dpch:", start_message: Starting netboot }, net: { cmdline: "root=/dev/ram0", commands: ["tftpboot {SERVER_IP} {CMDLINE} {DEPTHCHARGE_RAMDISK}"] } }`,
  );

  it("is awaited by its start message, then by its prompt", async () => {
    const { verdict, board } = await runVirtually({
      job: job(`{ method: depthcharge, commands: net, ${LOGIN} }`),
      device,
      rules: { go: { input: /^tftpboot/, output: ["Starting kernel ...\r\n", login] } },
      onReset: (line) => {
        line.say("\r\ncoreboot-4.8\r\nStarting netboot on veyron...\r\n", 300);
        line.say("dpch: ", 900);
      },
      services: {
        "bootloader-substitute": {
          name: "bootloader-substitute",
          run: async (input) => {
            expect(input).toMatchObject({
              texts: { "{CMDLINE}": { name: "cmdline", text: "root=/dev/ram0" } },
              empty: ["{DEPTHCHARGE_RAMDISK}"],
            });
            return { data: { bootloader: { commands: ["tftpboot 10.0.2.2 x"] } } };
          },
        },
      },
    });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(board.lines[0]).toBe("tftpboot 10.0.2.2 x");
  });
});

describe("kexec", () => {
  const kexec = (more: string) =>
    `{ method: kexec, kernel: /boot/k, dtb: /boot/d, options: ["--reuse-cmdline"], boot_message: Starting new kernel, ${more} ${LOGIN} }`;
  const first = `{ method: minimal, ${LOGIN} }`;
  const device = withMethods("minimal: null");
  const rules: { [name: string]: Rule } = {
    load: { input: /--load/, output: `<LAVA_SIGNAL_RETRUNCODE 0>\r\n${PROMPT}` },
    start: { input: /kexec -e$|sysrq/, output: ["kexec_core: Starting new kernel\r\n", login] },
  };
  const onReset = (board: ScriptedConnection) => board.say(login, 300);

  it("loads the kernel, starts it and logs in again", async () => {
    const { verdict, board } = await runVirtually({ job: job(first, kexec("")), device, rules, onReset });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(board.lines.filter((line) => line.includes("kexec"))).toEqual([
      '/sbin/kexec --load /boot/k --dtb /boot/d --reuse-cmdline ; printf "<LAVA_SIGNAL_RETRUNCODE $?>\\n"',
      "/sbin/kexec -e",
    ]);
  });

  it("looks into the running kernel's configuration where the job asks for it; one that does not name kexec is told", async () => {
    const config = { input: /^zgrep/, output: `<LAVA_SIGNAL_RETRUNCODE 1>\r\n${PROMPT}` };
    const { verdict, board } = await runVirtually({
      job: job(first, kexec("kernel-config: /proc/config.gz,")),
      device,
      rules: { ...rules, config },
      onReset,
    });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(board.lines.filter((line) => line.includes("kexec")).map((line) => line.split(" ; ")[0])).toEqual([
      "zgrep -i kexec /proc/config.gz |grep -v '^#'",
      "/sbin/kexec --load /boot/k --dtb /boot/d --reuse-cmdline",
      "/sbin/kexec -e",
    ]);
  });

  it("without a kernel loads what its options say", async () => {
    const block = `{ method: kexec, options: ["--load /boot/x"], boot_message: Starting new kernel, ${LOGIN} }`;
    const { verdict, board } = await runVirtually({ job: job(first, block), device, rules, onReset });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(board.lines.some((line) => line.startsWith("/sbin/kexec --load /boot/x ;"))).toBe(true);
  });

  it("on a panic: the panic that starts the new kernel is no fault", async () => {
    const { verdict, board } = await runVirtually({
      job: job(first, kexec("on_panic: true, command: kexec,")),
      device,
      rules: {
        ...rules,
        start: {
          input: /sysrq/,
          output: ["Kernel panic - not syncing: sysrq triggered crash\r\nStarting new kernel\r\n", login],
        },
      },
      onReset,
    });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(board.lines).toContain("echo c > /proc/sysrq-trigger");
  });

  it("that the system refuses is a JobError with its return code", async () => {
    const { verdict } = await runVirtually({
      job: job(first, kexec("")),
      device,
      rules: { load: { input: /--load/, output: `Cannot open /boot/k\r\n<LAVA_SIGNAL_RETRUNCODE 255>\r\n${PROMPT}` } },
      onReset,
    });
    expect(verdict).toMatchObject({
      error: { class: "JobError", message: expect.stringContaining("failed with return code 255!") },
    });
  });
});

describe("a further console", () => {
  it("is another line of the running board; nothing waits for a kernel on it", async () => {
    const text = job(
      `{ method: minimal, namespace: a, prompts: ["root@board:/root#"] }`,
      `{ method: new_connection, namespace: b, connection: uart1, ${LOGIN} }`,
    );
    const device = withMethods("minimal: null").replace(
      "connect: telnet 127.0.0.1 1,",
      "connections: { uart0: { connect: telnet localhost 1, tags: [primary] }, uart1: { connect: telnet localhost 2 } },",
    );
    const opened: JsonMap[] = [];
    const { verdict } = await runVirtually({
      job: text,
      device,
      onReset: (board) => board.say(`${login}\r\n${PROMPT}`, 300),
      services: {
        connect: {
          name: "connect",
          run: async (input, context) => {
            opened.push(input);
            const { ScriptedConnection: Scripted } = await import("../connections/scripted-connection.js");
            const booting = opened.length === 1;
            const line = new Scripted({
              clock: context.clock,
              ...(!booting && { greeting: "\r\nboard login: " }),
              rules: [
                { input: "root", output: PROMPT },
                { input: "", output: PROMPT },
              ],
            });
            if (booting) line.say(`${login}\r\n${PROMPT}`, 500);
            context.setConsole(context.openConsole(line, String(input.name)));
            return undefined;
          },
        },
      },
    });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(opened.map(({ command }) => command)).toEqual(["telnet localhost 1", "telnet localhost 2"]);
  });
});
