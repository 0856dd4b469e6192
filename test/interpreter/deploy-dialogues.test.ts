/** Deploy methods that talk to the board, as whole jobs in virtual time. */
import { describe, expect, it } from "vitest";
import type { JsonMap } from "../../src/base/json.js";
import type { Rule } from "../connections/scripted-connection.js";
import { DEVICE, PROMPT, runVirtually } from "./virtual-board.js";

const job = (actions: string) => `
device_type: board
job_name: virtual
timeouts: { job: { minutes: 10 }, action: { minutes: 1 } }
visibility: public
actions:
${actions}
`;
const withMethods = (methods: string, more = "") =>
  DEVICE.replace(
    "methods: { tftp: null }",
    `connections: { serial: null, fastboot: null }, methods: { ${methods} }`,
  ).replace("parameters: {}", `parameters: { media: { usb: { stick: { uuid: usb-Stick_1 } } } }\n${more}`);
const effects = ({ journal }: Awaited<ReturnType<typeof runVirtually>>) =>
  journal.flatMap((r) => (r.kind === "effect" && r.phase === "start" ? [r.src] : []));
/** A service that only says what it was asked. */
const asked = (name: string, into: JsonMap[], data: JsonMap = {}) => ({
  [name]: {
    name,
    run: async (input: JsonMap) => {
      into.push(input);
      return { data };
    },
  },
});

/** Downloads that are there already. */
const downloads = {
  "http-download": {
    name: "http-download",
    run: async ({ key }: JsonMap) => ({
      data: { downloads: { [String(key)]: { file: `/w/downloads/${key}/file.img`, name: "file.img" } } },
    }),
  },
};

describe("firmware of a board whose controller has a console", () => {
  const device = withMethods(
    `vemsd: { parameters: { mcc_prompt: 'Cmd>', autorun_prompt: 'Press Enter to stop auto boot', msd_mount_cmd: usb_on,
      flash_prompt: 'Flash>', flash_enter_cmd: flash, flash_erase_cmd: eraseall, flash_erase_msg: Erasing Flash, flash_exit_cmd: exit } }`,
    "usb_filesystem_label: BOARD01",
  );
  const text = job("- deploy: { to: vemsd, recovery_image: { url: 'http://files.example/r.zip', compression: zip } }");
  const rules: { [name: string]: Rule } = {
    stop: { input: " ", output: "\r\nCmd> " },
    usb: { input: "usb_on", output: "Enabling debug USB...\r\nCmd> " },
    flash: { input: "flash", output: "\r\nFlash> " },
    erase: { input: "eraseall", output: ["\r\nErasing Flash image\r\n", "\r\nFlash> "], delay: 2_000 },
    exit: { input: "exit", output: "\r\nCmd> " },
  };
  const onReset = (board: { say(output: string, after?: number): void }) =>
    board.say("\r\nARM V2M boot\r\nPress Enter to stop auto boot...\r\n", 300);

  const services = {
    ...downloads,
    ...asked("archive-extract", [], { archive: { directory: "/w/archive" } }),
    ...asked("mount-device", [], { mount: { directory: "/mnt" } }),
  };

  it("is copied to its disk and its flash is erased, each step when the prompt is back", async () => {
    const mounted: JsonMap[] = [];
    const run = await runVirtually({
      job: text,
      device,
      rules,
      onReset,
      services: { ...services, ...asked("mount-device", mounted, { mount: { directory: "/mnt" } }) },
    });
    expect(run.verdict).toEqual({ result: "pass", further: [] });
    expect(run.board.lines).toEqual([" ", "usb_on", "flash", "eraseall", "exit"]);
    expect(mounted).toEqual([{ device: "/dev/disk/by-label/BOARD01" }]);
    const order = effects(run).filter((src) => /mount|copy|archive|wait-for/.test(String(src)));
    expect(order).toEqual(["archive-extract", "wait-for-device", "mount-device", "copy-files", "unmount-device"]);
  });

  it("a controller that does not stop is an InfrastructureError of that action", async () => {
    const { verdict } = await runVirtually({
      job: text,
      device,
      rules: { ...rules, stop: { input: " ", output: "" } },
      onReset,
      services,
    });
    expect(verdict).toMatchObject({
      result: "fail",
      error: { class: "InfrastructureError", action: "enter-vexpress-mcc" },
    });
  });
});

describe("writing a disk of the board", () => {
  const boot =
    "- boot: { method: minimal, namespace: running, prompts: ['root@board:/root#'], timeout: { seconds: 60 } }\n";
  const text = (more: string) =>
    job(
      `${boot}- deploy: { to: usb, namespace: written, device: stick, image: { url: 'http://files.example/disk.img', root_partition: 0 }, timeout: { minutes: 5 }, ${more} }`,
    );
  const device = withMethods("usb: null").replace("methods: { u-boot:", "methods: { minimal: null, u-boot:");
  const onReset = (board: { say(output: string, after?: number): void }) =>
    board.say(`\r\nLinux version 6.1\r\n${PROMPT}`, 300);
  const services = {
    "http-server": {
      name: "http-server",
      run: async () => ({ data: { http: { url: "http://10.0.0.1/tmp", root: "/w" } } }),
    },
    ...downloads,
  };
  const there: Rule = { input: /^test -b/, output: `<LAVA_SIGNAL_RETRUNCODE 0>\r\n${PROMPT}` };
  const download =
    "download: { tool: /usr/bin/wget, options: '-S -O - {DOWNLOAD_URL}', prompt: 'awaiting response' }, tool: { flags: conv=fsync }";
  const line =
    "/usr/bin/wget -S -O - http://10.0.0.1/tmp/downloads/image/file.img | dd of='/dev/disk/by-id/usb-Stick_1' bs=4M conv=fsync";

  it("the running system fetches the image and writes it with dd", async () => {
    const dd: Rule = {
      input: /^\/usr\/bin\/wget/,
      output: ["HTTP request sent, awaiting response...\r\n", "0+90 records in\r\n0+90 records out\r\n", PROMPT],
      delay: 3_000,
    };
    const { verdict, board } = await runVirtually({
      job: text(download),
      device,
      rules: { there, dd },
      services,
      onReset,
    });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(board.lines).toContain(`test -b '/dev/disk/by-id/usb-Stick_1' ; printf "<LAVA_SIGNAL_RETRUNCODE $?>\\n"`);
    expect(board.lines.at(-1)).toBe(line);
  });

  it("a disk that the board has not is never written: its name would become a file", async () => {
    const missing: Rule = { input: /^test -b/, output: `<LAVA_SIGNAL_RETRUNCODE 1>\r\n${PROMPT}` };
    const { verdict, board } = await runVirtually({
      job: text(download),
      device,
      rules: { missing },
      services,
      onReset,
    });
    expect(verdict).toMatchObject({ result: "fail", error: { class: "InfrastructureError", action: "dd-image" } });
    expect(board.lines.filter((typed) => typed.includes("wget"))).toEqual([]);
  });

  it("a download that fails ends at once, not with the timeout", async () => {
    const dd: Rule = {
      input: /^\/usr\/bin\/wget/,
      output: ["awaiting response... 404 Not Found\r\n", `wget: server returned error\r\n${PROMPT}`],
    };
    const { verdict, ms } = await runVirtually({
      job: text(download),
      device,
      rules: { there, dd },
      services,
      onReset,
    });
    expect(verdict).toMatchObject({ result: "fail", error: { class: "JobError", action: "dd-image" } });
    expect(ms).toBeLessThan(60_000);
  });

  it("a writer of the board's own does without dd", async () => {
    const writer =
      "writer: { tool: /usr/bin/bmaptool, options: 'copy {DOWNLOAD_URL} {DEVICE}', prompt: 'bmaptool: info' }";
    const bmap: Rule = { input: /^\/usr\/bin\/bmaptool/, output: ["bmaptool: info: 10%\r\n", PROMPT], delay: 1_000 };
    const { verdict, board } = await runVirtually({
      job: text(writer),
      device,
      rules: { there, bmap },
      services,
      onReset,
    });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(board.lines.at(-1)).toBe(
      "/usr/bin/bmaptool copy http://10.0.0.1/tmp/downloads/image/file.img /dev/disk/by-id/usb-Stick_1",
    );
  });
});

describe("fastboot over U-Boot", () => {
  it("is entered from U-Boot's prompt; then the images are flashed in the device's order", async () => {
    const flashed: JsonMap[] = [];
    const { verdict, board, power } = await runVirtually({
      job: job(
        "- deploy: { to: fastboot, images: { zzz: { url: 'http://x/z' }, boot: { url: 'http://x/b', reboot: fastboot-reboot } } }",
      ),
      device: withMethods(
        "fastboot: null, u-boot: { parameters: { bootloader_prompt: '=> ', fastboot: { commands: [ setenv x 1, fastboot 0 ] } } }",
        "fastboot_via_uboot: true\nadb_serial_number: a1\nfastboot_serial_number: f1\nfastboot_options: [-i, '0x1']\nflash_cmds_order: [boot]",
      ),
      services: {
        ...asked("run-tool", flashed),
        ...downloads,
      },
    });
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(board.lines.slice(-2).map((typed) => typed.trim())).toEqual(["setenv x 1", "fastboot 0"]);
    expect(flashed.map(({ command }) => command)).toEqual([
      ["fastboot", "-s", "f1", "flash", "boot", "/w/downloads/boot/file.img", "-i", "0x1"],
      ["fastboot", "-s", "f1", "reboot", "-i", "0x1"],
      ["fastboot", "-s", "f1", "flash", "zzz", "/w/downloads/zzz/file.img", "-i", "0x1"],
    ]);
    expect(power.map((entry) => entry.split(" ").slice(1).join(" "))).toEqual(["board reset", "board off"]);
  });
});
