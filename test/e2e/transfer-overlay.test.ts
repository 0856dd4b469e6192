/** The test overlay over the console itself: sz of this machine, rz of the guest. (Over HTTP: removable-media; over NFS: nfs-jobs.) */
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { boardForTests } from "../support/board-for-tests.js";
import { type Architecture, guestFile, initrdWithTools, noGuest } from "../support/guest-images.js";
import { inlineTest } from "../support/inline-test.js";
import { boardWords } from "../support/real-board.js";
import { runCli, runWords } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole, readLog, verdicts } from "../support/run-outputs.js";
import { inRoot } from "../support/workspace.js";

const why = existsSync("/usr/bin/sz") ? (noGuest("arm64") ?? noGuest("amd64")) : "not installed: lrzsz";
if (why) console.warn(`transfer-overlay: skipped: ${why}`);

describe.skipIf(why !== undefined)("zmodem", () => {
  const { folder, board } = boardForTests();

  let runs = 0;
  async function run(device: string, words: string[], actions: object[]) {
    const job = join(folder, `job-${++runs}.yaml`);
    const context = { arch: "amd64" };
    const head = { device_type: "any", job_name: "zmodem", visibility: "public", context };
    const timeouts = { job: { minutes: 6 }, action: { minutes: 1 } };
    writeFileSync(job, stringify({ ...head, timeouts, actions }));
    const output = join(folder, `out-${runs}`);
    const { code } = await runCli([...runWords(device, output, `830${runs}`), ...words, job]);
    return { code, report: expectCompleteOutputs(output), output };
  }
  const login = { auto_login: { login_prompt: "board login:", username: "root" }, prompts: ["root@board:/root#"] };
  const zmodem = { transfer_overlay: { transfer_method: "zmodem", unpack_command: "tar -C / -xzf" } };
  const here = inlineTest("sent", "lava-test-case here --shell test -d /lava-*");
  const tftp = (arch: Architecture, ramdisk: string) => ({
    deploy: {
      to: "tftp",
      os: "oe",
      kernel: { url: `file://${guestFile(arch, "kernel")}`, type: "image" },
      ramdisk: { url: `file://${ramdisk}`, install_overlay: false, install_modules: false },
    },
  });

  test("over telnet: every byte arrives, the console goes on where it was", async () => {
    const { code, report, output } = await run(board.device, boardWords(board), [
      tftp("arm64", initrdWithTools(folder, "arm64")),
      { boot: { method: "u-boot", commands: "ramdisk", ...login, ...zmodem } },
      here,
    ]);
    expect({ code, error: report.verdict.error }).toEqual({ code: 0, error: undefined });
    expect(verdicts(report, "0_sent")).toEqual({ here: "pass" });
    // The transfer itself is in no log and no recording, and a replay does without it.
    expect((await runCli(["replay", output])).code).toBe(0);
    const tarball = readdirSync(output).find((name) => name.startsWith("overlay-")) as string;
    const heard = readConsole(output);
    expect(heard).not.toContain("**\x18B");
    expect(heard).toContain(`tar -C / -xzf overlay-`);
    expect(statSync(join(output, tarball)).size).toBeGreaterThan(1000);
    expect(readLog(output).map(({ msg }) => msg)).toContainEqual(
      expect.stringMatching(/^Sending overlay-.* over the console$/),
    );
  });

  test("over QEMU's own terminal", async () => {
    const { code, report } = await run(
      inRoot("device-configs/devices/qemu-x86_64.yaml"),
      [],
      [
        {
          deploy: {
            to: "tmpfs",
            os: "oe",
            images: {
              kernel: {
                url: `file://${guestFile("amd64", "kernel")}`,
                image_arg: '-kernel {kernel} -append "console=ttyS0,115200 root=/dev/ram0"',
              },
              ramdisk: { url: `file://${initrdWithTools(folder, "amd64")}`, image_arg: "-initrd {ramdisk}" },
            },
          },
        },
        { boot: { method: "qemu", media: "tmpfs", ...login, ...zmodem } },
        here,
      ],
    );
    expect({ code, error: report.verdict.error }).toEqual({ code: 0, error: undefined });
    expect(verdicts(report, "0_sent")).toEqual({ here: "pass" });
  });

  test("a board without rz is a JobError that says so, and its shell is left alone", async () => {
    const { code, report } = await run(board.device, boardWords(board), [
      tftp("arm64", guestFile("arm64", "initrd.cpio.gz")),
      { boot: { method: "u-boot", commands: "ramdisk", ...login, ...zmodem } },
      here,
    ]);
    expect({ code, error: report.verdict.error }).toMatchObject({
      code: 2,
      error: {
        class: "JobError",
        action: "overlay-unpack",
        message: expect.stringMatching(/^The board did not take overlay-.*: its shell said: -sh: rz: not found$/),
        advice: expect.stringContaining("lrzsz"),
      },
    });
  });
});
