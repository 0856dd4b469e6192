/** The helper scripts, really run by the shells that targets have (spec test-shell.md §4). */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { overlayApply } from "../../src/services/overlay-apply.js";
import { makeWorkspace, removeWorkspace } from "../support/workspace.js";
import { buildOverlay, definition, type FixtureTest, targetShells } from "./overlay-fixture.js";
import { type TestContext, testContext } from "./service-context.js";

const shellsFolder = makeWorkspace();
afterAll(() => removeWorkspace(shellsFolder));

const TESTS: FixtureTest[] = [
  {
    name: "smoke",
    parameters: { GREETING: "hello", EMPTY: null },
    params: { LATER: "from params" },
    definition: definition(
      "smoke",
      [
        "lava-test-case passes --shell true",
        "lava-test-case fails --shell false",
        'lava-test-case shell-text --shell "test 1 = 1 && echo $GREETING $DEFAULT"',
        "lava-test-case arguments --shell printf '%s|' 'a b' 'c'",
        "lava-test-case exits --shell 'exit 3' || true",
        null as unknown as string,
        "lava-test-case time --result pass --measurement 3.25 --units seconds",
        "lava-test-case other-order --units ms --measurement 7 --result fail",
        "lava-test-case audio --result skip",
        "echo content > file && lava-test-case with-output --result pass --output file",
        "lava-test-set start ram",
        "lava-test-case inner --result unknown",
        "lava-test-set stop",
        "lava-test-reference ref --result pass --reference https://example.com/a",
        "lava-test-event something happened || lava-test-event 'something happened'",
        "lava-test-feedback --namespace other",
        'echo "$LATER/$EMPTY/$(cat uuid)"',
        `lava-test-case name --shell 'test "$TEST_CASE_ID" = name'`,
      ],
      { parameters: { DEFAULT: "world", GREETING: "never" } },
    ),
  },
  {
    name: "broken",
    definition: definition("broken", ["lava-test-case never --result pass"], {
      install: { deps: ["less"], steps: ["echo installing; false"] },
    }),
  },
  {
    name: "raises",
    definition: definition("raises", ["lava-test-raise 'cannot go on'", "lava-test-case never --result pass"], {
      install: { steps: ["echo installed > installed"] },
    }),
  },
  {
    name: "reads",
    definition: definition("reads", ["cat", "lava-test-case after-reading --shell test -e uuid"]),
  },
  {
    name: "strict",
    definition: definition("strict", [
      "lava-test-case strict --shell 'set -e; false; true'",
      "lava-test-case never --result pass",
    ]),
  },
  { name: "later", stage: 1, definition: definition("later", ["lava-test-case second-stage --result pass"]) },
];

const SMOKE = [
  "<LAVA_SIGNAL_STARTRUN 0_smoke 42_1.1.3.1>",
  "<LAVA_SIGNAL_STARTTC passes>",
  "<LAVA_SIGNAL_ENDTC passes>",
  "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=passes RESULT=pass>",
  "<LAVA_SIGNAL_STARTTC fails>",
  "<LAVA_SIGNAL_ENDTC fails>",
  "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=fails RESULT=fail>",
  "<LAVA_SIGNAL_STARTTC shell-text>",
  "hello world",
  "<LAVA_SIGNAL_ENDTC shell-text>",
  "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=shell-text RESULT=pass>",
  "<LAVA_SIGNAL_STARTTC arguments>",
  "a b|c|<LAVA_SIGNAL_ENDTC arguments>",
  "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=arguments RESULT=pass>",
  "<LAVA_SIGNAL_STARTTC exits>",
  "<LAVA_SIGNAL_ENDTC exits>",
  "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=exits RESULT=fail>",
  "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=time RESULT=pass UNITS=seconds MEASUREMENT=3.25>",
  "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=other-order RESULT=fail UNITS=ms MEASUREMENT=7>",
  "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=audio RESULT=skip>",
  "<LAVA_SIGNAL_STARTTC with-output>",
  "content",
  "<LAVA_SIGNAL_ENDTC with-output>",
  "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=with-output RESULT=pass>",
  "<LAVA_SIGNAL_TESTSET START ram>",
  "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=inner RESULT=unknown>",
  "<LAVA_SIGNAL_TESTSET STOP>",
  "<LAVA_SIGNAL_TESTREFERENCE ref pass https://example.com/a>",
  "<LAVA_SIGNAL_TESTEVENT something happened>",
  "<LAVA_SIGNAL_TESTFEEDBACK other>",
  "from params//42_1.1.3.1",
  "<LAVA_SIGNAL_STARTTC name>",
  "<LAVA_SIGNAL_ENDTC name>",
  "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=name RESULT=pass>",
  "<LAVA_SIGNAL_ENDRUN 0_smoke 42_1.1.3.1>",
];

describe.each(targetShells(shellsFolder))("under $name", ({ name, path: shell }) => {
  const folder = makeWorkspace();
  const R = join(folder, "lava-42");
  let context: TestContext;
  const env = { PATH: process.env.PATH, SHELL: shell };
  const run = (script: string, args: string[], more: { env?: NodeJS.ProcessEnv; cwd?: string } = {}) => {
    const done = spawnSync(join(R, "bin", script), args, { encoding: "utf8", env, cwd: folder, ...more });
    return { code: done.status, out: done.stdout, err: done.stderr };
  };
  /** A program that stands before the real one in PATH. */
  const fake = (program: string, text: string): NodeJS.ProcessEnv => {
    mkdirSync(join(folder, "fake"), { recursive: true });
    writeFileSync(join(folder, "fake", program), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, "fake", program), 0o755);
    return { ...env, PATH: `${join(folder, "fake")}:${env.PATH}`, FAKES: folder };
  };

  beforeAll(async () => {
    context = testContext({
      device: {
        parameters: { interfaces: { target: { ip: "10.0.0.7", mac: "00:11:22:33:44:55" } } },
        static_info: [{ board_id: "x" }, { probe_ip: "10.0.0.8", probe_channel: "3" }],
        storage_info: [{ UMS: "/dev/disk/by-id/it's" }, { SATA: "/dev/sda" }],
      },
    });
    await buildOverlay(context, { results_dir: join(folder, "lava-%s"), shell }, TESTS);
    // The scripts hold absolute paths, so the overlay really goes where the target would have it.
    await context.use(overlayApply, { tarball: (context.data.overlay as { tarball: string }).tarball, into: "/" });
  });
  afterAll(async () => {
    removeWorkspace(folder);
    await context.cleanup();
  });

  it("runs a whole stage: results, an install that fails, a raise, a test that reads its input, the end", () => {
    const { code, out, err } = run("lava-test-runner", [join(R, "0")]);
    expect(out.split("\n")).toEqual([
      ...SMOKE,
      "lava-install-packages: unsupported distro, cannot install packages: less",
      join(R, "0/tests/1_broken"),
      "installing",
      "<LAVA_TEST_RUNNER INSTALL_FAIL>",
      join(R, "0/tests/2_raises"),
      "<LAVA_SIGNAL_STARTRUN 2_raises 42_1.1.3.9>",
      "<LAVA_SIGNAL_TESTRAISE cannot go on>",
      "<LAVA_SIGNAL_STARTRUN 3_reads 42_1.1.3.13>",
      "<LAVA_SIGNAL_STARTTC after-reading>",
      "<LAVA_SIGNAL_ENDTC after-reading>",
      "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=after-reading RESULT=pass>",
      "<LAVA_SIGNAL_ENDRUN 3_reads 42_1.1.3.13>",
      // No false pass, and the suite ends here, as LAVA's does.
      "<LAVA_SIGNAL_STARTRUN 4_strict 42_1.1.3.17>",
      "<LAVA_SIGNAL_STARTTC strict>",
      "<LAVA_SIGNAL_ENDTC strict>",
      "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=strict RESULT=fail>",
      "<LAVA_TEST_RUNNER EXIT>",
      "",
    ]);
    expect(code).toBe(0);
    expect(err).toMatch(/\+ cd .*0_smoke\n/);
    expect(readFileSync(join(R, "0/tests/2_raises/installed"), "utf8")).toBe("installed\n");
    const results = readdirSync(join(R, "0/results")).sort();
    expect(results.map((result) => result.replace(/-\d+$/, "-EPOCH"))).toEqual([
      "0_smoke-EPOCH",
      "1_broken-EPOCH",
      "2_raises-EPOCH",
      "3_reads-EPOCH",
      "4_strict-EPOCH",
    ]);
    const kept = (result: number, file: string) => readFileSync(join(R, "0/results", results[result]!, file), "utf8");
    expect(kept(0, "return_code")).toBe("0\n");
    expect(kept(0, "results/time/result") + kept(0, "results/time/units") + kept(0, "results/time/measurement")).toBe(
      "pass\nseconds\n3.25\n",
    );
    expect([kept(1, "install_return_code"), kept(2, "install_return_code")]).toEqual(["1\n", "0\n"]);
    expect(readFileSync(join(R, "0/results", results[2]!, "return_code"), "utf8")).toBe("1\n");
    expect(readdirSync(join(R, "0")).some((file) => /^lava-test-runner\.conf-\d+$/.test(file))).toBe(true);
  });

  it("does nothing the second time, as after a reboot in a test", () => {
    expect(run("lava-test-runner", [join(R, "0")]).out).toBe("<LAVA_TEST_RUNNER EXIT>\n");
  });

  it("tells of the end once, also when a signal ends the runner", async () => {
    const conf = join(R, "9");
    mkdirSync(join(conf, "tests/0_x"), { recursive: true });
    writeFileSync(join(conf, "lava-test-runner.conf"), `${join(conf, "tests/0_x")}\n`);
    writeFileSync(join(conf, "tests/0_x/run.sh"), "echo ready; exec sleep 30");
    const runner = spawn(join(R, "bin/lava-test-runner"), [conf], { env, detached: true });
    let out = "";
    runner.stdout.on("data", (text: Buffer) => {
      out += text;
      if (out === "ready\n") process.kill(-runner.pid!, "SIGINT");
    });
    const code = await new Promise((resolve) => runner.once("close", resolve));
    expect([out, code]).toEqual(["ready\n<LAVA_TEST_RUNNER EXIT>\n", 130]);
  });

  it("says so where an id is not one word, or an option is wrong", () => {
    expect(run("lava-test-case", ["two words <x>", "--result", "pass"]).err).toContain('"two words <x>"');
    for (const script of ["case", "set", "reference", "raise", "event", "feedback"])
      expect(run(`lava-test-${script}`, script === "raise" ? [] : ["x", "--unknown"]).err).toContain(
        `usage: lava-test-${script} `,
      );
  });

  it("runs a command in the background until it is stopped", async () => {
    const counter = join(folder, "ticks");
    const started = spawnSync(
      join(R, "bin/lava-background-process-start"),
      ["ticker", "--cmd", `echo tick >> ${counter}`],
      { env, stdio: "ignore" },
    );
    expect(started.status).toBe(0);
    const pid = readFileSync(join(R, "results/ticker/pid"), "utf8").trim();
    while (!existsSync(counter) || readFileSync(counter, "utf8").length < 10)
      await new Promise((go) => setTimeout(go, 50));
    expect(run("lava-background-process-stop", ["ticker"]).code).toBe(0);
    while (existsSync(`/proc/${pid}`)) await new Promise((go) => setTimeout(go, 20));
    expect(run("lava-background-process-stop", ["ticker"])).toMatchObject({
      code: 0,
      err: expect.stringMatching(/ticker/),
    });
  });

  it("waits before each signal when the console needs slow characters", () => {
    // The shell tells what it does: seen whether sleep is a program or built in.
    const done = spawnSync(shell, ["-x", join(R, "bin/lava-test-case"), "id", "--shell", "true"], {
      encoding: "utf8",
      env: { ...env, CHARACTER_DELAY: "0.001" },
    });
    expect(done.stdout.split("\n")).toHaveLength(4);
    expect(done.stderr.match(/^\++ sleep '?0\.001'?$/gm)).toHaveLength(3);
  });

  it("sends signals through the kernel's log when asked to", () => {
    // A mount namespace of its own, in which /dev/kmsg is a plain pipe: the machine's log stays as it is.
    const pipe = join(folder, "kmsg");
    const text =
      'mkfifo "$1" && mount --bind "$1" /dev/kmsg || exit 77; cat "$1" > "$1.out" & exec 9> "$1"; shift; "$@"; exec 9>&-; wait';
    const done = spawnSync(
      "unshare",
      ["-m", "sh", "-c", text, "sh", pipe, join(R, "bin/lava-test-case"), "id", "--shell", "echo to the console"],
      { encoding: "utf8", env: { ...env, KMSG: "true" } },
    );
    if (done.error || done.status === 77 || /unshare/.test(done.stderr)) {
      console.warn(`kmsg is not tested: no mount namespace here (${done.error?.message ?? done.stderr.trim()})`);
      return;
    }
    expect(done.stdout).toBe("to the console\n");
    expect(readFileSync(`${pipe}.out`, "utf8")).toBe(
      "<0><LAVA_SIGNAL_STARTTC id>\n<0><LAVA_SIGNAL_ENDTC id>\n<0><LAVA_SIGNAL_TESTCASE TEST_CASE_ID=id RESULT=pass>\n",
    );
  });

  it("answers what the device's configuration gives", () => {
    expect(run("lava-target-ip", []).out).toBe("10.0.0.7\n");
    expect(run("lava-target-mac", []).out).toBe("00:11:22:33:44:55\n");
    expect(run("lava-probe-ip", []).out).toBe("10.0.0.8\n");
    expect(run("lava-probe-channel", []).out).toBe("3\n");
    expect(run("lava-target-storage", []).out).toBe("\tUMS\t/dev/disk/by-id/it's\n\tSATA\t/dev/sda\n");
    expect(run("lava-target-storage", ["UMS"])).toMatchObject({ code: 0, out: "/dev/disk/by-id/it's" });
    expect(run("lava-target-storage", ["NONE"])).toMatchObject({ code: 1, out: "" });
  });

  it("finds the address of an interface, with ip or with ifconfig", () => {
    expect(run("lava-echo-ipv4", ["lo"]).out).toBe("127.0.0.1\n");
    expect(run("lava-echo-ipv4", ["no-such"])).toMatchObject({
      code: 0,
      out: "\n",
      err: expect.stringMatching(/no-such has no IPv4/),
    });
  });

  it("is found through PATH and by a relative name", () => {
    expect(run("lava-os-build", []).out.trim()).not.toBe("");
    const done = spawnSync(shell, ["lava-test-event", "here"], { cwd: join(R, "bin"), env, encoding: "utf8" });
    expect(done.stdout).toBe("<LAVA_SIGNAL_TESTEVENT here>\n");
  });

  // Not busybox: no Debian runs on it, and its sleep is built in, so the test would take four minutes.
  if (name !== "busybox ash")
    it(`${name}: a Debian target tries apt five times, a minute apart`, async () => {
      const debian = testContext();
      const place = join(folder, "debian");
      await buildOverlay(debian, { results_dir: join(place, "lava-%s"), shell, distro: "debian" });
      await debian.use(overlayApply, { tarball: (debian.data.overlay as { tarball: string }).tarball, into: "/" });
      const install = join(place, "lava-42/bin/lava-install-packages");
      const apt = {
        ...fake("sleep", 'echo "sleep $1" >> "$FAKES/apt.log"'),
        ...fake("apt-get", 'echo "$@" >> "$FAKES/apt.log"; test -e "$FAKES/mirror"'),
      };
      expect(spawnSync(install, ["less", "vim"], { env: apt }).status).toBe(1);
      const log = readFileSync(join(folder, "apt.log"), "utf8").split("\n");
      expect(log.filter((line) => line === "update -q")).toHaveLength(5);
      expect(log.filter((line) => line === "sleep 60")).toHaveLength(4);
      writeFileSync(join(folder, "mirror"), "");
      expect(spawnSync(install, ["less", "vim"], { env: apt }).status).toBe(0);
      expect(readFileSync(join(folder, "apt.log"), "utf8")).toMatch(/update -q\ninstall -y -q .*less vim\n$/);
      rmSync(join(folder, "fake/sleep"));
      await debian.cleanup();
    });
});
