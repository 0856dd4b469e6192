/** A second console of the same board: a machine with two serial lines, a login on each, tests on the second. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { guestFile } from "../support/guest-images.js";
import { inlineTest } from "../support/inline-test.js";
import { runCli } from "../support/run-cli.js";
import { expectCompleteOutputs, readLog, verdicts } from "../support/run-outputs.js";
import { freePort, inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";

const folder = makeWorkspace();
afterAll(() => removeWorkspace(folder));

test("boot method new_connection logs in on the other line; the first one goes on as feedback", async () => {
  const port = await freePort();
  const device = join(folder, "device.yaml");
  writeFileSync(
    device,
    stringify({
      extends: "qemu",
      available_architectures: ["amd64"],
      accelerators: ["tcg"],
      machine: "q35",
      cpu: "qemu64",
      qemu_options: [
        `-chardev socket,id=second,host=127.0.0.1,port=${port},telnet=on,server=on,wait=off`,
        "-serial chardev:second",
      ],
      connections: { second: { connect: `telnet 127.0.0.1 ${port}`, tags: ["telnet"] } },
      device: { actions: { deploy: { methods: { overlay: {} } } } },
    }),
  );
  const image = (name: "kernel" | "initrd.cpio.gz", image_arg: string) => ({
    url: `file://${guestFile("amd64", name)}`,
    image_arg,
  });
  const login = { auto_login: { login_prompt: "board login:", username: "root" }, prompts: ["root@board:/root#"] };
  const definitions = inlineTest(
    "second",
    "lava-test-case line --shell 'test $(tty) = /dev/ttyS1'",
    "echo heard on the first line >/dev/ttyS0",
  ).test;
  const job = join(folder, "job.yaml");
  writeFileSync(
    job,
    stringify({
      device_type: "qemu",
      job_name: "two consoles",
      visibility: "public",
      context: { arch: "amd64" },
      timeouts: { job: { minutes: 5 }, action: { minutes: 2 } },
      actions: [
        {
          deploy: {
            namespace: "one",
            to: "tmpfs",
            images: {
              kernel: image("kernel", '-kernel {kernel} -append "console=ttyS0,115200 root=/dev/ram0"'),
              ramdisk: image("initrd.cpio.gz", "-initrd {ramdisk}"),
            },
          },
        },
        {
          boot: {
            namespace: "one",
            method: "qemu",
            media: "tmpfs",
            ...login,
            auto_login: { ...login.auto_login, login_commands: ["setsid getty -L 115200 ttyS1 vt100 &"] },
          },
        },
        { deploy: { namespace: "two", to: "overlay", os: "oe" } },
        {
          boot: {
            namespace: "two",
            method: "new_connection",
            connection: "second",
            ...login,
            transfer_overlay: { download_command: "wget", unpack_command: "tar -C / -xzf" },
          },
        },
        { test: { namespace: "two", ...definitions } },
      ],
    }),
  );
  const output = join(folder, "out");
  const words = ["--dispatcher", inRoot("device-configs/dispatcher-emulated.yaml"), "--job-id", "8601"];
  const { code } = await runCli(["run", "--device", device, "--output-dir", output, ...words, job]);
  const report = expectCompleteOutputs(output);
  expect({ code, error: report.verdict.error }).toEqual({ code: 0, error: undefined });
  expect(verdicts(report, "0_second")).toEqual({ line: "pass" });
  expect(readLog(output)).toContainEqual(
    expect.objectContaining({ lvl: "feedback", ns: "one", msg: expect.stringContaining("heard on the first line") }),
  );
});
