import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { type ErrorRecord, JobCanceled, LAVABug, toErrorRecord } from "../../src/base/errors.js";
import { buildInputs, readInputs } from "../../src/cli/load-inputs.js";
import { plain } from "../../src/cli/terminal/paint.js";
import { summaryLines } from "../../src/cli/terminal/summary.js";
import type { JournalRecord } from "../../src/interpreter/journal-format.js";
import { goldLines } from "../../src/results/error-text.js";
import { reportFromJournal } from "../../src/results/report-from-journal.js";
import { reportHtml } from "../../src/results/report-html.js";
import type { RunReport } from "../../src/results/report-model.js";
import { faulty, JournalWriter, mixed } from "../results/journals.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "gold-"));
afterAll(() => rmSync(folder, { recursive: true }));
const GOLD = readdirSync(join(root, "jobs/gold"))
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => name.replace(".yaml", ""));

const inputs = (job: string, device: string, cwd: string, options: { set?: string[] } = {}) =>
  buildInputs(readInputs(job, { device, strict: true, ...options }, { cwd }), "1", { cwd });
const write = (name: string, text: string) => {
  mkdirSync(join(folder, name, ".."), { recursive: true });
  writeFileSync(join(folder, name), text);
};

describe.each(GOLD)("jobs/gold/%s.yaml", (name) => {
  const device = `device-configs/devices/${name}.yaml`;

  test("is the one that its device names, and has nothing to complain about", async () => {
    const { gold, problems } = await inputs("jobs/uboot-arm64.yaml", device, root);
    expect(gold?.job).toBe(`jobs/gold/${name}.yaml`);
    expect(problems.filter(({ message }) => message.includes("gold"))).toEqual([]);
    const own = await inputs(`jobs/gold/${name}.yaml`, device, root);
    expect(own.problems).toEqual([]);
    expect(own.gold?.itself).toBe(true);
  });

  test("has a page about its image, and stands in the list", () => {
    const page = readFileSync(join(root, `jobs/gold/${name}.md`), "utf8");
    for (const part of ["How it is built", "How it is updated", "How it is changed"])
      expect(page).toContain(`## ${part}`);
    for (const row of ["architecture", "processors", "memory", "console", "login", "shell"])
      expect(page).toMatch(new RegExp(`^\\| ${row} \\| \\S`, "m"));
    expect(readFileSync(join(root, "jobs/gold/README.md"), "utf8")).toContain(`[${name}.yaml](${name}.yaml)`);
    // What the page says of the login is what the job does.
    const job = readFileSync(join(root, `jobs/gold/${name}.yaml`), "utf8");
    const texts = job.includes("auto_login:") ? ["board login:", "root@board:/root#"] : ["'# $'"];
    for (const text of texts) {
      expect(page).toContain(text);
      expect(job).toContain(text);
    }
  });
});

describe("the device's `gold`", () => {
  const job = "jobs/qemu-arm64.yaml";
  const board = { extends: "beaglebone-black", connection_command: "telnet localhost 1" };

  test("begins at the folder of the file that says it: dictionary, device type of one's own, configuration", async () => {
    write("gold/mine.yaml", "x: y");
    const parts =
      "actions: {deploy: {methods: null}, boot: {methods: null, connections: null}}\nconstants: {}\nparameters: {}\n";
    const timeouts = "timeouts: {actions: null, connections: null}\n";
    write("devices/dictionary.yaml", JSON.stringify({ ...board, device: { gold: "../gold/mine.yaml" } }));
    write("device-types/own.yaml.hbs", "---\nextends: beaglebone-black\n---\ngold: ../gold/mine.yaml\n");
    write("devices/typed.yaml", JSON.stringify({ ...board, extends: "own" }));
    write("devices/rendered.yaml", `gold: ../gold/mine.yaml\n${parts}${timeouts}`);
    for (const name of ["dictionary", "typed", "rendered"]) {
      const { gold } = await inputs(join(root, job), `devices/${name}.yaml`, folder, { set: ["hostname=a b"] });
      const words = [
        "lava-dispatch",
        "run",
        "--device",
        `devices/${name}.yaml`,
        "--set",
        "hostname=a b",
        "gold/mine.yaml",
      ];
      expect(gold).toEqual({ job: "gold/mine.yaml", command: words, itself: false });
    }
  });

  test("goes with the architecture that a job asks an emulator for", async () => {
    write("devices/any.yaml", JSON.stringify({ extends: "qemu" }));
    const { gold } = await inputs(join(root, job), join(folder, "devices/any.yaml"), root);
    expect(gold?.job).toBe("jobs/gold/qemu-arm64.yaml");
  });

  test("is not named when it is not there, and that is told", async () => {
    write("devices/lost.yaml", JSON.stringify({ ...board, device: { gold: "../gold/lost.yaml" } }));
    const { gold, problems } = await inputs(join(root, job), "devices/lost.yaml", folder);
    expect(gold).toBeUndefined();
    expect(problems).toContainEqual(
      expect.objectContaining({ severity: "warning", message: "there is no gold-standard job ../gold/lost.yaml" }),
    );
  });

  test("may be taken away; many devices have none", async () => {
    write("devices/none.yaml", JSON.stringify({ extends: "qemu", arch: "amd64", device: { gold: null } }));
    for (const device of ["devices/none.yaml", join(root, "device-configs/devices/panda.yaml")])
      expect((await inputs(join(root, job), device, folder)).gold).toBeUndefined();
  });
});

describe("a report", () => {
  const gold = { job: "jobs/gold/a b.yaml", command: ["lava-dispatch", "run", "jobs/gold/a b.yaml"], itself: false };
  const SENTENCE =
    "compare: to tell the board's fault from the job's, run jobs/gold/a b.yaml on it, which is known to be good:";
  const report = async (writer: { records: JournalRecord[] }, own = gold): Promise<RunReport> => {
    const [header, ...records] = writer.records as [Extract<JournalRecord, { kind: "header" }>, ...JournalRecord[]];
    return reportFromJournal([{ ...header, gold: own }, ...records].map((record) => JSON.stringify(record)));
  };
  const ended = (error: ErrorRecord) => new JournalWriter().action("1", "start").verdict(error, []);

  test("of a job that failed names it with its command line, below what it was stuck because of", async () => {
    const made = await report(
      ended({ ...toErrorRecord(new LAVABug("")), class: "JobError", type: "Job", stuck: ["state: x"] }),
    );
    const lines = summaryLines(made, { paint: plain });
    const at = lines.findIndex((line) => line.trim() === "stuck because:");
    expect(lines.slice(at, at + 4)).toEqual([
      "  stuck because:",
      "    state: x",
      `  ${SENTENCE}`,
      "    lava-dispatch run 'jobs/gold/a b.yaml'",
    ]);
    const html = reportHtml(made, { rows: [], omitted: { before: 0, count: 0 } });
    expect(html).toContain("run jobs/gold/a b.yaml on it");
    expect(goldLines(await report(faulty()))).toHaveLength(2);
  });

  test("of a job whose tests failed names it, too", async () => {
    const made = await report(mixed());
    expect(made.verdict).toMatchObject({ class: "fail" });
    expect(summaryLines(made, { paint: plain })).toContain(`  ${SENTENCE}`);
    expect(reportHtml(made, { rows: [], omitted: { before: 0, count: 0 } })).toContain("run jobs/gold/a b.yaml on it");
  });

  test("of a bug, of a cancelled job and of one that never used the board does not", async () => {
    for (const error of [new LAVABug("x"), new JobCanceled("x")])
      expect(goldLines(await report(ended(toErrorRecord(error))))).toEqual([]);
    const error = { class: "JobError", type: "Job", message: "x" } as const;
    expect(goldLines(await report(new JournalWriter().verdict(error, [])))).toEqual([]);
  });

  test("of the gold-standard job itself says whose fault it is", async () => {
    expect(goldLines(await report(faulty(), { ...gold, itself: true }))).toEqual([
      "compare: this is the device's gold-standard job: when it fails unchanged, the board or the lab is at fault",
    ]);
  });
});
