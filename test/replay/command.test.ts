/** `lava-dispatch replay` on a command line. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { runCli } from "../../src/cli/run-cli.js";
import { cliContext } from "../cli/cli-context.js";
import { BOOT, folderOf, JOB, lavaLog, RECORDINGS, VERDICT } from "./recordings-of-tests.js";

async function cli(words: string[], typed = "") {
  const context = cliContext({ stdin: Readable.from([typed]) });
  const code = await runCli(["replay", ...words], context);
  return { code, out: context.out(), err: context.err() };
}
const boot = (job = JOB) => folderOf({ "logs.yaml": lavaLog([...BOOT, VERDICT]), "job.yaml": job });

describe("one recording", () => {
  test("says how it ended, where, and how fast", async () => {
    const { code, out, err } = await cli([`${RECORDINGS}/panic`]);
    expect({ code, err }).toEqual({ code: 2, err: "" });
    expect(out).toMatch(/^recording {2}test\/recordings\/panic \(console\.cast and journal\)$/m);
    expect(out).toMatch(/^outcome {4}job JobError at 2\.4\.4\.1 login-action: .*Kernel panic/m);
    expect(out).toMatch(/^recorded {3}fail, JobError: .*Kernel panic/m);
    expect(out).toMatch(/^state {6}ended, after \d+ states$/m);
    expect(out).toMatch(/^time {7}3\d\.\d s of virtual time in /m);
  });

  test("what diverged: recorded, sent, place and the stuck report; exit code 6", async () => {
    const { code, out } = await cli([boot(JOB.replace("0x3", "0x4"))]);
    expect(code).toBe(6);
    expect(out).toMatch(/^outcome {4}diverged at 1\.4\.3 bootloader-commands typing-last$/m);
    expect(out).toMatch(/^expected {3}"booti 0x1 0x2 0x3", .*logs\.yaml:8$/m);
    expect(out).toMatch(/^sent {7}"booti 0x1 0x2 0x4"$/m);
    expect(out).toMatch(/^ {2}state: .*bootloader-commands/m);
  });

  test("a recording that ends before its job: exit code 7", async () => {
    const { code, out } = await cli([folderOf({ "logs.yaml": lavaLog(BOOT.slice(0, 11)) })]);
    expect(code).toBe(7);
    expect(out).toMatch(/^outcome {4}unfinished at 1\.4\.4\.1 login-action kernel/m);
    expect(out).toMatch(/^recorded {3}broken off before its end$/m);
    expect(out).toMatch(/^ {2}waiting for /m);
  });

  test("--until stops there; 1 when it is not reached", async () => {
    const stopped = await cli(["--until", "login-action", boot()]);
    expect(stopped.code).toBe(0);
    expect(stopped.out).toMatch(/^outcome {4}stopped at 1\.4\.4\.1 login-action/m);
    const missed = await cli(["--until", "lava-test-shell", boot()]);
    expect(missed.code).toBe(1);
    expect(missed.err).toMatch(/^lava-test-shell was not reached\. Actions that were: .*login-action/);
  });

  test("--step asks at each state", async () => {
    const quit = await cli(["--step", boot()], "\n\ns\nq\n");
    expect(quit.code).toBe(0);
    const states = quit.out.split("\n").filter((line) => /^\d+\.\d{3} /.test(line));
    expect(states).toHaveLength(3);
    expect(quit.out).toMatch(/^ {2}state: /m);
    const end = await cli(["--step", boot()], "c\n");
    expect(end.out).toMatch(/^outcome {4}pass$/m);
  });

  test("--trace and --json", async () => {
    const { out } = await cli(["--trace", boot()]);
    expect(out).toMatch(/^\d+\.\d{3} 1\.4\.3 bootloader-commands typing$/m);
    const json = JSON.parse((await cli(["--json", "--trace", boot()])).out);
    expect(json).toMatchObject({ status: "ended", verdict: { result: "pass" }, notes: { inputs: 3 } });
  });

  test("--output-dir writes what a run writes; that is a recording again", async () => {
    const folder = boot();
    const output = join(folder, "out");
    expect((await cli(["--output-dir", output, folder])).code).toBe(0);
    expect(readdirSync(output).sort()).toEqual(
      expect.arrayContaining([
        "console.cast",
        "description.yaml",
        "journal.jsonl",
        "logs.yaml",
        "results.json",
        "results.junit.xml",
      ]),
    );
    expect(JSON.parse(readFileSync(join(output, "results.json"), "utf8")).verdict.class).toBe("pass");
    const again = await cli(["--job", join(folder, "job.yaml"), "--device", join(folder, "device.yaml"), output]);
    expect(again.out).toMatch(/^outcome {4}pass$/m);
    expect(again.out).toMatch(/\(console\.cast and journal\)/);
  });

  test.each([
    [[], /No recording was given/],
    [["nowhere"], /There is no recording nowhere/],
    [["--against", "nowhere"], /Cannot read the folder nowhere/],
    [["--against", "docs"], /There is no recording below docs/],
    [["--against", RECORDINGS, "x"], /--against takes a folder/],
  ])("%j is refused with what to do", async (words, message) => {
    const { code, err } = await cli(words);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(err).toMatch(/do: \S/);
  });

  test("escapes that a board printed do not reach the terminal", async () => {
    const evil: typeof BOOT = [...BOOT.slice(0, 11), [950, "target", "\u001b]0;owned\u0007\u001b[2J<script>"]];
    const { out } = await cli([folderOf({ "logs.yaml": lavaLog(evil) })]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
    expect(out).not.toMatch(/[\x00-\x08\x0b-\x1f]/);
  });
});

describe("--against", () => {
  const corpus = () => {
    const folder = folderOf({ "notes.txt": "no recording" });
    for (const name of ["panic", "qemu-x86_64"])
      cpSync(`${RECORDINGS}/${name}`, join(folder, name), { recursive: true });
    return folder;
  };

  test("nothing changed", async () => {
    const { code, out } = await cli(["--against", corpus()]);
    expect(out).toMatch(/^nothing changed in 2 recordings \(\d+ s of boards' time in /);
    expect(code).toBe(0);
  });

  test("outcome, way and time: each with the first state that differs", async () => {
    const folder = corpus();
    const golden = join(folder, "panic", "golden.txt");
    const good = readFileSync(golden, "utf8");
    writeFileSync(
      golden,
      good
        .replace(/^outcome: .*/m, "outcome: pass")
        .replace("bootloader-interrupt booting", "bootloader-interrupt waiting"),
    );
    const outcome = await cli(["--against", folder]);
    expect(outcome.code).toBe(1);
    expect(outcome.out).toMatch(/^panic: ends elsewhere$/m);
    expect(outcome.out).toMatch(/^ {2}before: pass/m);
    expect(outcome.out).toMatch(/^ {2}now: {4}job JobError at 2\.4\.4\.1 login-action: /m);
    expect(outcome.out).toMatch(
      /^ {2}first difference at \d+\.\d{3} s: 2\.4\.2 bootloader-interrupt waiting -> 2\.4\.2 bootloader-interrupt booting$/m,
    );
    expect(outcome.out).toMatch(/^1 of 2 recordings now ends elsewhere /m);

    writeFileSync(golden, good.replace("bootloader-interrupt booting", "bootloader-interrupt waiting"));
    expect((await cli(["--against", folder])).out).toMatch(/^1 of 2 recordings takes another way /m);
    writeFileSync(golden, good.replace(/^duration: .*/m, "duration: 2.000"));
    expect((await cli(["--against", folder])).out).toMatch(/^panic: takes 3\d\.\d+ s instead of 2\.000 s$/m);
  });

  test("a change of machines/ is told: another way, or another input", async () => {
    const folder = corpus();
    const changed = (from: string, to: string) => {
      const text = readFileSync("machines/dialogues/auto-login.yaml", "utf8");
      expect(text).toContain(from);
      return folderOf({ "dialogues/auto-login.yaml": text.replace(from, to), "job.yaml": "", "device.yaml": "" });
    };
    const machines = (made: string) => {
      for (const name of ["job.yaml", "device.yaml"]) rmSync(join(made, name));
      return ["--machines", made];
    };
    const way = await cli(["--against", folder, ...machines(changed("as init process", "as nothing"))]);
    expect(way.out).toMatch(/^qemu-x86_64: takes another way to the same end$/m);
    expect(way.out).toMatch(/ s: 2\.2\.1 login-action userspace -> 2\.2\.1 login-action logging-in$/m);
    const input = await cli([
      "--against",
      folder,
      ...machines(changed("line: context.username", "line: \"'operator'\"")),
    ]);
    expect(input.out).toMatch(/^ {2}now: {4}diverged at .* logging-in: sent "operator", recorded "root"/m);
    expect(input.code).toBe(1);
  });

  test("recordings without a golden trace get one with --update", async () => {
    const folder = corpus();
    const golden = join(folder, "panic", "golden.txt");
    const good = readFileSync(golden, "utf8");
    writeFileSync(golden, "");
    expect((await cli(["--against", folder])).out).toMatch(/panic: cannot be replayed: .* is no golden trace/);
    const fresh = folderOf({
      "x/logs.yaml": lavaLog([...BOOT, VERDICT]),
      "x/job.yaml": JOB,
      "x/device.yaml": readFileSync(join(boot(), "device.yaml"), "utf8"),
    });
    const without = await cli(["--against", fresh]);
    expect(without.code).toBe(1);
    expect(without.out).toMatch(/^1 of 1 recordings has no golden trace/m);
    expect((await cli(["--against", fresh, "--update"])).code).toBe(0);
    expect(existsSync(join(fresh, "x", "golden.txt"))).toBe(true);
    expect((await cli(["--against", fresh])).code).toBe(0);
    writeFileSync(golden, good);
    expect((await cli(["--against", folder])).code).toBe(0);
  });

  test("a broken recording is told and does not stop the others", async () => {
    const folder = corpus();
    writeFileSync(join(folder, "panic", "journal.jsonl.gz"), "no journal");
    const { code, out } = await cli(["--against", folder]);
    expect(code).toBe(1);
    expect(out).toMatch(/^panic: cannot be replayed: /m);
    expect(out).toMatch(/^1 of 2 recordings cannot be replayed /m);
  });
});
