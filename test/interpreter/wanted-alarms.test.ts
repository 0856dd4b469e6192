/** Panics, resets and banners that a job wants, or that a step of it types: none of them is an alarm. */
import { describe, expect, it } from "vitest";
import { DEVICE, JOB, KERNEL, runVirtually, type VirtualRun } from "./virtual-board.js";

const crlf = (text: string) => text.replace(/\r?\n/g, "\r\n");
const BOOT = JOB.slice(0, JOB.indexOf("- test:"));
const BOOTLOADER = BOOT.replace(
  /- boot:[\s\S]*/,
  "- boot: { method: bootloader, bootloader: u-boot, commands: COMMANDS, prompts: ['=> '] }\n",
);
const device = DEVICE.replace("methods: { u-boot:", "methods: { bootloader: {}, minimal: {}, u-boot:");
const UBOOT = "\n\nU-Boot 2023.01 (Jan 01 2023 - 00:00:00 +0000)\n\nDRAM:  1 GiB\nHit any key to stop autoboot:  2 ";
const PANIC = `[   12.345690] Kernel panic - not syncing: sysrq triggered crash
[   12.345750] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---
`;
const cases = (results: { [key: string]: unknown }[], suite: string) =>
  results.filter(({ definition }) => definition === suite).map((r) => `${r.case} ${r.result}`);

const play = (job: string, rules: NonNullable<VirtualRun["rules"]>) => runVirtually({ job, device, rules });

describe("interactive tests", () => {
  it("at the boot loader's prompt may ask it for its version", async () => {
    const { verdict, results } = await play(
      `${BOOTLOADER.replace("COMMANDS", "[]")}- test:
    timeout: { seconds: 30 }
    interactive:
    - name: loader
      prompts: ['=> ', '/ # ']
      script:
      - { name: version, command: version, successes: [{ message: U-Boot }] }
      - { name: base, command: base 40400000, successes: [{ message: 'Base Address: 0x40400000' }] }
`,
      {
        version: { input: /^ ?version/, output: crlf("U-Boot 2023.01 (Jan 01 2023 - 00:00:00 +0000)\n\ngcc 12\n=> ") },
        base: { input: /^base/, output: crlf("Base Address: 0x40400000\n=> ") },
      },
    );
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(cases(results, "0_loader")).toEqual(["version pass", "base pass"]);
  });

  it("may reset the board, await its banner, and talk to its boot loader", async () => {
    const { verdict, results } = await play(
      `${BOOT}- test:
    timeout: { seconds: 60 }
    interactive:
    - name: wdt
      prompts: ['root@board:/root#', '=> ']
      script:
      - { name: trigger, command: sleep 2 ; reboot -f, wait_for_prompt: false, successes: [{ message: U-Boot 20 }] }
      - { name: countdown, command: null, successes: [{ message: Hit any key }], wait_for_prompt: false }
      - { name: stopped, command: ' ' }
      - { name: version, command: version, successes: [{ message: U-Boot }] }
`,
      {
        reboot: { input: /^sleep 2/, output: ["[   20.0] reboot: Restarting system\r\n", crlf(UBOOT)], delay: 2000 },
        stop: { input: /^ $/, output: "\r\n=> " },
        version: { input: /^version/, output: crlf("U-Boot 2023.01 (Jan 01 2023)\n=> ") },
      },
    );
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(cases(results, "0_wdt")).toEqual(["trigger pass", "countdown pass", "stopped pass", "version pass"]);
  });

  it("may want a panic, and what comes after it", async () => {
    const { verdict, results } = await play(
      `${BOOT}- test:
    timeout: { seconds: 60 }
    interactive:
    - name: crash
      prompts: ['root@board:/root#']
      script:
      - name: trigger
        command: echo c > /proc/sysrq-trigger
        wait_for_prompt: false
        successes: [{ message: Kernel panic - not syncing }]
        failures: [{ message: nonexistent directory }]
      - { name: back, command: null, wait_for_prompt: false, successes: [{ message: 'board login:' }] }
`,
      {
        crash: {
          input: /^echo c/,
          output: [crlf(PANIC), crlf(UBOOT), KERNEL, "\r\nboard login: "],
          delay: 8000,
        },
      },
    );
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(cases(results, "0_crash")).toEqual(["trigger pass", "back pass"]);
  });

  it("wait on after a panic that nobody awaits, as LAVA's do", async () => {
    const { verdict } = await play(
      `${BOOT}- test:
    timeout: { seconds: 20 }
    interactive:
    - name: talk
      prompts: ['root@board:/root#']
      script: [{ name: run, command: run, successes: [{ message: never }] }]
`,
      { run: { input: "run", output: crlf(PANIC) } },
    );
    expect(verdict.error?.message).toMatch(/lava-test-interactive timed out/);
  });

  it("see the countdown of a reset that was the last boot command", async () => {
    const { verdict, results } = await play(
      `${BOOTLOADER.replace("COMMANDS", "[setenv x 1, reset]")}- test:
    timeout: { seconds: 30 }
    interactive:
    - name: again
      prompts: ['=> ']
      script:
      - { name: countdown, command: null, successes: [{ message: Hit any key }], wait_for_prompt: false }
      - { name: stopped, command: ' ' }
`,
      {
        reset: { input: "reset", output: ["resetting ...\r\n", crlf(UBOOT)], delay: 1500 },
        stop: { input: /^ $/, output: "\r\n=> " },
      },
    );
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(cases(results, "0_again")).toEqual(["countdown pass", "stopped pass"]);
  });
});

describe("monitors", () => {
  const monitor = (start: string, said: string[]) =>
    runVirtually({
      device,
      job: `
device_type: board
job_name: virtual
timeouts: { job: { minutes: 5 }, action: { minutes: 1 }, connection: { minutes: 1 } }
visibility: public
actions:
- boot: { method: minimal, prompts: ['loader ready'], parameters: { kernel-start-message: '' } }
- test:
    timeout: { seconds: 50 }
    monitors: [{ name: watch, start: '${start}', end: 'ALL DONE', pattern: 'case (?P<test_case_id>\\w+): (?P<result>pass|fail)' }]
`,
      onReset: (board) => {
        board.say("\r\nloader ready ", 300);
        said.forEach((text, at) => void board.say(crlf(text), 1500 + at * 1000));
      },
    });

  it.each([
    ["whose start is the boot's banner", "U-Boot 20[0-9]+", [UBOOT, "\ncase a: pass\n", "ALL DONE\n"], ["a pass"]],
    [
      "that see the board panic and come back between two results",
      "BEGIN",
      ["\nBEGIN\ncase a: pass\n", PANIC, UBOOT, `\n${KERNEL}`, "case b: fail\n", "ALL DONE\n"],
      ["a pass", "b fail"],
    ],
    ["that end with a panic", "BEGIN", ["\nBEGIN\ncase a: pass\n", `${PANIC}ALL DONE\n`], ["a pass"]],
  ])("%s", async (_, start, said, expected) => {
    const { verdict, results } = await monitor(start, said);
    expect(verdict).toEqual({ result: "pass", further: [] });
    expect(cases(results, "watch")).toEqual(expected);
  });
});
