/** Systems that run already, reached over ssh: a real sshd, real scp, a real shell. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { runCli, runWords } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole, verdicts } from "../support/run-outputs.js";
import { SSHD, type SshServer, startSshServer } from "../support/ssh-server.js";
import { makeWorkspace, removeWorkspace } from "../support/workspace.js";

/** In the system's own folder of schroots while the test runs: schroot reads no other. */
const CHROOT = `lava-dispatch-test-${process.pid}`;
const CHROOT_FILE = `/etc/schroot/chroot.d/${CHROOT}`;
const PROMPT = "ssh-target:~# ";
const why = existsSync(SSHD) ? undefined : "openssh-server is not installed";
if (why) console.warn(`ssh-jobs: skipped: ${why}`);

describe.skipIf(why !== undefined)("a job over ssh", () => {
  const folder = makeWorkspace();
  let server: SshServer;
  beforeAll(async () => {
    server = await startSshServer(folder, PROMPT);
    mkdirSync(join(folder, "target"));
  });
  afterAll(async () => {
    await server.stop();
    removeWorkspace(folder);
  });

  const device = (over: object = {}) => {
    const file = join(folder, "device.yaml");
    const ssh = {
      host: "127.0.0.1",
      port: server.port,
      user: server.user,
      identity_file: server.key,
      options: ["-o LogLevel=ERROR"],
    };
    writeFileSync(
      file,
      stringify({
        device_type: "ssh-host",
        constants: {
          failure_retry: 1,
          boot_retry: null,
          "kernel-start-message": "",
          posix: {
            lava_test_sh_cmd: "/bin/sh",
            lava_test_results_dir: join(folder, "target/lava-%s"),
            lava_test_shell_file: join(folder, "profile"),
          },
        },
        parameters: {},
        actions: {
          deploy: { connections: { serial: null }, methods: { ssh: { ...ssh, ...over } } },
          boot: { connections: { ssh: null }, methods: { ssh: null, schroot: { name: [CHROOT] } } },
        },
        timeouts: { actions: {}, connections: {} },
      }),
    );
    return file;
  };
  const jobOf = (boots: object[], step: string, items: object = {}) => {
    const file = join(folder, "job.yaml");
    writeFileSync(
      file,
      stringify({
        device_type: "ssh-host",
        job_name: "over ssh",
        visibility: "public",
        timeouts: { job: { minutes: 3 }, action: { minutes: 1 } },
        context: { lava_test_results_dir: join(folder, "target/lava-%s") },
        actions: [
          { deploy: { to: "ssh", ...items } },
          ...boots,
          {
            test: {
              definitions: [
                {
                  from: "inline",
                  name: "far",
                  path: "far.yaml",
                  repository: {
                    metadata: { format: "Lava-Test Test Definition 1.0", name: "far" },
                    run: { steps: [step] },
                  },
                },
              ],
            },
          },
        ],
      }),
    );
    return file;
  };
  const LOGIN = { boot: { method: "ssh", prompts: [PROMPT.trimEnd()] } };
  let runs = 0;
  const run = (deviceFile: string, step: string, ...boots: object[]) =>
    runJob(deviceFile, jobOf([LOGIN, ...boots], step));
  const runJob = async (deviceFile: string, job: string) => {
    const output = join(folder, `out-${++runs}`);
    const result = await runCli([...runWords(deviceFile, output, `50${runs}`), job]);
    return { ...result, output };
  };

  test("copies the overlay, logs in, runs the tests there", async () => {
    const { code, output } = await run(device(), 'lava-test-case where --shell test -n "$SSH_CONNECTION"');
    const report = expectCompleteOutputs(output);
    expect({ code, verdict: report.verdict }).toMatchObject({ code: 0, verdict: { class: "pass" } });
    expect(verdicts(report, "0_far")).toEqual({ where: "pass" });
    expect(readConsole(output)).toContain("<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=where RESULT=pass>");
    expect(readdirSync(join(folder, "target"))).toEqual(["lava-501"]);
  });

  test("kernel and firmware lie beside the tests, a root is unpacked there, modules where the system looks for them", async () => {
    // This machine is the system: its "modules" go to the test's own folder.
    const made = join(folder, "items");
    const modules = join(folder, "target/modules").slice(1);
    mkdirSync(join(made, modules), { recursive: true });
    mkdirSync(join(made, "etc"), { recursive: true });
    for (const name of ["Image", "blob", "etc/name", `${modules}/a.ko`])
      writeFileSync(join(made, name), `this is ${name}`);
    const tar = (name: string, what: string) =>
      execFileSync("tar", ["-C", made, "-czf", join(folder, name), what], { stdio: "ignore" });
    tar("root.tar.gz", "etc");
    tar("modules.tar.gz", modules);
    const url = (path: string) => ({ url: `file://${path}` });
    const results = join(folder, `target/lava-50${runs + 1}`);
    const job = jobOf(
      [LOGIN],
      `lava-test-case all --shell "cat ${results}/kernel/Image ${results}/firmware/blob ${results}/rootfs/etc/name /${modules}/a.ko"`,
      {
        kernel: url(join(made, "Image")),
        firmware: url(join(made, "blob")),
        rootfs: { ...url(join(folder, "root.tar.gz")), compression: "gz" },
        modules: { ...url(join(folder, "modules.tar.gz")), compression: "gz" },
      },
    );
    const { code, output } = await runJob(device(), job);
    const report = expectCompleteOutputs(output);
    expect({ code, error: report.verdict.error }).toEqual({ code: 0, error: undefined });
    expect(verdicts(report, "0_far")).toEqual({ all: "pass" });
    expect(readConsole(output)).toMatch(/this is Image\s*this is blob\s*this is etc\/name\s*this is .*a\.ko/);
  });

  test("a file for the host that is not there is a JobError before anything runs", async () => {
    const job = jobOf([LOGIN], "true", { kernel: { url: `file://${join(folder, "nothing")}` } });
    const { code, output } = await runJob(device(), job);
    const { verdict } = expectCompleteOutputs(output);
    expect({ code, error: verdict.error }).toMatchObject({
      code: 2,
      error: { class: "JobError", message: expect.stringContaining("there is no such file") },
    });
  });

  test("a host that does not answer is an InfrastructureError", async () => {
    const { code, output } = await run(device({ port: 1 }), "true");
    const { verdict } = expectCompleteOutputs(output);
    expect({ code, class: verdict.error?.class }).toEqual({ code: 3, class: "InfrastructureError" });
    expect(verdict.error?.message).toContain("Connection refused");
  });

  const whyNoSchroot = !existsSync("/usr/bin/schroot")
    ? "schroot is not installed"
    : process.getuid?.() !== 0
      ? "only root may define a schroot"
      : undefined;
  if (whyNoSchroot) console.warn(`ssh-jobs: schroot: skipped: ${whyNoSchroot}`);

  describe.skipIf(whyNoSchroot !== undefined)("enters a schroot", () => {
    beforeAll(() => {
      const root = join(folder, "chroot");
      for (const name of ["bin", "etc", "root", "tmp"]) mkdirSync(join(root, name), { recursive: true });
      cpSync("/bin/busybox", join(root, "bin/busybox"));
      for (const name of ["sh", "printf", "echo", "cat"]) symlinkSync("busybox", join(root, "bin", name));
      writeFileSync(join(root, "bin/bash"), "#!/bin/sh\nPS1='in-schroot# ' exec /bin/sh -i\n", { mode: 0o755 });
      writeFileSync(
        CHROOT_FILE,
        `[${CHROOT}]\ntype=plain\ndirectory=${root}\nusers=root\nroot-users=root\nshell=/bin/bash\n`,
      );
    });
    afterAll(() => rmSync(CHROOT_FILE, { force: true }));

    const enter = (schroot: string) => ({
      boot: { method: "schroot", connection: "ssh", schroot, prompts: ["in-schroot# "] },
    });

    test("in the ssh session, and the tests run where the overlay is not: they say so", async () => {
      const { output } = await run(device(), "true", enter(CHROOT));
      const { verdict } = expectCompleteOutputs(output);
      expect(readConsole(output)).toContain("in-schroot# ");
      expect(verdict.error).toMatchObject({
        class: "JobError",
        action: "lava-test-shell",
        advice: expect.stringContaining("overlay"),
      });
    });

    test("a schroot that the device does not have is refused before the run", async () => {
      const { code, output } = await run(device(), "true", enter("nowhere"));
      expect(code).not.toBe(0);
      expect(expectCompleteOutputs(output).verdict.error?.message).toContain('has no schroot "nowhere"');
    });
  });
});
