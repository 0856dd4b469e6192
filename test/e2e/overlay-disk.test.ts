/** Images that nobody puts the tests into: the guest gets them on a disk of their own, which it mounts before the tests. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { guestFile } from "../support/guest-images.js";
import { inlineTest } from "../support/inline-test.js";
import { runCli, runWords } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole, verdicts } from "../support/run-outputs.js";
import { inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";

const folder = makeWorkspace();
afterAll(() => removeWorkspace(folder));

test("QEMU gets a second disk; its name by UUID is where the tests come from", async () => {
  const job = join(folder, "job.yaml");
  const image = (name: "kernel" | "initrd.cpio.gz", image_arg: string) => ({
    url: `file://${guestFile("amd64", name)}`,
    image_arg,
  });
  writeFileSync(
    job,
    stringify({
      device_type: "qemu",
      job_name: "overlay disk",
      visibility: "public",
      context: { arch: "amd64" },
      timeouts: { job: { minutes: 5 }, action: { minutes: 2 } },
      actions: [
        {
          deploy: {
            to: "tmpfs",
            os: "oe",
            images: {
              kernel: image("kernel", '-kernel {kernel} -append "console=ttyS0,115200 root=/dev/ram0"'),
              ramdisk: image("initrd.cpio.gz", "-initrd {ramdisk}"),
            },
          },
        },
        {
          boot: {
            method: "qemu",
            media: "tmpfs",
            auto_login: { login_prompt: "board login:", username: "root" },
            prompts: ["root@board:/root#"],
          },
        },
        inlineTest("disk", "lava-test-case mounted --shell grep -q '/by-uuid/.* /lava-8701 ext2' /proc/mounts"),
      ],
    }),
  );
  const output = join(folder, "out");
  const device = inRoot("device-configs/devices/qemu-x86_64.yaml");
  const { code } = await runCli([...runWords(device, output, "8701"), job]);
  const report = expectCompleteOutputs(output);
  expect({ code, error: report.verdict.error }).toEqual({ code: 0, error: undefined });
  expect(verdicts(report, "0_disk")).toEqual({ mounted: "pass" });
  expect(readConsole(output)).toMatch(/mount \/dev\/disk\/by-uuid\/[0-9a-f-]{36} -t ext2 \/lava-8701/);
});
