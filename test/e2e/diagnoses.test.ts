/** Faults of a lab and of jobs on the real board: what the failed job says of its state, and what to do. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { boardForTests } from "../support/board-for-tests.js";
import { adaptJob, boardWords } from "../support/real-board.js";
import { runCli } from "../support/run-cli.js";
import { expectCompleteOutputs } from "../support/run-outputs.js";

const { folder, board } = boardForTests("faulty");
afterEach(async () => {
  expect(await board.status()).toBe("off");
});

let runs = 0;
/** The demo's job with replacements, on a board whose TFTP server hands out `served`. */
async function fails(changes: [string | RegExp, string][], tftp = board.tftp) {
  const output = join(folder, `out-${++runs}`);
  const words = boardWords({ ...board, tftp });
  const job = adaptJob(folder, "uboot-arm64", changes);
  const run = await runCli(["run", "--device", board.device, "--output-dir", output, ...words, job]);
  const { verdict } = expectCompleteOutputs(output);
  // Diagnoses never take the place of what went wrong first.
  expect(verdict.further).toEqual([]);
  return { code: run.code, message: verdict.error?.message, advice: verdict.error?.advice };
}
const RAMDISK = /\n {6}ramdisk:\n[\s\S]*?compression: gz\n/;
const COMMANDS = [
  "setenv autoload no",
  "dhcp",
  "tftp {KERNEL_ADDR} {KERNEL}",
  "setenv bootargs console=ttyAMA0,115200 root=/dev/vda",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: U-Boot's own
  "booti {KERNEL_ADDR} - ${fdtcontroladdr}",
];

test("a TFTP server that hands out another folder", async () => {
  const elsewhere = join(folder, "not-served");
  mkdirSync(elsewhere);
  const { code, message, advice } = await fails([], elsewhere);
  expect(code).toBe(3);
  expect(message).toContain("File not found");
  expect(advice).toMatch(/a TFTP server answers; it has not the file .*--tftp-root/);
});

test("a kernel that is none", async () => {
  writeFileSync(join(folder, "garbage"), Buffer.alloc(1 << 20, "no kernel"));
  const { code, message, advice } = await fails([[/url: file:\S+\/kernel/, `url: file://${join(folder, "garbage")}`]]);
  expect(code).toBe(3);
  expect(message).toContain("Bad Linux ARM64 Image magic");
  expect(advice).toMatch(/at its bootloader's prompt; what it was to start .* is no kernel of its kind/);
});

test("a kernel without its root file system", async () => {
  const { code, message, advice } = await fails([
    [RAMDISK, "\n"],
    ["commands: ramdisk", `commands: ${JSON.stringify(COMMANDS)}`],
  ]);
  expect(code).toBe(2);
  expect(message).toContain("Kernel panic - not syncing: VFS: Unable to mount root fs");
  expect(advice).toMatch(/The kernel runs, but it has no root file system .*root=/);
});

test("a system whose network is down", async () => {
  const { code, message, advice } = await fails([
    ["compression: gz", "compression: gz\n        install_overlay: false"],
    [
      "username: root",
      "username: root\n        login_commands: ['sleep 2', 'ip link set eth0 down']\n      transfer_overlay: {download_command: wget, unpack_command: 'tar -C / -xzf'}",
    ],
  ]);
  expect(code).toBe(2);
  expect(message).toMatch(/^'wget http:.*' failed with return code 1!$/);
  expect(advice).toMatch(/its network does not reach the other side \(wget: can't connect .*Network is unreachable\)/);
});
