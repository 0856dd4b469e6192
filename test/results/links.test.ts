/** A link that waits in the output directory is replaced: no file of a run is written through it. */
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SpaceReserve } from "../../src/cli/space-reserve.js";
import { ConsoleCast } from "../../src/results/console-cast.js";
import { writeDescription } from "../../src/results/description-yaml.js";
import { JournalJsonl } from "../../src/results/journal-jsonl.js";
import { LogsYaml } from "../../src/results/logs-yaml.js";
import { ReportBuilder } from "../../src/results/report-builder.js";
import { REPORT_FILES, writeReports } from "../../src/results/write-reports.js";
import { overlayCompress } from "../../src/services/overlay-compress.js";
import { testContext } from "../services/service-context.js";

let folder: string;
let output: string;
let victim: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "links-"));
  output = mkdtempSync(join(folder, "out-"));
  victim = join(folder, "victim");
  writeFileSync(victim, "untouched");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const links = (...names: string[]) => names.forEach((name) => void symlinkSync(victim, join(output, name)));
const check = () => {
  expect(readFileSync(victim, "utf8")).toBe("untouched");
  for (const name of readdirSync(output)) {
    const found = lstatSync(join(output, name));
    expect({ name, link: found.isSymbolicLink() }).toEqual({ name, link: false });
    expect(found.mode & 0o022).toBe(0);
  }
};

test("logs, journal, recording, description and reserve, with the widest umask", async () => {
  links("logs.yaml", "journal.jsonl", "console.cast", "description.yaml", ".reserve");
  const old = process.umask(0);
  try {
    const sinks = [
      new LogsYaml(output, {}),
      new JournalJsonl(output, {}),
      new ConsoleCast(output, { start: 0, title: "" }),
    ];
    for (const sink of sinks) sink.write({ type: "log", t: 0, level: "info", message: "x", line: 0 });
    for (const sink of sinks) await sink.close();
    writeDescription(output, {});
    new SpaceReserve(output);
  } finally {
    process.umask(old);
  }
  check();
});

test("reports, before they have their names too", async () => {
  links(...REPORT_FILES, ...REPORT_FILES.map((name) => `${name}.new`));
  await writeReports(output, new ReportBuilder().report());
  check();
});

test("copies of overlays", async () => {
  links("overlay-1.2.tar.gz", "overlay-1.2.tar.gz.sha256");
  const context = testContext();
  context.paths = { ...context.paths, output };
  for (const hidden of [[], ["secrets"]]) {
    const directory = mkdtempSync(join(context.paths.work, "overlay-"));
    writeFileSync(join(directory, "secrets"), "x");
    context.data = { overlay: { directory, results_dir: "/lava-42", shell: "/bin/sh", private: hidden } };
    await context.use(overlayCompress, {});
  }
  await context.cleanup();
  check();
});
