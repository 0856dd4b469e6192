/** LAVA's own device types, as Debian ships them: rendered as Python renders them, accepted, and like ours of the same board. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { lavaDeviceTypes } from "../../scripts/lib/lava-device-types.mjs";
import type { JsonMap } from "../../src/base/json.js";
import { runCli } from "../support/run-cli.js";
import { inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";

let types: string;
let names: string[];
beforeAll(() => {
  types = lavaDeviceTypes();
  names = readdirSync(types)
    .filter((name) => name.endsWith(".jinja2"))
    .map((name) => name.replace(".jinja2", ""));
});

async function review(device: string, ...words: string[]): Promise<JsonMap> {
  const { stdout, stderr, code } = await runCli(["device", "review", "--json", ...words, device]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as JsonMap;
}

const at = (map: unknown, path: string): unknown =>
  path.split("/").reduce<unknown>((inner, key) => (inner as JsonMap | undefined)?.[key], map);

describe("LAVA's device types", () => {
  it("are all rendered to the byte as by Python's Jinja2, and read as by PyYAML", { timeout: 600_000 }, () => {
    const words = [inRoot("scripts/compare-jinja.mjs"), types, "--without-contexts"];
    const { stdout, stderr, status } = spawnSync(process.execPath, words, {
      encoding: "utf8",
      env: { ...process.env, PYTHON: "/usr/bin/python3" },
    });
    const cases = names.length * 2;
    expect(names.length).toBeGreaterThan(300);
    expect(`${stdout}${stderr}`).toContain(`${cases} cases: ${cases} texts equal, ${cases} of them with equal data`);
    expect(status).toBe(0);
  });

  it("are accepted by the device check, but the base that others stand on", async () => {
    const lab = makeWorkspace();
    for (const name of names) writeFileSync(join(lab, `${name}.jinja2`), `{% extends '${name}.jinja2' %}\n`);
    const { stdout } = await runCli(["device", "check", "--json", "--devices", lab, "--device-types", types]);
    const broken = (JSON.parse(stdout) as { name: string; usable: boolean }[]).filter(({ usable }) => !usable);
    expect(broken.map(({ name }) => name)).toEqual(["base"]);
    removeWorkspace(lab);
  });
});

/** Ours, LAVA's name for the same board, and what must be the same in both. */
const SAME: [ours: string, theirs: string, paths: string[]][] = [
  [
    "beaglebone-black",
    "beaglebone-black",
    [
      "actions/boot/methods/u-boot/parameters/interrupt_prompt",
      "actions/boot/methods/u-boot/parameters/bootloader_prompt",
    ],
  ],
  ["panda", "panda", ["actions/boot/methods/u-boot/parameters/interrupt_prompt"]],
  [
    "ssh",
    "ssh",
    ["actions/deploy/methods/ssh", "actions/deploy/connections", "actions/boot/methods", "actions/boot/connections"],
  ],
  [
    "raspberry-pi-4",
    "bcm2711-rpi-4-b",
    [
      // later releases of LAVA have the addresses that ours has
      "constants/u-boot/interrupt_ctrl_list",
      "actions/deploy/parameters/mkimage_arch",
      "timeouts/actions/bootloader-interrupt",
    ],
  ],
  [
    "rock-pi-4b",
    "rk3399-rock-pi-4b",
    ["parameters/booti", "parameters/bootm", "actions/deploy/parameters/mkimage_arch"],
  ],
  [
    "imx8mq-evk",
    "imx8mq-evk",
    [
      "fastboot_options",
      "flash_cmds_order",
      "fastboot_serial_number",
      "adb_serial_number",
      "actions/boot/methods/fastboot",
    ],
  ],
  [
    "dragonboard-410c",
    "dragonboard-410c",
    [
      "flash_cmds_order",
      "fastboot_options",
      "fastboot_serial_number",
      "adb_serial_number",
      "device_info",
      "actions/boot/methods/fastboot",
      "actions/deploy/connections",
      "actions/boot/connections",
    ],
  ],
];

describe("our device types and LAVA's of the same board", () => {
  it.each(SAME)("%s is %s", async (ours, theirs, paths) => {
    const lab = makeWorkspace();
    const dictionary = readFileSync(inRoot(`device-configs/devices/${ours}.yaml`), "utf8");
    writeFileSync(join(lab, "lavas.yaml"), dictionary.replace(`extends: ${ours}`, `extends: ${theirs}`));
    const [own, other] = [await review(ours), await review("lavas", "--devices", lab, "--device-types", types)];
    removeWorkspace(lab);
    for (const path of paths) {
      expect(at(own, path), path).toBeDefined();
      // LAVA's may say more
      expect({ [path]: at(other, path) }).toMatchObject({ [path]: at(own, path) });
    }
    // what a job names must be there under the same names
    for (const part of ["actions/boot/methods/u-boot"]) {
      const [mine, lavas] = [at(own, part), at(other, part)];
      if (!mine) continue;
      for (const set of ["ramdisk", "nfs"]) expect(lavas, set).toHaveProperty(set);
    }
    expect(own.commands).toEqual(other.commands);
  });
});
