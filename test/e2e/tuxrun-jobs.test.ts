/** What tuxrun 1.10 hands to `lava-run`, as it does so: its devices and jobs as they are, and the log read from standard error. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";
import { runCli } from "../support/run-cli.js";
import { inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";

const folder = makeWorkspace();
afterAll(() => removeWorkspace(folder));

interface LogRecord {
  dt: string;
  lvl: string;
  msg: string | { definition: string; case: string; result: string; [key: string]: unknown };
}

/** As tuxrun reads it: line by line, and a line that is no record is no part of the log. */
const recordsOf = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => parse(line) as LogRecord);

// What LAVA's own lava-run books for these jobs, in this order.
const RESULTS = [
  "lava validate pass",
  "lava test-overlay pass",
  "lava test-install-overlay pass",
  "lava test-runscript-overlay pass",
  "lava file-download pass",
  "lava file-download pass",
  "lava execute-qemu pass",
  "lava kernel-messages pass",
  "lava login-action pass",
  "0_commands command pass",
  "lava 0_commands pass",
  "lava job pass",
];

test.each(["qemu-x86_64", "qemu-arm64"])("a job that tuxrun makes for %s", async (name) => {
  const place = join(folder, name);
  const work = join(place, "work");
  const downloads = join(work, "dispatcher");
  mkdirSync(downloads, { recursive: true });
  symlinkSync(inRoot(".images"), join(place, "images"));
  for (const file of ["device.yaml", "definition.yaml"])
    copyFileSync(inRoot("test/e2e/tuxrun", name, file), join(work, file));
  const settings = { dispatcher_download_dir: downloads, prefix: "tuxrun-x7-", test_docker_bind_mounts: [] };
  writeFileSync(join(work, "dispatcher.yaml"), JSON.stringify(settings));
  const run = await runCli(
    [
      ...["--device", "device.yaml", "--dispatcher", "dispatcher.yaml"],
      ...["--job-id", "1", "--output-dir", "output", "definition.yaml", "--skip-sudo-warning"],
    ],
    { program: "lava-run", cwd: work },
  );
  const records = recordsOf(run.stderr);
  for (const record of records)
    expect(record).toMatchObject({ dt: expect.stringMatching(/^\d{4}-.*T.*\+00:00$/), lvl: expect.any(String) });
  const results = records.flatMap(({ lvl, msg }) =>
    lvl === "results" && typeof msg === "object" ? [`${msg.definition} ${msg.case} ${msg.result}`] : [],
  );
  const wrong = records.filter(({ lvl }) => ["warning", "error", "exception"].includes(lvl)).map(({ msg }) => msg);
  expect({ results, wrong }).toEqual({ results: RESULTS, wrong: [] });
  expect(run).toMatchObject({ code: 0, stdout: "" });
  // Its console is in the log, and what it made lay where tuxrun wants it, and is gone.
  expect(records.filter(({ lvl }) => lvl === "target").length).toBeGreaterThan(50);
  expect(run.stderr).toContain(`${downloads}/tuxrun-x7-1/`);
  expect(readdirSync(downloads)).toEqual([]);
  expect(parse(readFileSync(join(work, "output/result.yaml"), "utf8"))).toMatchObject({ case: "job", result: "pass" });
});
