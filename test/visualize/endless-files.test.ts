/** Run folders whose files never end: each command ends all the same. */
import { execFileSync } from "node:child_process";
import { rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runCli } from "../../src/cli/run-cli.js";
import { cliContext } from "../cli/cli-context.js";
import { makeWorkspace, removeWorkspace } from "../support/workspace.js";
import { writeRun } from "./runs.js";

const folder = makeWorkspace();
afterAll(() => removeWorkspace(folder));
const HEADER_SIZE = 300 << 20;

const KINDS: { [kind: string]: (path: string) => void } = {
  "a pipe": (path) => execFileSync("mkfifo", [path]),
  "/dev/zero": (path) => symlinkSync("/dev/zero", path),
  "one line without an end": (path) => {
    writeFileSync(path, "");
    truncateSync(path, HEADER_SIZE);
  },
};
const ROWS = Object.keys(KINDS);

/** A run with this in the place of one of its files. */
function runWith(name: string, kind: string): string {
  const directory = join(folder, `${name}-${ROWS.indexOf(kind)}-${Math.random()}`);
  writeRun(directory);
  rmSync(join(directory, name), { force: true });
  KINDS[kind]?.(join(directory, name));
  return directory;
}

async function command(...args: string[]): Promise<{ code: number; err: string }> {
  const context = cliContext({ cwd: folder });
  const code = await runCli(args, context);
  return { code, err: context.err() };
}

describe.each(ROWS)("%s", (kind) => {
  test("as the journal: visualize --html, report and replay say so", async () => {
    const directory = runWith("journal.jsonl", kind);
    for (const args of [
      ["visualize", "--html", join(folder, "page.html"), directory],
      ["report", directory],
      ["replay", join(directory, "journal.jsonl")],
    ]) {
      const { code, err } = await command(...args);
      expect(code, args[0]).not.toBe(0);
      expect(err, args[0]).toContain("journal.jsonl");
    }
  });

  test.each(["chart.json", "explain.json", "job.yaml"])("as %s: the run is shown without it", async (name) => {
    const directory = runWith(name, kind);
    const { code, err } = await command("visualize", "--html", join(folder, "page.html"), directory);
    expect({ code, err }).toEqual({ code: 0, err: "" });
  });

  test("as the console's recording: replay says so, the report is made without it", async () => {
    const directory = runWith("console.cast", kind);
    expect((await command("replay", join(directory, "console.cast"))).code).not.toBe(0);
    if (kind !== "one line without an end") expect((await command("report", directory)).code).toBe(0);
  });
});
