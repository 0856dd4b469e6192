/** Boot methods that run tools: what each tool is told, as whole jobs in virtual time and then with stand-ins in PATH. */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isMap, type JsonMap } from "../../src/base/json.js";
import { captureOutput } from "../../src/services/capture-output.js";
import { decide } from "../../src/services/decide.js";
import { dig } from "../../src/services/overlay/inputs.js";
import { runTool } from "../../src/services/run-tool.js";
import { writeText } from "../../src/services/write-text.js";
import { type TestContext, testContext } from "../services/service-context.js";
import { type StandIns, standIns } from "../services/stand-in.js";
import { DEVICE, runVirtually } from "./virtual-board.js";

interface Step {
  service: string;
  input: JsonMap;
}

/** Runs one boot block after a deployment of `files`; gives what the services named were asked, in order. */
async function steps(
  block: string,
  device: { boot: string; more?: string },
  files: JsonMap,
  answers: JsonMap = {},
): Promise<Step[]> {
  const asked: Step[] = [];
  const record = (service: string) => ({
    [service]: {
      name: service,
      run: async (input: JsonMap) => {
        asked.push({ service, input });
        const data = answers[service];
        return { ...(isMap(data) && { data }) };
      },
    },
  });
  const job = `
device_type: board
job_name: virtual
timeouts: { job: { minutes: 10 }, action: { minutes: 1 } }
visibility: public
actions:
- deploy: { to: downloads, images: { a: { url: "http://files.example/a" } } }
- boot: ${block}
`;
  const text = DEVICE.replace("methods: { u-boot:", `methods: { ${device.boot}, u-boot:`).replace(
    "parameters: {}",
    `parameters: {}\n${device.more ?? ""}`,
  );
  const { verdict, board } = await runVirtually({
    job,
    device: text,
    services: {
      ...record("run-tool"),
      ...record("wait-for-device"),
      ...record("copy-to-disk"),
      ...record("capture-output"),
      ...record("write-text"),
      decide,
      "http-download": { name: "http-download", run: async () => ({ data: { downloads: files } }) },
    },
  });
  expect(verdict).toEqual({ result: "pass", further: [] });
  typed = board.lines;
  return asked;
}

const USB = "board_id: A1B2\nusb_vendor_id: '1fc9'\nusb_product_id: '0135'";
const IMAGE = { file: "/w/zephyr 1.bin", name: "zephyr 1.bin" };

/** What was typed on the board in the last run. */
let typed: string[] = [];
let context: TestContext;
let tools: StandIns;
beforeEach(() => {
  context = testContext();
  tools = standIns();
  context.env = { ...context.env, PATH: tools.path };
});
afterEach(async () => {
  await context.cleanup();
  tools.remove();
});

const inputOf = (asked: Step[], service: string): JsonMap => {
  const found = asked.filter((step) => step.service === service);
  expect(found).toHaveLength(1);
  return found[0]!.input;
};

/** A tool ends well, then says what its failures look like and returns 0, then is missing. */
async function behaves(name: string, input: JsonMap, expected: string[][], good: string, bad: string): Promise<void> {
  tools.tool(name, good);
  await context.use(runTool, input);
  expect(tools.calls().filter(([tool]) => tool === name)).toEqual(expected);
  tools.tool(name, bad);
  await expect(context.use(runTool, input)).rejects.toMatchObject({ name: context.action.commandError });
  tools.tool(name, "echo it went wrong; exit 3");
  await expect(context.use(runTool, input)).rejects.toThrow("it went wrong");
  context.env.PATH = "/nowhere";
  if (!runTool.programs?.({ input, device: {}, parameters: {} }).includes(name))
    throw new Error(`${name} is not looked up`);
}

describe("dfu-util", () => {
  const files = {
    boot: { file: "/w/boot.bin", name: "boot.bin", image_arg: "--alt 0 --download {boot}" },
    rootfs: { file: "/w/root fs.img", name: "root fs.img", image_arg: "--alt 1 --download {rootfs}" },
    notes: { file: "/w/notes", name: "notes" },
  };
  const base = ["dfu-util", "--serial", "A1B2", "--device", "1fc9:0135"];
  const GOOD = "printf 'No error condition is present\\nDone!\\n'";

  it("writes each image that says where; the last run resets the board", async () => {
    const asked = await steps(
      "{ method: dfu }",
      { boot: "dfu: { parameters: { command: dfu-util } }", more: USB },
      files,
    );
    expect(asked.map(({ service }) => service)).toEqual(["wait-for-device", "run-tool"]);
    expect(asked[0]?.input).toEqual({ match: [{ serial: "A1B2", vendor: "1fc9", product: "0135" }] });
    await behaves(
      "dfu-util",
      inputOf(asked, "run-tool"),
      [
        [...base, "--alt", "0", "--download", "/w/boot.bin"],
        [...base, "--alt", "1", "--download", "/w/root fs.img", "--reset"],
      ],
      GOOD,
      "echo 'No DFU capable USB device available'",
    );
  });

  it("after U-Boot was told to enter DFU mode", async () => {
    const boot = `dfu: { implementation: u-boot, reset_works: false, parameters: { command: dfu-util, options: ["-E 5"], enter-commands: ["setenv x y"] } }`;
    const asked = await steps("{ method: dfu }", { boot, more: USB }, { boot: files.boot });
    await behaves(
      "dfu-util",
      inputOf(asked, "run-tool"),
      [["dfu-util", "-E", "5", ...base.slice(1), "--alt", "0", "--download", "/w/boot.bin"]],
      GOOD,
      "echo nothing",
    );
  });

  it("has nothing to do without an image that says where", async () => {
    const asked = await steps(
      "{ method: dfu }",
      { boot: "dfu: { parameters: { command: dfu-util } }", more: USB },
      { notes: files.notes },
    );
    await expect(context.use(runTool, inputOf(asked, "run-tool"))).rejects.toThrow("nothing to flash");
  });
});

describe("J-Link", () => {
  const boot = `jlink: { parameters: { command: JLinkExe, processor: MK64, address: 1024, supported_core_types: [M4], erase_command: [erase], reset_command: [r, g], options: ["-if SWD", "-speed 4000"] } }`;

  it("gets a script that loads and verifies each image", async () => {
    const asked = await steps(
      "{ method: jlink }",
      { boot, more: USB },
      { zephyr: IMAGE },
      { "write-text": { files: { "flash.jlink": "/w/flash.jlink" } } },
    );
    const script = await context.use(writeText, inputOf(asked, "write-text"));
    expect(readFileSync(String(dig(script?.data?.files, "flash.jlink")), "utf8")).toBe(
      "r\nh\nsleep 500\nerase\nloadfile /w/zephyr 1.bin 0x400\nverifybin /w/zephyr 1.bin 0x400\nr\ng\nqc\n",
    );
    await behaves(
      "JLinkExe",
      inputOf(asked, "run-tool"),
      [
        [
          "JLinkExe",
          "-autoconnect",
          "1",
          "-SelectEmuBySN",
          "A1B2",
          "-device",
          "MK64",
          "-if",
          "SWD",
          "-speed",
          "4000",
          "-ExitOnError",
          "1",
          "-CommanderScript",
          "/w/flash.jlink",
        ],
      ],
      "echo O.K.",
      "echo 'Cannot connect to target.'",
    );
  });

  it("takes the job's own commands and core", async () => {
    const asked = await steps(
      `{ method: jlink, coretype: M4, commands: ["loadbin {zephyr} 0x0"] }`,
      { boot, more: USB },
      { zephyr: IMAGE },
      { "write-text": { files: { "flash.jlink": "/w/f" } } },
    );
    expect((inputOf(asked, "write-text").lines as string[]).slice(3, 5)).toEqual(["erase", "loadbin {zephyr} 0x0"]);
    const { command } = inputOf(asked, "run-tool");
    expect(command).toEqual(expect.arrayContaining(["MK64_M4"]));
  });
});

describe("OpenOCD", () => {
  const options = `{ file: [board/x.cfg], search: [/usr/share], command: [init, "program {ZEPHYR} verify"], debug: 2 }`;
  const rest = ["-s", "/usr/share", "-d", "2", "-c", "init", "-c", "program /w/zephyr 1.bin verify"];

  it("gets the board, files, folders and commands", async () => {
    const boot = `openocd: { board_selection_cmd: "serial A1B2", parameters: { command: openocd, options: ${options} } }`;
    const asked = await steps(
      "{ method: openocd }",
      { boot, more: USB },
      { zephyr: IMAGE },
      { "write-text": { files: { "board.cfg": "/w/board.cfg" } } },
    );
    expect(inputOf(asked, "write-text")).toEqual({ name: "board.cfg", lines: ["serial A1B2"] });
    await behaves(
      "openocd",
      inputOf(asked, "run-tool"),
      [["openocd", "-f", "/w/board.cfg", "-f", "board/x.cfg", ...rest]],
      "echo '** Verified OK **' >&2",
      "echo 'Error: open failed' >&2",
    );
  });

  it("a downloaded script takes the place of the device's files", async () => {
    const boot = `openocd: { parameters: { command: openocd, options: ${options} } }`;
    const asked = await steps(
      "{ method: openocd }",
      { boot, more: USB },
      { zephyr: IMAGE, openocd_script: { file: "/w/o.cfg", name: "o.cfg" } },
    );
    await context.use(runTool, inputOf(asked, "run-tool")).catch(() => {});
    tools.tool("openocd");
    await context.use(runTool, inputOf(asked, "run-tool"));
    expect(tools.calls()).toEqual([["openocd", "-f", "/w/o.cfg", ...rest]]);
  });
});

describe("pyOCD", () => {
  it("flashes each image by the probe's number", async () => {
    const boot = `pyocd: { parameters: { command: pyocd, options: [load, "-t k64f"] } }`;
    const asked = await steps("{ method: pyocd }", { boot, more: USB }, { zephyr: IMAGE });
    expect(asked.map(({ service }) => service)).toEqual(["wait-for-device", "run-tool"]);
    await behaves(
      "pyocd",
      inputOf(asked, "run-tool"),
      [["pyocd", "load", "-t", "k64f", "--uid", "A1B2", "/w/zephyr 1.bin"]],
      "echo '0001234 I Erased'",
      "echo '0000411 C No available debug probes are connected [__main__]'; echo CRITICAL",
    );
  });
});

describe("qdl", () => {
  it("flashes from the folder of the archive, the board chosen by its number", async () => {
    const block =
      "{ method: qdl, firehose_program: p.elf, rawprogram: r.xml, patch: p.xml, storage: ufs, debug: true }";
    const boot = `qdl: { parameters: { command: qdl, enter-commands: ["setenv edl"] } }`;
    const asked = await steps(
      block,
      { boot, more: "board_qdl_id: '12345678'" },
      { qcomflash: { file: context.paths.work, name: "q" } },
    );
    expect(asked[0]).toEqual({
      service: "wait-for-device",
      input: { match: [{ vendor: "05c6", product: "9008", name: "12345678" }] },
    });
    await behaves(
      "qdl",
      inputOf(asked, "run-tool"),
      [["qdl", "--serial", "12345678", "--debug", "--storage", "ufs", "--include", ".", "p.elf", "r.xml", "p.xml"]],
      "echo 'flashed successfully'",
      "echo 'failed to read rawprogram' >&2",
    );
  });
});

describe("fastboot", () => {
  const more =
    "adb_serial_number: a1\nfastboot_serial_number: f1\nfastboot_options: ['-i', '0x18d1']\ndevice_info: [{ board_id: f1 }]";

  it("runs the block's commands first, then boots the image", async () => {
    const asked = await steps(
      `{ method: fastboot, commands: ["oem unlock 'a b'"] }`,
      { boot: "fastboot: [boot, reboot]", more },
      { boot: { file: "/w/boot.img", name: "boot.img" } },
    );
    expect(asked.map(({ service }) => service)).toEqual([
      "run-tool",
      "wait-for-device",
      "run-tool",
      "wait-for-device",
      "run-tool",
    ]);
    tools.tool("fastboot", "echo OKAY");
    for (const { service, input } of asked) if (service === "run-tool") await context.use(runTool, input);
    expect(tools.calls()).toEqual([
      ["fastboot", "-s", "f1", "oem", "unlock", "a b", "-i", "0x18d1"],
      ["fastboot", "-s", "f1", "boot", "/w/boot.img", "-i", "0x18d1"],
      ["fastboot", "-s", "f1", "reboot", "-i", "0x18d1"],
    ]);
    tools.tool("fastboot", "echo 'FAILED (remote: locked)'");
    for (const { service, input } of asked)
      if (service === "run-tool") await expect(context.use(runTool, input)).rejects.toThrow("FAILED (remote: locked)");
  });
});

describe("uuu and bcu", () => {
  const boot = `uuu: { options: { usb_otg_path: ["1:2", "3:4"], corrupt_boot_media_command: ["setenv bad"], bcu_board_name: imx8, bcu_board_id: "", bcu_board_id_command: [cat, id] } }`;
  const captured = { captured: { otg: ["1:2", "3:4"], board: ["2-1.3"] } };
  const files = { boot: { file: "/w/imx boot.bin", name: "imx boot.bin" } };

  it("each command goes to the tool that takes it", async () => {
    const block = `{ method: uuu, commands: [{ bcu: reset usb }, { uuu: "-b sd {boot}" }, { SDPS: "boot -f {boot}" }] }`;
    const asked = await steps(block, { boot }, files, { "capture-output": captured });
    tools.tool("uuu", "echo Success");
    tools.tool("bcu");
    const input = inputOf(asked, "run-tool");
    await context.use(runTool, input);
    const usb = ["-m", "1:2", "-m", "3:4"];
    expect(tools.calls()).toEqual([
      ["bcu", "reset", "usb", "-board=imx8", "-id=2-1.3"],
      ["uuu", ...usb, "-b", "sd", "/w/imx boot.bin"],
      ["uuu", ...usb, "SDPS:", "boot", "-f", "/w/imx boot.bin"],
    ]);
    tools.tool("uuu", "echo 'Error: wait for known USB timeout'");
    await expect(context.use(runTool, input)).rejects.toThrow("wait for known USB timeout");
  });

  it("what a command of the device tells has to have its form", async () => {
    const asked = await steps(`{ method: uuu, commands: [{ bcu: set_boot_mode sd }] }`, { boot }, files, {
      "capture-output": captured,
    });
    const input = inputOf(asked, "capture-output");
    context.env.PATH = `${tools.folder}:${context.env.PATH}`;
    tools.tool("cat", "echo 2-1.3");
    expect(await context.use(captureOutput, input)).toEqual({ data: captured });
    tools.tool("cat", "echo '2-1.3; reboot'");
    await expect(context.use(captureOutput, input)).rejects.toThrow("not of the right form: '2-1.3; reboot'");
  });

  it("a board that is in its download mode keeps its boot medium", async () => {
    const block = `{ method: uuu, commands: "-b emmc {boot}" }`;
    const listed = (usb: string) => ({ "capture-output": captured, "run-tool": { tool: { usb } } });
    const spoiled = async (usb: string) => {
      const asked = await steps(block, { boot }, files, listed(usb));
      expect(asked.map(({ service }) => service)).toEqual(["capture-output", "run-tool", "capture-output", "run-tool"]);
      expect(asked[1]?.input).toMatchObject({ command: ["uuu", "-lsusb"] });
      return typed.some((line) => line.trim() === "setenv bad");
    };
    expect(await spoiled("\tPath\t Chip\t Pro\n\t1:2\t MX8MQ\t SDP:\t 0x1FC9\n")).toBe(false);
    expect(await spoiled("\tPath\t Chip\t Pro\n\t11:2\t MX8MQ\t SDP:\t 0x1FC9\n")).toBe(true);
  });
});

describe("a CMSIS-DAP disk", () => {
  it("takes all images, then the serial line is awaited", async () => {
    const boot = `cmsis-dap: { parameters: { usb_mass_device: /dev/disk/by-id/usb-x, post_unmount_delay: 2 } }`;
    const asked = await steps("{ method: cmsis-dap }", { boot, more: USB }, { zephyr: IMAGE });
    expect(asked).toEqual([
      { service: "wait-for-device", input: { match: [{ path: "/dev/disk/by-id/usb-x" }] } },
      { service: "copy-to-disk", input: { device: "/dev/disk/by-id/usb-x", files: ["/w/zephyr 1.bin"], settle: 2000 } },
      {
        service: "wait-for-device",
        input: { match: [{ kind: "tty", serial: "A1B2", vendor: "1fc9", product: "0135", driver: "cdc_acm" }] },
      },
    ]);
  });
});
