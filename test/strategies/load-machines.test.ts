import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { services } from "../../src/services/index.js";
import { loadMachines } from "../../src/strategies/load-machines.js";
import { expectGolden, shown } from "../definition/golden-problems.js";
import { projectMachines, readMachineFiles } from "./machine-files.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "machines-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the project's machines are sound: schema, expressions, fragments, dialogues, services", () => {
  const { problems, machines } = loadMachines(readMachineFiles(join(root, "machines")), {
    services: Object.keys(services),
  });
  expect(shown(problems)).toBe("");
  expect(machines.strategies.map(({ strategy }) => strategy)).toEqual(
    expect.arrayContaining(["deploy/tftp", "deploy/images", "boot/u-boot", "boot/qemu", "boot/minimal", "test/shell"]),
  );
});

test("broken files are refused with file:line:column, all problems of each", () => {
  const { problems } = loadMachines(readMachineFiles(join(root, "test/strategies/broken-machines")), {
    base: projectMachines(),
    services: Object.keys(services),
  });
  expect(problems.every(({ location }) => location !== undefined)).toBe(true);
  expectGolden("strategies/broken-machines.txt", shown(problems));
});

test("what is sound is loaded beside what is broken", () => {
  const { machines, problems } = loadMachines([
    { file: "bad.yaml", text: "strategy: [" },
    { file: "good.yaml", text: "fragment: good\npipeline: []" },
  ]);
  expect(problems).toHaveLength(1);
  expect(Object.keys(machines.fragments)).toEqual(["good"]);
});

test("files of --machines lie over the built-in ones: same names replace, others are added", () => {
  writeFileSync(join(folder, "power.yaml"), "{action: power-off, summary: a lab's own, service: run-commands}");
  writeFileSync(join(folder, "mine.yaml"), "{strategy: boot/mine, accepts: ['true'], pipeline: [{use: power-off}]}");
  const base = projectMachines();
  const before = JSON.stringify(base);
  const { machines, problems } = loadMachines(readMachineFiles(folder, folder), { base });
  expect(problems).toEqual([]);
  expect(machines.fragments["power-off"]?.pipeline[0]?.action?.summary).toBe("a lab's own");
  expect(machines.strategies).toHaveLength(base.strategies.length + 1);
  expect(JSON.stringify(base)).toBe(before);
});

test("strategies stand in the order of `order`, then by name", () => {
  const file = (name: string, order?: number) => ({
    file: `${name}.yaml`,
    text: JSON.stringify({ strategy: `boot/${name}`, ...(order && { order }), accepts: [], pipeline: [] }),
  });
  const { machines } = loadMachines([file("z"), file("c", 20), file("a"), file("b", 10)]);
  expect(machines.strategies.map(({ strategy }) => strategy)).toEqual(["boot/b", "boot/c", "boot/a", "boot/z"]);
});
