/** A root file system as a network block device: nbd-server on this machine, nbd-client in the guest's initramfs. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { boardForTests } from "../support/board-for-tests.js";
import { ext4Image, guestFile, initrdWithTools, noGuest, rootTree } from "../support/guest-images.js";
import { inlineTest } from "../support/inline-test.js";
import { boardWords } from "../support/real-board.js";
import { runCli, runWords } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole, verdicts } from "../support/run-outputs.js";

const why = existsSync("/usr/bin/nbd-server") ? noGuest("arm64") : "not installed: nbd-server";
if (why) console.warn(`nbd-jobs: skipped: ${why}`);

describe.skipIf(why !== undefined)("the U-Boot board", () => {
  const { folder, board } = boardForTests();

  test("boots into a root that nbd-server serves, writes to it, and fetches the overlay", async () => {
    const root = rootTree(folder, "arm64", { "etc/served-as": "a network block device\n" });
    const job = join(folder, "job.yaml");
    const file = (path: string) => ({ url: `file://${path}` });
    writeFileSync(
      job,
      stringify({
        device_type: "qemu-arm64-uboot",
        job_name: "nbd root",
        visibility: "public",
        timeouts: { job: { minutes: 6 }, action: { minutes: 1 } },
        protocols: { "lava-xnbd": { port: "auto" } },
        actions: [
          {
            deploy: {
              to: "nbd",
              os: "oe",
              protocols: { "lava-xnbd": [{ action: "nbd-deploy", request: "set_port" }] },
              kernel: { ...file(guestFile("arm64", "kernel")), type: "image" },
              initrd: file(initrdWithTools(folder, "arm64")),
              nbdroot: file(ext4Image(root, join(folder, "root.ext4"), 24)),
            },
          },
          {
            boot: {
              method: "u-boot",
              commands: "nbd",
              auto_login: { login_prompt: "board login:", username: "root" },
              prompts: ["root@board:/root#"],
              transfer_overlay: { download_command: "wget", unpack_command: "tar -C / -xzf" },
            },
          },
          inlineTest(
            "root",
            "lava-test-case served --shell grep -q block /etc/served-as",
            "lava-test-case mounted --shell grep -q '^/dev/nbd0 / ext4' /proc/mounts",
            "lava-test-case written --shell 'dd if=/dev/urandom of=/kept bs=1M count=2 && sync'",
            "lava-test-case read --shell 'echo 3 >/proc/sys/vm/drop_caches; test $(wc -c </kept) = 2097152'",
          ),
        ],
      }),
    );
    const output = join(folder, "out");
    const words = runWords(board.device, output, "8001");
    const { code } = await runCli([...words, ...boardWords(board), job]);
    const report = expectCompleteOutputs(output);
    expect({ code, error: report.verdict.error }).toEqual({ code: 0, error: undefined });
    expect(verdicts(report, "0_root")).toEqual({ served: "pass", mounted: "pass", written: "pass", read: "pass" });
    expect(readConsole(output)).toMatch(/nbd\.server=10\.0\.2\.2 nbd\.port=55\d{3}\b/);
  });
});
