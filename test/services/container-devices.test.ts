/** The board's USB devices in the container of a docker test: a kernel's /sys as files, and a recording stand-in of docker. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { createConsole } from "../../src/connections/console.js";
import { dockerShellOn } from "../../src/services/docker-shell.js";
import { type TestContext, testContext } from "./service-context.js";
import { type StandIns, standIns } from "./stand-in.js";

let tools: StandIns;
let context: TestContext;
let host: { sys: string; dev: string };
beforeEach(() => {
  tools = standIns();
  context = testContext({ env: { PATH: tools.path } });
  context.action.level = "3.4";
  context.openConsole = (connection) => createConsole(connection, { clock: context.clock });
  host = { sys: join(context.root, "sys"), dev: join(context.root, "dev") };
  tools.tool("docker", "");
});
afterEach(async () => {
  await context.console?.close();
  await context.cleanup();
  tools.remove();
});

/** A device as the kernel shows it; `tty` is the serial line that an interface of it makes. */
function plugIn(name: string, files: { [name: string]: string }, tty?: string): void {
  const folder = join(host.sys, "bus/usb/devices", name);
  mkdirSync(folder, { recursive: true });
  for (const [key, value] of Object.entries(files)) writeFileSync(join(folder, key), `${value}\n`);
  if (tty) mkdirSync(join(folder, `${name}:1.0`, "tty", tty), { recursive: true });
}
const BOARD = { idVendor: "18d1", idProduct: "4ee7", serial: "A1", busnum: "1", devnum: "8" };
const INFO = { board_id: "A1", usb_vendor_id: "18D1", usb_product_id: "4ee7" };

/** The options `--device` of the container that starts with these inputs. */
async function devicesOf(input: object): Promise<string[]> {
  const given = { docker: { image: "debian:12" }, global_options: [], options: [], command: ["bash"] };
  await context.use(dockerShellOn(host), { ...given, ...input });
  await context.console!.closed;
  return (tools.calls().find((words) => words.includes("run")) ?? []).filter((word) => word.startsWith("--device="));
}
const folder = () => {
  const made = join(context.root, "maps");
  mkdirSync(made);
  return made;
};

test("a container gets the board's devices and their serial lines, and no others", async () => {
  plugIn("1-1", { ...BOARD, serial: "B2", devnum: "7" });
  plugIn("1-2", BOARD, "ttyACM0");
  plugIn("1-3", { ...BOARD, idVendor: "1d6b", devnum: "9" });
  mkdirSync(join(host.dev, "disk/by-label"), { recursive: true });
  writeFileSync(join(host.dev, "sdz"), "");
  symlinkSync(join(host.dev, "sdz"), join(host.dev, "disk/by-label/BOARD"));
  expect(await devicesOf({ device_info: [INFO, { fs_label: "BOARD" }] })).toEqual(
    ["bus/usb/001/008", "ttyACM0", "sdz"].map((name) => `--device=${join(host.dev, name)}`),
  );
  expect(context.log.text()).toContain(`The container gets ${join(host.dev, "bus/usb/001/008")}`);
});

test.each([
  ["a device of which nothing is known", { device_info: [{}, { usb_vendor_id: "" }] }],
  ["no device", { device_info: null }],
  ["an engine on another machine", { device_info: [INFO], global_options: ["--host", "tcp://engine:2375"] }],
  ["an engine on another machine, in one word", { device_info: [INFO], global_options: ["--host=tcp://engine:2375"] }],
])("a container gets nothing: %s", async (_, input) => {
  plugIn("1-2", BOARD);
  expect(await devicesOf(input)).toEqual([]);
});

test("a device that is not there is told, and the tests start all the same", async () => {
  expect(await devicesOf({ device_info: [INFO], map_folder: join(context.root, "none") })).toEqual([]);
  expect(context.log.text()).toContain(
    "warning The device with serial A1, vendor 18D1, product 4ee7 is not here, and the container will not see it",
  );
});

test("what comes later: udev's rules find the map of it until the job ends, where the worker has their folder", async () => {
  const maps = folder();
  await devicesOf({ device_info: [INFO, { board_id: "C3" }], map_folder: maps });
  const file = join(maps, "42/usbmap.yaml");
  const container = "lava-docker-test-shell-42-3.4";
  expect(parse(readFileSync(file, "utf8"))).toEqual([
    { device_info: INFO, container, container_type: "docker", job_id: "42" },
    { device_info: { board_id: "C3" }, container, container_type: "docker", job_id: "42" },
  ]);
  expect(context.log.text()).toContain("serial C3 is not here yet: it reaches the container when it comes");
  await context.cleanup();
  expect(existsSync(file)).toBe(false);
});

test("a folder that cannot be written to is told, and the tests start all the same", async () => {
  plugIn("1-2", BOARD);
  const maps = folder();
  writeFileSync(join(maps, "42"), "a file where a folder should be");
  expect(await devicesOf({ device_info: [INFO], map_folder: maps })).toHaveLength(1);
  expect(context.log.text()).toContain("warning Devices that come while the container runs will not reach it: ");
});
