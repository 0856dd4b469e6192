import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ErrorRecord, ErrorType } from "../../src/base/errors.js";
import { exitCodeOfClass, exitCodeOfError, lavaExitCode } from "../../src/cli/exit-codes.js";
import { modernArguments } from "../../src/cli/legacy-arguments.js";
import { makePlace } from "../../src/cli/output-directory.js";
import { COMMANDS } from "../../src/cli/program.js";
import { runCli } from "../../src/cli/run-cli.js";
import { tftpRoot } from "../../src/cli/tftp-root.js";
import { reportFromJournal } from "../../src/results/report-from-journal.js";
import { REPORT_FILES } from "../../src/results/write-reports.js";
import { expectGolden } from "../results/golden.js";
import { faulty, incomplete, JournalWriter, labFault, mixed, retried } from "../results/journals.js";
import { cliContext } from "./cli-context.js";

const folder = () => mkdtempSync(join(tmpdir(), "cli-"));

describe("help", () => {
  test.each([[["--help"]], ...COMMANDS.map((command) => [[command, "--help"]])])("of %j", async (args) => {
    const context = cliContext();
    expect(await runCli(args, context)).toBe(0);
    expectGolden(`cli/help-lava-dispatch-${args.filter((arg) => arg !== "--help").join("")}.txt`, context.out());
    expect(context.err()).toBe("");
  });
  test("of lava-run", async () => {
    const context = cliContext({ name: "lava-run" });
    expect(await runCli(["--help"], context)).toBe(0);
    expectGolden("cli/help-lava-run.txt", context.out());
  });
  test("the version", async () => {
    const context = cliContext();
    expect(await runCli(["--version"], context)).toBe(0);
    expect(context.out()).toBe("0.1.0\n");
  });
});

describe("schema", () => {
  test.each(["job", "device", "test-definition"])("%s prints what is published, loose and strict", async (what) => {
    for (const [words, kind] of [
      [["schema", what], ""],
      [["schema", what, "--strict"], "strict."],
    ] as const) {
      const context = cliContext();
      expect(await runCli([...words], context)).toBe(0);
      const file = new URL(`../../src/definition/generated/${what}.${kind}schema.json`, import.meta.url);
      expect(JSON.parse(context.out())).toEqual(JSON.parse(readFileSync(file, "utf8")));
    }
  });
});

describe("validate", () => {
  const JOB = `job_name: a
visibility: public
timeouts: {job: {minutes: 20}}
context: {arch: amd64}
actions:
  - deploy:
      to: tmpfs
      images:
        kernel: {url: 'file:there', image_arg: '-kernel {kernel}'}
        ramdisk: {url: 'file:missing', image_arg: '-initrd {ramdisk}'}
`;

  test("what is missing outside is told at its place in the job, with the line", async () => {
    const folder = mkdtempSync(join(tmpdir(), "validate-"));
    writeFileSync(join(folder, "job.yaml"), JOB);
    writeFileSync(join(folder, "there"), "x");
    const context = cliContext({ cwd: folder });
    expect(await runCli(["validate", "--device", "qemu-x86_64", "job.yaml"], context)).toBe(2);
    rmSync(folder, { recursive: true });
    expect(context.err()).toContain(
      [
        `job.yaml:10:24: error: '${folder}/missing' cannot be read: there is no such file`,
        "   10 |         ramdisk: {url: 'file:missing', image_arg: '-initrd {ramdisk}'}",
        "      |                        ^~~~~~~~~~~~~~",
        "      = Check the `file:` URL in the job; a relative one starts at the job file's folder.",
        "job.yaml: 1 error",
      ].join("\n"),
    );
  });
});

describe("usage errors say what to do, and give 2", () => {
  test.each([
    [["runn", "job.yaml"], "unknown command 'runn'", "Did you mean run?"],
    [["run", "--devise", "d.yaml", "job.yaml"], "unknown option '--devise'", "Did you mean --device?"],
    [["run", "package.json"], "No device was given.", "--device <file>"],
    [["run", "--device", "d.yaml"], "missing required argument 'job'", "see lava-dispatch --help"],
    [["job.yaml"], "unknown command 'job.yaml'", "lava-dispatch run --device <file> job.yaml"],
    [
      ["run", "--log-format", "xml", "-d", "d", "j"],
      "Allowed choices are yaml, json, text",
      "see lava-dispatch --help",
    ],
    [
      ["run", "-d", "/no/device.yaml", "/no/job.yaml"],
      "Cannot read the job /no/job.yaml: there is no such file.",
      "Check the path.",
    ],
    [
      ["validate", "-d", "/no/device.yaml", "package.json"],
      "Cannot read the device /no/device.yaml",
      "Check the path.",
    ],
    [["report", "/no/such"], "Cannot read the journal of /no/such", "journal.jsonl"],
    [["schema", "jobs"], "Allowed choices are job, device, test-definition.\n", "see lava-dispatch --help"],
    [["doctor", "job.yaml"], "What a job would miss depends on its device.", "--device <file>"],
    [[], "No command was given.", "see lava-dispatch --help"],
  ])("%j", async (args, what, hint) => {
    const context = cliContext();
    expect(await runCli(args, context)).toBe(2);
    expect(context.err()).toContain(what);
    expect(context.err()).toContain(hint);
    expect(context.err()).not.toContain("    at ");
  });
  test("lava-run has 1 for everything", async () => {
    const context = cliContext({ name: "lava-run" });
    expect(await runCli(["job.yaml"], context)).toBe(1);
    expect(context.err()).toContain("--job-id");
  });
});

test.each([
  [
    ["--target", "devices/fred.yaml", "job.yaml", "--output-dir=out"],
    ["run", "--device", "devices/fred.yaml", "job.yaml", "--output-dir=out"],
  ],
  [
    ["--target=devices/fred.yaml", "job.yaml"],
    ["run", "--device=devices/fred.yaml", "job.yaml"],
  ],
  [
    ["run", "--device", "d.yaml", "job.yaml"],
    ["run", "--device", "d.yaml", "job.yaml"],
  ],
  [["--help"], ["--help"]],
])("the older form %j", (before, after) => {
  expect(modernArguments(before, COMMANDS)).toEqual(after);
});

describe("exit codes", () => {
  test.each([
    ["pass", 0],
    ["fail", 1],
    ["test", 1],
    ["job", 2],
    ["infrastructure", 3],
    ["canceled", 4],
    ["bug", 5],
  ] as const)("%s gives %i", (verdict, code) => {
    expect(exitCodeOfClass(verdict)).toBe(code);
  });
  test.each([
    ["Job", 2],
    ["Infrastructure", 3],
    ["Configuration", 3],
    ["Test", 1],
    ["LAVATimeout", 1],
    ["MultinodeTimeout", 1],
    ["Canceled", 4],
    ["Bug", 5],
  ] as [ErrorType, number][])("an error of type %s gives %i", (type, code) => {
    expect(exitCodeOfError({ ...labFault, type } as ErrorRecord)).toBe(code);
  });
  test.each([
    ["a failed case", mixed, 0],
    ["a retry", retried, 0],
    ["a lab fault", faulty, 1],
    ["an incomplete suite", incomplete, 0],
    ["a killed run", () => new JournalWriter(), 1],
  ])("of lava-run: %s", async (_, make, code) => {
    expect(lavaExitCode(await reportFromJournal(make().lines()))).toBe(code);
  });
});

describe("the TFTP root", () => {
  const nothing = { dispatcher: {}, env: {}, work: "/work", settings: undefined };
  test.each([
    [{}, "/work/tftp", false],
    [{ settings: '# x\nTFTP_DIRECTORY="/srv/tftp"\n' }, "/srv/tftp", true, "in.tftpd"],
    [{ settings: "TFTP_DIRECTORY=/srv/t", env: { LAVA_DISPATCH_TFTP_ROOT: "/e" } }, "/e", true],
    [{ env: { LAVA_DISPATCH_TFTP_ROOT: "/e" }, dispatcher: { tftp_root: "/d" } }, "/d", true],
    [{ option: "/o", dispatcher: { tftp_root: "/d" } }, "/o", true],
  ])("%j", (sources, directory, served, program?: string) => {
    const { from: _, ...root } = tftpRoot({ ...nothing, ...sources });
    expect(root).toEqual({ directory, served, ...(program !== undefined && { program }) });
  });
});

describe("job ids and output directories", () => {
  const now = Date.UTC(2026, 7, 1, 10, 0, 0);
  test("without an id, two jobs of one second do not meet", () => {
    const cwd = folder();
    const first = makePlace({ cwd, now });
    const second = makePlace({ cwd, now });
    expect(first).toEqual({ jobId: "260801100000", output: join(cwd, "lava-out/260801100000") });
    expect(second.jobId).toBe("260801100001");
    expect(existsSync(second.output)).toBe(true);
  });
  test("an id and a directory of one's own", () => {
    const cwd = folder();
    expect(makePlace({ cwd, now, jobId: "42" }).output).toBe(join(cwd, "lava-out/42"));
    expect(makePlace({ cwd, now, jobId: "42", outputDir: "a/b" }).output).toBe(join(cwd, "a/b"));
    expect(() => makePlace({ cwd, now, jobId: "../x" })).toThrow("cannot be a job id");
  });
  test("a folder that cannot be made is an InfrastructureError", () => {
    const cwd = folder();
    writeFileSync(join(cwd, "file"), "");
    expect(() => makePlace({ cwd, now, outputDir: "file/x" })).toThrow(/Cannot write/);
  });
});

test("report makes everything again from the journal of a killed run", async () => {
  const cwd = folder();
  writeFileSync(join(cwd, "journal.jsonl"), `${faulty().lines().slice(0, -1).join("\n")}\n{"kind": "verd`);
  const context = cliContext({ cwd });
  expect(await runCli(["report", "."], context)).toBe(0);
  for (const file of REPORT_FILES) expect(existsSync(join(cwd, file))).toBe(true);
  expect(context.out()).toContain("The run was broken off");
  expect(context.out()).toContain("INFRASTRUCTURE ERROR");
  expect(readFileSync(join(cwd, "result.yaml"), "utf8")).toContain("error_type: Infrastructure");
});
