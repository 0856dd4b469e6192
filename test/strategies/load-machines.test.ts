import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { services as registry } from "../../src/services/index.js";
import services from "../../src/services/inputs.json" with { type: "json" };
import { loadMachines } from "../../src/strategies/load-machines.js";
import { expectGolden, shown } from "../definition/golden-problems.js";
import { projectMachines, readMachineFiles } from "./machine-files.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "machines-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the project's machines are sound: schema, expressions, fragments, dialogues, services", () => {
  const { problems, machines } = loadMachines(readMachineFiles(join(root, "machines")), {
    services,
  });
  expect(shown(problems)).toBe("");
  expect(machines.strategies.map(({ strategy }) => strategy)).toEqual(
    expect.arrayContaining(["deploy/tftp", "deploy/images", "boot/u-boot", "boot/qemu", "boot/minimal", "test/shell"]),
  );
});

test("broken files are refused with file:line:column, all problems of each", () => {
  const { problems } = loadMachines(readMachineFiles(join(root, "test/strategies/broken-machines")), {
    base: projectMachines(),
    services,
  });
  expect(problems.every(({ location }) => location !== undefined)).toBe(true);
  expectGolden("strategies/broken-machines.txt", shown(problems));
});

test("the table of inputs has each service, and no other", () => {
  expect(Object.keys(services).sort()).toEqual(Object.keys(registry).sort());
});

test.each([
  ["a misspelt function", "when: trutty(parameters.a)", 5, 5, "trutty"],
  ["a misspelt method", 'when: parameters.a.mtches("x")', 5, 5, "mtches"],
  ["a misspelt variable", "when: has(paramters.a)", 5, 5, 'reads "paramters"'],
  ["an unknown input of a service", "service: run-commands\n    with: { comands: '[]' }", 6, 13, 'no input "comands"'],
  ["an unknown input of a dialogue", "dialogue: kernel-start\n    with: { start: \"''\" }", 6, 13, 'no input "start"'],
])("%s is found when the file is loaded, at its place", (_, line, row, column, words) => {
  const text = `strategy: boot/mine\naccepts: []\npipeline:\n  - action: mine\n    ${line}\n`;
  const { problems } = loadMachines([{ file: "boot/mine.yaml", text }], { base: projectMachines(), services });
  expect(problems).toMatchObject([
    { message: expect.stringContaining(words), location: { file: "boot/mine.yaml", line: row, column } },
  ]);
});

test("loops, fragments' arguments and macros have variables of their own", () => {
  const text = `strategy: boot/mine
accepts: []
pipeline:
  - action: mine
    each: parameters.images
    as: image
    when: image.parts.exists(part, part == key) && device.?a.orValue(true)
  - { use: login, with: { method: "'mine'", booting: true, further: ns } }
  - { action: other, when: further == "a" }
`;
  expect(loadMachines([{ file: "mine.yaml", text }], { base: projectMachines(), services }).problems).toEqual([]);
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
