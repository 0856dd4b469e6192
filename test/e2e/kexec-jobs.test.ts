/** A running system that starts another kernel: the real kexec in a guest, and the real kernel that it starts. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { guestFile, initrdWithTools, noGuest } from "../support/guest-images.js";
import { runCli, runWords } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole, verdicts } from "../support/run-outputs.js";
import { inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";

const why = noGuest("amd64");
if (why) console.warn(`kexec-jobs: skipped: ${why}`);

const folder = makeWorkspace();
afterAll(() => removeWorkspace(folder));

/** What is started, as a tarball for the guest's root. */
function bootTar(): string {
  const root = join(folder, "root");
  mkdirSync(join(root, "boot"), { recursive: true });
  copyFileSync(guestFile("amd64", "kernel"), join(root, "boot/kernel"));
  copyFileSync(guestFile("amd64", "initrd.cpio.gz"), join(root, "boot/initrd"));
  const tar = join(folder, "boot.tar");
  execFileSync("tar", ["-C", root, "-cf", tar, "."]);
  return tar;
}

test.skipIf(why !== undefined)("loads the kernel, starts it, and logs in to its system", async () => {
  const login = { auto_login: { login_prompt: "board login:", username: "root" }, prompts: ["root@board:/root#"] };
  const job = join(folder, "job.yaml");
  const definition = (name: string, step: string) => ({
    from: "inline",
    name,
    path: `${name}.yaml`,
    repository: { metadata: { format: "Lava-Test Test Definition 1.0", name }, run: { steps: [step] } },
  });
  writeFileSync(
    job,
    stringify({
      device_type: "qemu",
      job_name: "kexec",
      visibility: "public",
      context: { arch: "amd64", memory: 768 },
      timeouts: { job: { minutes: 10 }, action: { minutes: 4 }, connection: { minutes: 3 } },
      actions: [
        {
          deploy: {
            to: "tmpfs",
            os: "oe",
            images: {
              kernel: {
                url: `file://${inRoot(".images/amd64/kernel")}`,
                image_arg: '-kernel {kernel} -append "console=ttyS0,115200 root=/dev/ram0 panic=1"',
              },
              ramdisk: {
                url: `file://${initrdWithTools(folder, "amd64")}`,
                image_arg: "-initrd {ramdisk}",
                compression: "gz",
                format: "cpio.newc",
                overlays: { lava: true, boot: { url: `file://${bootTar()}`, format: "tar", path: "/" } },
              },
            },
          },
        },
        { boot: { method: "qemu", media: "tmpfs", ...login } },
        {
          test: {
            definitions: [definition("before", "lava-test-case first --shell grep -q panic=1 /proc/cmdline")],
          },
        },
        {
          boot: {
            method: "kexec",
            command: "/usr/bin/kexec",
            kernel: "/boot/kernel",
            initrd: "/boot/initrd",
            options: ["--command-line='console=ttyS0,115200 root=/dev/ram0 started_by=kexec'"],
            boot_message: "Linux version",
            ...login,
          },
        },
      ],
    }),
  );
  const output = join(folder, "out");
  const device = inRoot("device-configs/devices/qemu-x86_64.yaml");
  const { code } = await runCli([...runWords(device, output, "7001"), job]);
  const report = expectCompleteOutputs(output);
  expect({ code, error: report.verdict.error }).toEqual({ code: 0, error: undefined });
  expect(verdicts(report, "0_before")).toEqual({ first: "pass" });
  expect(readConsole(output)).toMatch(/kexec -e[\s\S]*Command line: .*started_by=kexec[\s\S]*root@board/);
});
