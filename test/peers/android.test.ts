/** fastboot and adb all the way: Debian's clients, U-Boot's fastboot, Debian 13's adbd. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { PEERS } from "../../scripts/peers/peers.mjs";
import { expectGold } from "../support/gold.js";
import { describeWithPeers } from "../support/peer.js";
import { DEVICE, testBlock } from "../support/peer-board.js";
import { runWords } from "../support/run-cli.js";
import { expectCompleteOutputs, readConsole, readLog, verdicts } from "../support/run-outputs.js";
import { inRoot, makeWorkspace, removeWorkspace } from "../support/workspace.js";

/** Runs lava-dispatch beside the board, in its network. */
const besideBoard = (folder: string, words: string[]) =>
  promisify(execFile)(
    inRoot("scripts/peers/lib/android-board.sh"),
    [PEERS, folder, process.execPath, inRoot("dist/lava-dispatch.js"), ...words],
    { env: { ...process.env, NO_COLOR: "1" }, maxBuffer: 1 << 26 },
  ).catch((error) => error);

describeWithPeers("an Android-like board", ["fastboot-board", "android"], () => {
  const folder = makeWorkspace();
  afterAll(() => removeWorkspace(folder));

  const device = {
    ...DEVICE,
    fastboot_serial_number: "udp:127.0.0.1:5554",
    adb_serial_number: "127.0.0.1:5555",
    board_id: "127.0.0.1:5555",
    fastboot_options: [],
    flash_cmds_order: ["rootfs"],
    device_info: [{ board_id: "127.0.0.1:5555", wait_device_board_id: false }],
    actions: {
      deploy: { connections: { fastboot: null }, methods: { fastboot: null } },
      boot: { connections: { fastboot: null, adb: null }, methods: { fastboot: ["reboot"] } },
    },
    constants: {
      ...DEVICE.constants,
      posix: {
        lava_test_sh_cmd: "/bin/sh",
        lava_test_results_dir: "/data/local/tmp/lava-%s",
        lava_test_shell_file: "",
      },
    },
  };

  test("an image is flashed, the board reboots into its system, the tests run over adb", async () => {
    writeFileSync(join(folder, "small.img"), randomBytes(2 ** 20));
    writeFileSync(join(folder, "device.yaml"), stringify(device));
    const job = {
      job_name: "adb and fastboot",
      visibility: "public",
      timeouts: { job: { minutes: 3 }, action: { seconds: 80 }, connection: { seconds: 40 } },
      actions: [
        {
          deploy: {
            to: "fastboot",
            images: { rootfs: { url: `file://${join(folder, "small.img")}`, sparse: false } },
            os: "android",
          },
        },
        { boot: { method: "fastboot", prompts: ["/ # ", "# $"] } },
        testBlock("smoke", "lava-test-case kernel --shell uname -a", "lava-test-case adbd --shell pidof adbd"),
      ],
    };
    writeFileSync(join(folder, "job.yaml"), stringify(job));
    const output = join(folder, "out");
    await besideBoard(folder, [...runWords(join(folder, "device.yaml"), output, "7100"), join(folder, "job.yaml")]);
    const report = expectCompleteOutputs(output);
    expect({ verdict: report.verdict.class, error: report.verdict.error }).toEqual({ verdict: "pass" });
    expect(verdicts(report, "0_smoke")).toEqual({ kernel: "pass", adbd: "pass" });
    expect(readConsole(output)).toContain("built-in shell (ash)");
    const ran = readLog(output).map(({ msg }) => String(msg));
    const words = (...list: string[]) => `Running [${list.map((word) => `'${word}'`).join(", ")}]`;
    const order = [words("adb", "start-server"), words("adb", "-s", "127.0.0.1:5555", "wait-for-device")].map((line) =>
      ran.indexOf(line),
    );
    expect(order.every((at) => at >= 0) && order[0]! < order[1]!).toBe(true);
  });

  test("its gold-standard job passes", async () => {
    const output = join(folder, "out-gold");
    await besideBoard(folder, [...runWords("android-board", output, "7101"), inRoot("jobs/gold/android-board.yaml")]);
    expectGold(output);
  });
});
