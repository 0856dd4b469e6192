/** A method made of existing services needs no TypeScript: the files of CONTRIBUTING.md's "add a method", in a folder of one's own. */
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { type FakeBoard, onTyped, PROMPT, startFakeBoard, writeJob } from "../support/fake-board.js";
import { runCli } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole, readJournal } from "../support/run-outputs.js";
import { inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";

const folder = makeWorkspace();
let machines: string;
let board: FakeBoard;

beforeAll(async () => {
  machines = mkdtempSync(join(folder, "machines-"));
  cpSync(inRoot("examples/machines"), machines, { recursive: true });
  board = await startFakeBoard({
    folder,
    name: "menu-board",
    play: (console) => {
      let chosen = false;
      onTyped(console, (text) => {
        if (chosen) console.write(text.replace(/[\r\n]+/g, `\r\n${PROMPT}`));
        else if (text.includes("2")) {
          chosen = true;
          console.write(`2\r\nBooting the second entry\r\n${PROMPT}`);
        }
      });
      console.write("\r\n1) disk\r\n2) network\r\nYour choice: ");
    },
  });
  const device = parse(readFileSync(board.device, "utf8"));
  device.actions.boot.methods.menu = { parameters: { menu_prompt: "Your choice:" } };
  writeFileSync(board.device, stringify(device));
});
afterAll(async () => {
  await board.close();
  removeWorkspace(folder);
});

const boot = { boot: { method: "menu", entry: 2, timeout: { seconds: 20 }, prompts: [PROMPT] } };

test("a strategy file in a temporary folder, loaded with --machines, runs", async () => {
  const job = writeJob(folder, "menu", { actions: [boot] });
  const output = join(folder, "menu-out");
  const run = await runCli(["run", "--device", board.device, "--machines", machines, "--output-dir", output, job]);
  const report = expectCompleteOutputs(output);
  expect({ code: run.code, class: report.verdict.class }).toEqual({ code: 0, class: "pass" });
  expect(report.actions.map(({ level, name }) => `${level} ${name}`)).toEqual(
    expect.arrayContaining(["1 menu-boot", "1.3 menu-select"]),
  );
  expect(readConsole(output)).toContain("Booting the second entry");
  expect(readJournal(output).length).toBeGreaterThan(10);
  expect(board.power()).toEqual(["reset", "off"]);
});

test("without --machines the job is refused, and the report says which strategies there are", async () => {
  const job = writeJob(folder, "menu-without", { actions: [boot] });
  const run = await runCli(["validate", "--device", board.device, job]);
  expect(run.code).toBe(2);
  expect(`${run.stdout}${run.stderr}`).toMatch(/menu-without\.yaml:\d+/);
  expect(`${run.stdout}${run.stderr}`).toContain("menu");
});

test("the condition that refuses says what is missing, with file and line", async () => {
  const { entry: _, ...without } = boot.boot;
  const job = writeJob(folder, "menu-no-entry", { actions: [{ boot: without }] });
  const run = await runCli(["validate", "--device", board.device, "--machines", machines, job]);
  expect(run.code).toBe(2);
  expect(`${run.stdout}${run.stderr}`).toContain("the block has no `entry`");
});

test("a broken strategy file is refused at load with file:line:column", async () => {
  const broken = mkdtempSync(join(folder, "broken-"));
  cpSync(machines, broken, { recursive: true });
  const file = join(broken, "boot/menu.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace("retry: true", "retry: maybe"));
  const job = writeJob(folder, "menu-broken", { actions: [boot] });
  const run = await runCli(["validate", "--device", board.device, "--machines", broken, job]);
  expect(run.code).not.toBe(0);
  expect(`${run.stdout}${run.stderr}`).toMatch(/boot\/menu\.yaml:\d+:\d+/);
});
