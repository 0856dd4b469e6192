/** Boot methods that run tools: what each tool is told, as whole jobs in virtual time and then with stand-ins in PATH. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Subject } from "rxjs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { JsonMap } from "../../src/base/json.js";
import { createConsole } from "../../src/connections/console.js";
import { captureOutput } from "../../src/services/capture-output.js";
import { containerStart } from "../../src/services/container-start.js";
import { findProgramService } from "../../src/services/find-program.js";
import { httpRequest } from "../../src/services/http-request.js";
import { runTool } from "../../src/services/run-tool.js";
import type { ServiceRegistry } from "../../src/services/types.js";
import { QuickClock, type TestContext, testContext } from "../services/service-context.js";
import { type StandIns, standIns } from "../services/stand-in.js";
import { type Handler, startFileServer } from "../support/file-server.js";
import { inputOf, steps, typed } from "./tool-steps.js";

const USB = "board_id: A1B2\nusb_vendor_id: '1fc9'\nusb_product_id: '0135'";
const IMAGE = { file: "/w/zephyr 1.bin", name: "zephyr 1.bin" };

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
      { ...inputOf(asked, "run-tool"), heard: [] },
      [["dfu-util", "-E", "5", ...base.slice(1), "--alt", "0", "--download", "/w/boot.bin"]],
      GOOD,
      "echo nothing",
    );
  });

  it("waits after each image until U-Boot says that it has it", async () => {
    const boot = `dfu: { implementation: u-boot, parameters: { command: dfu-util, enter-commands: ["dfu 0 mmc 0"] } }`;
    const input = inputOf(await steps("{ method: dfu }", { boot, more: USB }, files), "run-tool");
    expect(input.heard).toEqual(["DOWNLOAD \\.\\.\\. OK\\r\\nCtrl\\+C to exit"]);
    tools.tool("dfu-util", GOOD);
    await expect(context.use(runTool, input)).rejects.toThrow("console is not open");
    const output = new Subject<Uint8Array>();
    const never = new Promise<never>(() => {});
    const nothing = async () => {};
    const line = { name: "board", output, write: nothing, close: nothing, closed: never, pause() {}, resume() {} };
    context.console = createConsole(line, { clock: context.clock });
    const said = () => output.next(Buffer.from("#\r\nDOWNLOAD ... OK\r\nCtrl+C to exit ...\r\n"));
    const count = () => tools.calls().length;
    let isDone = false;
    const done = context.use(runTool, input).then(() => {
      isDone = true;
    });
    await vi.waitFor(() => expect(count()).toBe(2), 5000);
    expect(isDone).toBe(false);
    said();
    await vi.waitFor(() => expect(count()).toBe(3), 5000);
    expect(isDone).toBe(false);
    said();
    await done;
    expect(tools.calls()[2]).toEqual([...base, "--alt", "1", "--download", "/w/root fs.img", "--reset"]);
  });

  it("refuses a device that does not say what its bootloader says", async () => {
    const boot = `dfu: { implementation: barebox, parameters: { command: dfu-util } }`;
    await expect(steps("{ method: dfu }", { boot, more: USB }, files)).rejects.toMatchObject({
      actual: { error: { class: "ConfigurationError", message: expect.stringContaining("`dfu-download` of barebox") } },
    });
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

describe("nodebooter", () => {
  const more = "environment: { DUT_MAC: '02:00:00:00:00:01', DUT_IFACE: eth7, NIC1_MAC: '02:00:00:00:00:02' }";
  const block = "{ method: nodebooter, command: none, docker: { image: 'lab/nodebooter:1', local: true } }";
  const CARD = { device_name: "eth1", hostname: "", use_for_netboot: true };
  const boot = () => ({ file: join(context.paths.work, "downloads/common/boot.efi") });
  const nic1 = () => ({ file: join(context.paths.work, "downloads/common/nic.img") });

  /** Answers as a server that comes up: refused, busy, there. */
  async function server(answer: number) {
    const posted: unknown[] = [];
    let asked = 0;
    const handler: Handler = (request, reply) => {
      if (request.method === "GET") return void reply.writeHead(asked++ === 0 ? 503 : 302).end();
      let text = "";
      request.on("data", (bytes) => {
        text += bytes;
      });
      request.on("end", () => {
        posted.push(JSON.parse(text));
        reply.writeHead(answer).end("said why");
      });
    };
    const running = await startFileServer({ "/nodebooter/api/v2/machines/": handler });
    return { ...running, posted };
  }
  const asked = (api: string, files: JsonMap, real: ServiceRegistry = {}) =>
    steps(
      block,
      { boot: "nodebooter:", more, constants: `nodebooter: { api: "${api}", home: "${context.root}/home" }`, real },
      files,
      { "container-start": { container: { name: "nodebooter" } } },
    );

  it("runs its container in the background, restarts its services, tells it the machine, stops it at the end", async () => {
    const running = await server(201);
    const all = await asked(running.url("").replace(/\/$/, ""), {
      boot: boot(),
      nic1: nic1(),
      other: { file: "/w/x" },
    });
    expect(all.map(({ service }) => service)).toEqual(["container-start", "run-tool", "http-request"]);
    tools.tool("docker");
    context.clock = new QuickClock(100);
    await context.use(containerStart, inputOf(all, "container-start"));
    await context.use(runTool, inputOf(all, "run-tool"));
    await context.use(httpRequest, inputOf(all, "http-request"));
    await running.close();
    const home = join(context.root, "home");
    expect(readFileSync(join(home, "custom_configs/config"), "utf8")).toBe(
      "DUT_IFACE=eth7\nIPV4_ADDR=192.168.1.1/24\nIPV6_ADDR=2001:db8:1::/56\n",
    );
    const mounts = [
      ["/sys/fs/cgroup", "/sys/fs/cgroup"],
      [`${home}/docker_mount`, "/home/shared"],
      [`${home}/tftpboot`, "/var/lib/tftpboot"],
      [`${home}/dhcpd/etc/dhcp`, "/etc/dhcp"],
      [`${home}/dhcpd/var/lib/dhcp`, "/var/lib/dhcp"],
      [`${home}/dhcpd/var/db`, "/var/db"],
      [`${home}/logs`, "/var/log"],
      [`${home}/docker_shm`, "/dev/shm"],
      [`${home}/ovss`, "/opt/ovss"],
      [`${home}/custom_configs`, "/home/custom_configs"],
      [context.paths.work, "/home/lava/downloads"],
    ];
    expect(mounts.map(([folder]) => existsSync(folder!))).toEqual(mounts.map(() => true));
    await context.cleanup();
    const restart = (service: string) => `docker exec --detach nodebooter systemctl restart ${service}`.split(" ");
    expect(tools.calls()).toEqual([
      ["docker", "image", "inspect", "--format", "Image {{.Id}} is here", "lab/nodebooter:1"],
      [
        ..."docker run --privileged --network=host --detach --interactive --tty --rm --name=nodebooter".split(" "),
        ...mounts.map(([source, place]) => `--mount=type=bind,source=${source},destination=${place}`),
        ...["lab/nodebooter:1", "/usr/sbin/init"],
      ],
      restart("setup_networks"),
      restart("naas"),
      restart("nodebooter"),
      ["docker", "stop", "nodebooter"],
    ]);
    expect(running.requests.map(({ method }) => method)).toEqual(["GET", "GET", "POST"]);
    expect(running.posted).toEqual([
      {
        machine_name: "dut",
        machine_model_data: {
          node_entities: {
            entities: {
              "host-compute-node": {
                network_interfaces: {
                  network_interface: [{ ...CARD, ipv6_subnet_key: "", mac_address: "02:00:00:00:00:01" }],
                },
              },
              nic_control_node1: {
                network_interfaces: {
                  network_interface: [
                    {
                      ...CARD,
                      ipv6_low64: "1729382256910270464",
                      ipv6_subnet_key: "nic1",
                      mac_address: "02:00:00:00:00:02",
                    },
                  ],
                },
              },
            },
          },
        },
        boot_info: [
          {
            node_entity_name: "host-compute-node",
            boot_file: "/home/lava/downloads/downloads/common/boot.efi",
            loader_file: "",
          },
          {
            node_entity_name: "nic_control_node1",
            boot_file: "/home/lava/downloads/downloads/common/nic.img",
            loader_file: "",
          },
        ],
      },
    ]);
  });

  it("goes on when a service does not restart, or when the machine is refused: the log warns", async () => {
    const running = await server(409);
    const all = await asked(running.url("").replace(/\/$/, ""), { boot: boot() });
    tools.tool("docker", "echo no such unit; exit 5");
    context.clock = new QuickClock(100);
    await context.use(runTool, inputOf(all, "run-tool"));
    await context.use(httpRequest, inputOf(all, "http-request"));
    await running.close();
    expect(tools.calls()).toHaveLength(3);
    const said = context.log.lines.filter(({ level }) => level === "warning").map(({ message }) => message);
    expect(said).toHaveLength(4);
    expect(said[0]).toContain("returned 5: no such unit");
    expect(said[3]).toMatch(/was answered with 409: said why$/);
  });

  it("fails when its container does not start, or has another's name", async () => {
    const all = await asked("http://127.0.0.1:9", { boot: boot() });
    tools.tool("docker", 'case "$1" in run) echo "name is in use"; exit 125;; esac');
    await expect(context.use(containerStart, inputOf(all, "container-start"))).rejects.toThrow("name is in use");
    await context.cleanup();
    // What another job has started is left alone.
    expect(tools.calls().map(([, word]) => word)).toEqual(["image", "run"]);
  });

  it("waits for a server that is not there as long as it has time", async () => {
    const [input] = (await asked("http://127.0.0.1:9", { boot: boot() })).slice(-1);
    context.clock = new QuickClock(1000);
    const waits = context.use(httpRequest, input!.input);
    await vi.waitFor(() => expect(context.log.text()).toContain("Not yet: "), 5000);
    context.abort(new Error("time is up"));
    await expect(waits).rejects.toThrow("time is up");
  });

  it.each([
    ["no image `boot`", () => ({ nic1: nic1() })],
    ["a network card without an address", () => ({ boot: boot(), nic0: nic1() })],
  ])("refuses %s", async (_, files) => {
    const refused = asked("http://127.0.0.1:9", files(), { "run-tool": runTool });
    await expect(refused).rejects.toMatchObject({
      actual: {
        error: { class: "JobError", message: expect.stringContaining("no image `boot`, or one of a network") },
      },
    });
  });
});

describe("J-Link", () => {
  const boot = `jlink: { parameters: { command: JLinkExe, processor: MK64, address: 1024, supported_core_types: [M4, M0], erase_command: [erase], reset_command: [r, g], options: ["-if SWD", "-speed 4000"] } }`;
  const words = (core: string) => [
    ...["JLinkExe", "-device", `MK64${core}`, "-if", "SWD", "-speed", "4000", "-autoconnect", "1", "-NoGui", "1"],
    ...["-CommanderScript", expect.stringMatching(/\/cmd\.jlink$/), "-SelectEmuBySN", "A1B2"],
  ];

  it("gets a script that loads and verifies each image", async () => {
    const input = inputOf(await steps("{ method: jlink }", { boot, more: USB }, { zephyr: IMAGE }), "run-tool");
    tools.tool("JLinkExe", 'shift $(($# - 3)); cat "$1"');
    await context.use(runTool, input);
    expect(tools.calls()).toEqual([words("_M4")]);
    const said = context.log.text();
    for (const line of [
      "r",
      "h",
      "sleep 500",
      "erase",
      "loadfile /w/zephyr 1.bin 0x400",
      "verifybin /w/zephyr 1.bin 0x400",
      "r",
      "g",
      "qc",
    ])
      expect(said).toContain(`>> ${line}`);
  });

  it("a probe that is not there is an error whatever the exit code; its other complaints are warnings", async () => {
    const input = inputOf(await steps("{ method: jlink }", { boot, more: USB }, { zephyr: IMAGE }), "run-tool");
    tools.tool("JLinkExe", "echo 'Connecting to J-Link via USB...FAILED: Cannot connect to J-Link.'");
    await expect(context.use(runTool, input)).rejects.toThrow("Connecting to J-Link via USB...FAILED");
    tools.tool("JLinkExe", "echo 'Verify failed @ address 0x00000400.'");
    await context.use(runTool, input);
    expect(context.log.lines).toContainEqual({ level: "warning", message: "Verify failed @ address 0x00000400." });
  });

  it("takes the job's own commands and core, and waits for what the job awaits", async () => {
    const asked = await steps(
      `{ method: jlink, coretype: M0, commands: ["loadbin {zephyr} 0x0"] }`,
      { boot, more: USB },
      { zephyr: IMAGE },
    );
    const input = inputOf(asked, "run-tool");
    expect((input.script as JsonMap).lines).toEqual([
      "r",
      "h",
      "sleep 500",
      "erase",
      "loadbin {zephyr} 0x0",
      "r",
      "g",
      "qc",
    ]);
    tools.tool("JLinkExe");
    await context.use(runTool, input);
    expect(tools.calls()).toEqual([words("_M0")]);
  });

  it("a processor of one core has no suffix", async () => {
    const single = boot.replace("supported_core_types: [M4, M0]", "supported_core_types: null");
    const block = "{ method: jlink, coretype: M4 }";
    const input = inputOf(await steps(block, { boot: single, more: USB }, { zephyr: IMAGE }), "run-tool");
    tools.tool("JLinkExe");
    await context.use(runTool, input);
    expect(tools.calls()).toEqual([words("")]);
  });
});

describe("OpenOCD", () => {
  it("gets the scripts, the board, the level, folders and commands, in LAVA's order", async () => {
    const options = `{ file: [board/x.cfg, "{ZEPHYR}.cfg"], search: [/usr/share, null], command: [init, "program {ZEPHYR} verify"], debug: 2 }`;
    const boot = `openocd: { board_selection_cmd: "serial A1B2", parameters: { command: openocd, options: ${options} } }`;
    const asked = await steps("{ method: openocd }", { boot, more: USB }, { zephyr: IMAGE });
    const input = inputOf(asked, "run-tool");
    expect(input.script).toEqual({ name: "board_selection.cfg", lines: ["serial A1B2"] });
    await behaves(
      "openocd",
      input,
      [
        [
          ...["openocd", "-f", "board/x.cfg", "-f", "/w/zephyr 1.bin.cfg"],
          ...["-f", expect.stringMatching(/\/board_selection\.cfg$/) as unknown as string, "-d2", "-s", "/usr/share"],
          ...["-c", "init", "-c", "program /w/zephyr 1.bin verify"],
        ],
      ],
      "echo 'Error: this speed is not there' >&2",
      "echo 'Error: open failed' >&2; exit 1",
    );
    expect(context.log.lines).toContainEqual({ level: "warning", message: "Error: this speed is not there" });
  });

  it("a downloaded script takes the place of the device's files", async () => {
    const options = `{ file: [board/x.cfg], search: [null], command: [init], debug: 0 }`;
    const boot = `openocd: { parameters: { command: openocd, options: ${options} } }`;
    const files = { zephyr: IMAGE, openocd_script: { file: "/w/o.cfg", name: "o.cfg" } };
    const input = inputOf(await steps("{ method: openocd }", { boot, more: USB }, files), "run-tool");
    tools.tool("openocd");
    await context.use(runTool, input);
    expect(tools.calls()).toEqual([["openocd", "-f", "/w/o.cfg", "-d0", "-c", "init"]]);
  });
});

describe("pyOCD", () => {
  const flashed = async (parameters: string, file: JsonMap, more = USB, found?: string) => {
    const name = found ?? /command: ([\w-]+)/.exec(parameters)?.[1] ?? null;
    const answers = { "find-program": { programs: { pyocd: name } } };
    const asked = await steps(
      "{ method: pyocd }",
      { boot: `pyocd: { parameters: ${parameters} }`, more },
      { zephyr: file },
      answers,
    );
    const input = inputOf(asked, "run-tool");
    for (const name of ["pyocd", "pyocd-flashtool", "relay"]) tools.tool(name);
    await context.use(runTool, input);
    return { input, calls: tools.calls() };
  };

  it("flashes each image by the probe's number", async () => {
    const { input, calls } = await flashed(`{ command: pyocd, options: ["-d debug", "-t k64f"] }`, IMAGE);
    expect(calls).toEqual([["pyocd", "flash", "-d", "debug", "-t", "k64f", "--uid", "A1B2", "/w/zephyr 1.bin"]]);
    tools.tool("pyocd", "echo '0000411 C No available debug probes are connected [__main__]'; exit 1");
    await expect(context.use(runTool, input)).rejects.toThrow("No available debug probes");
  });

  it("the older program knows a probe as a board", async () => {
    const { calls } = await flashed(`{ command: pyocd-flashtool, options: ["-t k64f"] }`, IMAGE);
    expect(calls).toEqual([["pyocd-flashtool", "-t", "k64f", "--board", "A1B2", "/w/zephyr 1.bin"]]);
  });

  it("an image's own words stand for its file; what powers the system runs last", async () => {
    const file = { ...IMAGE, image_arg: "--base-address 0x100 {zephyr}" };
    const more =
      USB +
      "\ncommands: { connect: telnet 127.0.0.1 1, hard_reset: board reset, power_off: board off, pre_os_command: relay 1 }";
    const { calls } = await flashed("{ command: pyocd }", file, more);
    expect(calls).toEqual([
      ["pyocd", "flash", "--uid", "A1B2", "--base-address", "0x100", "/w/zephyr 1.bin"],
      ["relay", "1"],
    ]);
  });

  it("without a name it is the one that is there", async () => {
    const run = async (name: string) => (await flashed("{ command: null }", IMAGE, USB, name)).calls.at(-1);
    expect(await run("pyocd-flashtool")).toEqual(["pyocd-flashtool", "--board", "A1B2", "/w/zephyr 1.bin"]);
    expect(await run("pyocd")).toEqual(["pyocd", "flash", "--uid", "A1B2", "/w/zephyr 1.bin"]);
    tools.tool("pyocd");
    context.env.PATH = tools.folder;
    expect(await context.use(findProgramService, { save: "x", names: ["pyocd-flashtool", "pyocd"] })).toEqual({
      data: { programs: { x: "pyocd-flashtool" } },
    });
    expect(await findProgramService.validate?.({ names: ["no-such-tool"] }, context)).toHaveLength(1);
  });

  it("that begins with its own word for it is not told twice", async () => {
    const { calls } = await flashed(`{ command: pyocd, options: [load, "-t k64f"] }`, IMAGE);
    expect(calls).toEqual([["pyocd", "load", "-t", "k64f", "--uid", "A1B2", "/w/zephyr 1.bin"]]);
  });
});

describe("qdl", () => {
  const block =
    "{ method: qdl, firehose_program: p.elf, rawprogram: r.xml, patch: p.xml, path: sub, storage: ufs, debug: true }";
  const boot = `qdl: { parameters: { command: qdl, enter-commands: [relay edl] } }`;
  const more =
    "board_qdl_id: '12345678'\nboard_id: 'QUSB_BULK_CID:0420_SN:12345678'\nusb_vendor_id: 05c6\nusb_product_id: '9008'";
  /** The steps on a worker with this version of qdl. */
  const asked = (version: string) =>
    steps(
      block,
      { boot, more },
      { qcomflash: { file: context.paths.work, name: "q" } },
      {
        "run-tool": { tool: { qdl_version: version } },
        "run-commands": {},
      },
    );
  const rest = ["--debug", "--storage", "ufs", "--serial", "12345678", "p.elf", "r.xml", "p.xml"];

  it("flashes from the folder of the files, the board chosen by its number", async () => {
    const found = await asked("qdl version v2.8\n");
    expect(found.map(({ service }) => service)).toEqual([
      ...["run-commands", "run-commands", "wait-for-device", "run-tool", "run-tool"],
      "run-commands", // the power, at the end
    ]);
    expect(found[1]?.input).toMatchObject({ commands: ["relay edl"] });
    expect(found[2]?.input).toEqual({
      match: [{ vendor: "05c6", product: "9008", name: "QUSB_BULK_CID:0420_SN:12345678" }],
    });
    mkdirSync(join(context.paths.work, "sub"));
    await behaves(
      "qdl",
      found[4]!.input,
      [["qdl", "--skipblock=sha256", ...rest]],
      "pwd; echo 'failed to read an old table'",
      "echo 'failed to read rawprogram' >&2; exit 1",
    );
    expect(context.log.text()).toContain(`>> ${join(context.paths.work, "sub")}`);
  });

  it.each([
    ["qdl version v2.0", false],
    ["qdl version 1:2.6-1~bpo12+1", false],
    ["qdl version 2.7-1", true],
    ["qdl version v2.10", true],
    ["qdl version 3.0", true],
  ])("%s can leave out what is there: %s", async (version, can) => {
    expect((await asked(version)).filter(({ service }) => service === "run-tool")[1]?.input.command).toEqual([
      "qdl",
      ...(can ? ["--skipblock=sha256"] : []),
      ...rest,
    ]);
  });

  it("one that is too old, or tells no version, is the lab's fault", async () => {
    const { input } = (await asked("qdl version v2.8\n"))[3]!;
    tools.tool("qdl", "echo 'qdl version v2.0'");
    await context.use(runTool, input);
    for (const said of ["qdl version 1.9", "unrecognized option '--version'"]) {
      tools.tool("qdl", `echo "${said}"`);
      await expect(context.use(runTool, input)).rejects.toMatchObject({ name: "ConfigurationError" });
    }
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
    tools.tool("fastboot", "echo 'FAILED (remote: locked)'; echo 'fastboot: error: Command failed'; exit 1");
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
    tools.tool("uuu", "echo 'Error: wait for known USB timeout'; exit 255");
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
  it("takes all images, then the serial line is awaited, and the board's own time after it (`usb_sleep`)", async () => {
    const boot = `cmsis-dap: { parameters: { usb_mass_device: /dev/disk/by-id/usb-x, post_unmount_delay: 2 } }`;
    const asked = await steps("{ method: cmsis-dap }", { boot, more: `${USB}\nusb_sleep: 3` }, { zephyr: IMAGE });
    expect(asked).toEqual([
      { service: "wait-for-device", input: { match: [{ path: "/dev/disk/by-id/usb-x" }] } },
      {
        service: "copy-to-disk",
        input: {
          ...{ device: "/dev/disk/by-id/usb-x", type: "vfat", files: ["/w/zephyr 1.bin"], details: "DETAILS.TXT" },
          ...{ anew: true, failure: "FAIL.TXT", settle: 2000 },
        },
      },
      {
        service: "wait-for-device",
        input: {
          match: [{ kind: "tty", serial: "A1B2", vendor: "1fc9", product: "0135", driver: "cdc_acm" }],
          settle: 3000,
        },
      },
    ]);
  });
});
