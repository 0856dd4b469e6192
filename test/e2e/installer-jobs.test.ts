/** Debian's own installer, from an ISO image that a packaging tool made, up to its first question. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { inlineTest } from "../support/inline-test.js";
import { runCli } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole, readLog } from "../support/run-outputs.js";
import { inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";

const INSTALLER = inRoot(".images/installer");
const why = !existsSync(INSTALLER)
  ? "Debian's installer is not there (npm run setup)"
  : existsSync("/usr/bin/xorriso")
    ? undefined
    : "not installed: xorriso";
if (why) console.warn(`installer-jobs: skipped: ${why}`);

const folder = makeWorkspace();
afterAll(() => removeWorkspace(folder));

/** A medium as Debian makes it: Rock Ridge and Joliet names, kernel and ramdisk in install.amd. */
function makeIso(): string {
  const tree = join(folder, "tree");
  mkdirSync(join(tree, "install.amd"), { recursive: true });
  copyFileSync(join(INSTALLER, "linux"), join(tree, "install.amd/vmlinuz"));
  copyFileSync(join(INSTALLER, "initrd.gz"), join(tree, "install.amd/initrd.gz"));
  const iso = join(folder, "debian.iso");
  execFileSync("xorriso", ["-as", "mkisofs", "-quiet", "-r", "-J", "-o", iso, tree], { stdio: "ignore" });
  return iso;
}

/** The job, and where its TFTP root is; `device` is a file. */
async function install(name: string, device: string, iso: string) {
  const tftp = join(folder, `${name}-tftp`);
  mkdirSync(tftp);
  const preseed = join(folder, "preseed.cfg");
  writeFileSync(preseed, "d-i debian-installer/locale string en_US\n");
  const job = join(folder, `${name}.yaml`);
  writeFileSync(
    job,
    stringify({
      device_type: "qemu",
      job_name: name,
      visibility: "public",
      // So little memory that the installer asks before anything else.
      context: { arch: "amd64", memory: 640, netdevice: `user,tftp=${tftp}` },
      timeouts: { job: { minutes: 6 }, action: { minutes: 4 } },
      actions: [
        {
          deploy: {
            to: "iso-installer",
            os: "debian_installer",
            images: { iso: { url: `file://${iso}` }, preseed: { url: `file://${preseed}` } },
            iso: { kernel: "/install.amd/vmlinuz", initrd: "/install.amd/initrd.gz", installation_size: "1G" },
          },
        },
        {
          boot: {
            method: "qemu-iso",
            media: "img",
            auto_login: { login_prompt: "login:", username: "root" },
            prompts: ["root@debian:~#"],
          },
        },
        inlineTest("installed", "true"),
      ],
    }),
  );
  const output = join(folder, name);
  const { code } = await runCli([
    ...["run", "--device", device, "--output-dir", output, "--job-id", "8401"],
    ...["--dispatcher", inRoot("device-configs/dispatcher-emulated.yaml"), "--tftp-root", tftp, job],
  ]);
  const report = expectCompleteOutputs(output);
  return {
    code,
    error: report.verdict.error,
    console: readConsole(output),
    log: readLog(output).map(({ msg }) => String(msg)),
  };
}

test.skipIf(why !== undefined)("it starts from the medium, and its question is the job's error, at once", async () => {
  const { code, error, console, log } = await install(
    "real",
    inRoot("device-configs/devices/qemu-x86_64.yaml"),
    makeIso(),
  );
  expect({ code, error }).toMatchObject({
    code: 2,
    error: {
      class: "JobError",
      action: "monitor-installer-connection",
      message: expect.stringMatching(/^The installer stopped at 'Low memory': \[Press enter to continue\]/),
    },
  });
  expect(console).toMatch(
    /Command line: auto=true install .*console=ttyS0,115200 preseed\/url=tftp:\/\/10\.0\.2\.2\/8401\//,
  );
  expect(console).toContain("Entering low memory mode");
  // Kernel and ramdisk came whole out of the image.
  for (const [name, file] of [
    ["vmlinuz", "linux"],
    ["initrd.gz", "initrd.gz"],
  ] as const)
    expect(log).toContain(`copying /install.amd/${name} (${statSync(join(INSTALLER, file)).size} bytes)`);
});

test.skipIf(why !== undefined)(
  "a question in the middle of an installation (told by a stand-in for QEMU)",
  async () => {
    const tree = join(folder, "small/install.amd");
    mkdirSync(tree, { recursive: true });
    for (const name of ["vmlinuz", "initrd.gz"]) writeFileSync(join(tree, name), name);
    const iso = join(folder, "small.iso");
    execFileSync("xorriso", ["-as", "mkisofs", "-quiet", "-r", "-o", iso, join(tree, "..")], { stdio: "ignore" });
    const emulator = join(folder, "emulator");
    const question =
      "Mirror country\\r\\n--------------\\r\\n\\r\\n  1: Austria\\r\\nPrompt: '?' for help, default=1> ";
    writeFileSync(emulator, `#!/bin/sh\n[ "$1" = --version ] || { printf "${question}"; exec sleep 600; }\n`, {
      mode: 0o755,
    });
    const device = join(folder, "device.yaml");
    writeFileSync(device, stringify({ extends: "qemu", qemu_command: emulator }));
    expect(await install("asked", device, iso)).toMatchObject({
      code: 2,
      error: {
        class: "JobError",
        action: "monitor-installer-connection",
        message: expect.stringMatching(
          /^The installer asks what nobody answers, at 'Mirror country': Prompt: '\?' for help/,
        ),
      },
    });
  },
);
