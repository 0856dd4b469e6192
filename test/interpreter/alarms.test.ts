/** What looks like the end of a board: it counts when what is awaited does not come, and is none when the board goes on. */
import { describe, expect, it } from "vitest";
import {
  DEVICE,
  goodBoard,
  JOB,
  KERNEL,
  login,
  PROMPT,
  runner,
  runVirtually,
  type VirtualRun,
} from "./virtual-board.js";

const MINIMAL = DEVICE.replace("methods: { u-boot:", "methods: { minimal: {}, u-boot:");
const crlf = (text: string) => text.replace(/\r?\n/g, "\r\n");
const signal = (text: string) => `<LAVA_SIGNAL_${text}>\n`;
const BEGUN = signal("STARTRUN 0_smoke u") + signal("STARTTC tc");
const ENDED = signal("ENDTC tc") + signal("TESTCASE TEST_CASE_ID=tc RESULT=pass") + signal("ENDRUN 0_smoke u");
const EXIT = `<LAVA_TEST_RUNNER EXIT>\n${PROMPT}`;
const warnings = ({ log }: Awaited<ReturnType<typeof runVirtually>>) =>
  log.filter(({ level, message }) => level === "warning" && /goes on after/.test(String(message)));
const resets = ({ power }: Awaited<ReturnType<typeof runVirtually>>) =>
  power.filter((command) => command.endsWith("board reset")).length;

/** A test that prints these texts, `gap` ms apart. */
const testing = (texts: string[], gap = 100, more: VirtualRun = {}, dies = false) =>
  runVirtually({
    ...more,
    rules: { runner: { input: /lava-test-runner/, output: texts.map(crlf), delay: gap, dies } },
  });
/** The same; the board answers nothing any more. */
const dying = (texts: string[], gap = 100, more: VirtualRun = {}) => testing(texts, gap, more, true);
const asked = ({ board }: Awaited<ReturnType<typeof runVirtually>>) => board.written.split("\x0c\x15").length - 1;

const ARM64 = `[   12.345678] sysrq: Trigger a crash
[   12.345690] Kernel panic - not syncing: sysrq triggered crash
[   12.345700] CPU: 0 PID: 231 Comm: sh Not tainted 6.1.0 #1
[   12.345710] Call trace:
[   12.345720]  dump_backtrace+0x0/0x1a0
[   12.345730] SMP: stopping secondary CPUs
[   12.345740] Kernel Offset: disabled
[   12.345750] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---
`;
const X86 = `[   12.345678][    T1] BUG: kernel NULL pointer dereference, address: 0000000000000000
[   12.345680][    T1] Oops: 0002 [#1] PREEMPT SMP NOPTI
[   12.345690][    T1] Kernel panic - not syncing: Fatal exception
[   12.345700][    T1] Kernel Offset: 0x1c00000 from 0xffffffff81000000
[   12.345710][    T1] ---[ end Kernel panic - not syncing: Fatal exception ]---
`;
const PSTORE = `Panic#1 Part1
<4>[   35.123456] Call trace:
<0>[   35.123460] Kernel panic - not syncing: the one of last week
<4>[   35.123470] SMP: stopping secondary CPUs
`;
const UBOOT = "\n\nU-Boot 2023.01 (Jan 01 2023 - 00:00:00 +0000)\n\nDRAM:  1 GiB\nHit any key to stop autoboot:  2 ";

describe("what a test types or prints", () => {
  it.each([
    ["the shell's trace of a grep", '+ dmesg | grep "Kernel panic - not syncing"\n', 0],
    ["a grep within an if", "+ if dmesg | grep 'Kernel panic - not syncing'; then false; fi\n", 0],
    ["an echo", "root@board:/root# echo Kernel panic - not syncing\n", 0],
    ["a report about it", "checking for: Kernel panic - not syncing ... none\n", 0],
    ["the words alone", "Kernel panic - not syncing\n", 0],
    ["journalctl", "Jan 01 00:00:01 board kernel: Kernel panic - not syncing: old\n", 0],
    ["dmesg with its levels", "kern  :emerg : [   35.123460] Kernel panic - not syncing: old\n", 0],
    ["a signal", signal("TESTCASE TEST_CASE_ID=no-Kernel-panic-U-Boot-2023.01-(x) RESULT=pass"), 0],
    ["an old log", PSTORE, 1],
    ["the log of a crash on another board", ARM64, 1],
    ["a boot banner in a file", "U-Boot 2023.01 (Jan 01 2023)\n", 1],
    ["one behind its name", "ver=U-Boot 2023.01 (Jan 01 2023)\n", 0],
    ["a version from the device tree", "U-Boot SPL 2023.01\n", 1],
  ])("%s is no end: the next signal shows that the board lives", async (_, text, told) => {
    const run = await testing([BEGUN, text, ENDED, EXIT], 1000);
    expect(run.verdict).toEqual({ result: "pass", further: [] });
    expect(warnings(run)).toHaveLength(told);
  });

  it("is none either in the same piece as the signal after it", async () => {
    const run = await testing([BEGUN, PSTORE + ENDED + EXIT]);
    expect(run.verdict.result).toBe("pass");
  });

  it("is none when the shell's trace goes on, however long the next signal takes", async () => {
    const run = await testing([BEGUN, `${ARM64}+ sleep 25\n`, ENDED, EXIT], 12_000);
    expect(run.verdict.result).toBe("pass");
    expect(warnings(run)).toHaveLength(1);
  });
});

describe("the board is asked for a sign of life before the alarm counts", () => {
  it.each([
    ["an old log", PSTORE],
    ["a whole old log", ARM64],
    ["an old log of a board that rebooted", ARM64.replace(/---.*/, "Rebooting in 5 seconds..")],
    ["a boot banner in a file", "U-Boot 2023.01 (Jan 01 2023)\n"],
    ["a version from the device tree", "U-Boot SPL 2023.01\n"],
  ])("%s and a test that then works in silence is none", async (_, text) => {
    const run = await testing([BEGUN, text, ENDED, EXIT], 13_000);
    expect(run.verdict).toEqual({ result: "pass", further: [] });
    expect(warnings(run)).toHaveLength(1);
    expect(asked(run)).toBe(1);
    expect(run.results.filter(({ case: name }) => name === "tc")).toMatchObject([{ result: "pass" }]);
    // What was typed and erased again stands in none of the lines.
    expect(run.log.filter(({ level, message }) => level === "target" && /\^L/.test(String(message)))).toEqual([]);
    expect(run.log.map(({ message }) => String(message))).toContainEqual(
      expect.stringMatching(/^Sending "\\f\\u0015": only a board that lives answers, and this looks like its end: /),
    );
  });

  it("a board that rebooted is not asked: its new system would answer", async () => {
    const banner = "\n\nU-Boot 2023.01 (Jan 01 2023)\n";
    const system = `Starting kernel ...\n\n[    0.000000] Linux version 6.1\n${"[    1.5] a driver\n".repeat(400)}board login: `;
    const run = await testing([BEGUN, banner, system]);
    expect(run.verdict.error?.message).toContain("the board rebooted in test case tc");
    expect(asked(run)).toBe(0);
    expect(run.ms).toBeLessThan(30_000);
  });

  it("what a test prints is one, too, where nothing is echoed", async () => {
    const run = await dying([BEGUN, ARM64, "half of it\n", ENDED, EXIT], 2500);
    expect(run.verdict.result).toBe("pass");
    expect(asked(run)).toBe(1);
  });

  it("each time anew", async () => {
    const run = await testing([BEGUN, PSTORE, PSTORE, ENDED, EXIT], 11_000);
    expect(run.verdict.result).toBe("pass");
    expect(asked(run)).toBe(2);
  });

  it("but not while it asks something", async () => {
    const run = await testing([BEGUN, `${ARM64}Continue? [y/N] `, ENDED, EXIT], 15_000);
    expect(run.verdict.error?.message).toMatch(/panicked in test case tc/);
    expect(asked(run)).toBe(0);
  });

  it("and not when a signal comes first", async () => {
    const run = await testing([BEGUN, ARM64, ENDED, EXIT], 1000);
    expect(run.verdict.result).toBe("pass");
    expect(asked(run)).toBe(0);
  });
});

describe("a real panic in a test", () => {
  it.each([
    ["of arm64", ARM64, /the kernel panicked in test case tc \(0_smoke\): .*sysrq triggered crash/],
    ["of x86, behind its oops", X86, /Kernel panic - not syncing: Fatal exception/],
    [
      "in the middle of what a program printed",
      `progress ... ${ARM64.slice(ARM64.indexOf("\n") + 1)}`,
      /end Kernel panic/,
    ],
    ["with its level", ARM64.replace(/^\[/gm, "<0>["), /sysrq triggered crash/],
    ["of a kernel without time stamps", ARM64.replace(/^\[.*?\] /gm, ""), /end Kernel panic/],
    ["that reboots", ARM64.replace(/---.*/, "Rebooting in 1 seconds..") + UBOOT, /sysrq triggered crash/],
    ["whose text breaks off", "[   12.345690] Kernel panic - not syncing: sysrq triggered crash\n", /sysrq/],
  ])("%s is seen at once", async (_, text, message) => {
    const run = await dying([BEGUN, text]);
    expect(run.verdict.error).toMatchObject({ class: "JobError", board: "dead", action: "lava-test-shell" });
    expect(run.verdict.error?.message).toMatch(message);
    expect(run.ms).toBeLessThan(20_000);
  });

  it("may still be told when the board is asked whether it lives", async () => {
    const [first = "", ...rest] = ARM64.split(/(?<=\n)/);
    const run = await dying([BEGUN, first + rest.shift(), rest.join("")], 9000);
    expect(run.verdict.error?.message).toMatch(/panicked in test case tc/);
    expect(asked(run)).toBe(1);
  });

  it("is one, too, when its kernel has begun another line", async () => {
    const run = await dying([BEGUN, ARM64, "[   16.20"], 4500);
    expect(run.verdict.error?.message).toMatch(/panicked in test case tc/);
  });

  it("is one, too, when the board starts anew just then", async () => {
    const reboots = ARM64.replace(/---.*/, "Rebooting in 3 seconds..");
    const run = await dying([BEGUN, reboots, "\nNOTICE:  BL1: Booting BL2\n"], 4000);
    expect(run.verdict.error?.message).toMatch(/panicked in test case tc/);
  });

  it("is seen behind a signal in the same piece", async () => {
    const run = await dying([BEGUN + ARM64]);
    expect(run.verdict.error?.message).toMatch(/panicked in test case tc/);
  });

  it("whose time is up before it counts is the error all the same", async () => {
    const job = JOB.replace(/(- test:\n {4}timeout: { seconds: )60/, "$13");
    const run = await dying([BEGUN, ARM64.replace(/.*---.*/, "")], 1000, { job });
    expect(run.verdict.error?.message).toMatch(/panicked in test case tc/);
  });

  it("does not hide that a timeout may be skipped", async () => {
    const job = JOB.replace(/(- test:\n {4}timeout: { seconds: )60/, "$13, skip: true");
    const run = await dying([BEGUN, ARM64.replace(/.*---.*/, "")], 1000, { job });
    expect(run.verdict.result).toBe("pass");
  });
});

it("a reboot in a test is one when the test says nothing more", async () => {
  const run = await dying([BEGUN, UBOOT, "\nStarting kernel ...\n", login], 1000);
  expect(run.verdict.error?.message).toMatch(/^the board rebooted in test case tc \(0_smoke\): U-Boot 2023.01/);
});

const booting = (job: string, texts: string[] | ((count: number) => string[]), more: VirtualRun = {}) =>
  runVirtually({
    job,
    device: MINIMAL,
    ...more,
    onReset: (board, count) => {
      const said = typeof texts === "function" ? texts(count) : texts;
      said.forEach((text, at) => void board.say(crlf(text), 300 + at * 500));
    },
  });
const job = (boot = "") => `
device_type: board
job_name: virtual
timeouts: { job: { minutes: 10 }, action: { minutes: 1 } }
visibility: public
actions:
- boot: { method: minimal, prompts: ["root@board:/root#"], auto_login: { login_prompt: "board login:", username: root }${boot} }
`;
const AGAIN = `${UBOOT}\n\nStarting kernel ...\n\n`;
const WAITING = "\nboard login: ";
const SPL = "\nU-Boot SPL 2023.01 (Jan 01 2023 - 00:00:00 +0000)\nTrying to boot from MMC1\n";
const PANIC = "[    2.343554] Kernel panic - not syncing: VFS: Unable to mount root fs\n[    2.344451] CPU: 0 PID: 1\n";
const LAST_WORDS = "[    2.413787] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs ]---\n";

describe("a board that goes on by itself in its boot", () => {
  it.each([
    ["by a reset", [KERNEL, "[    2.0] reboot: Restarting system\n", AGAIN, KERNEL, WAITING]],
    ["by a reset through SPL", [KERNEL, SPL, AGAIN, KERNEL, WAITING]],
    [
      "by a panic without last words",
      [KERNEL, `${PANIC}[    2.4] Rebooting in 20 seconds..\n`, AGAIN, KERNEL, WAITING],
    ],
    ["twice", [KERNEL, AGAIN, KERNEL, AGAIN, KERNEL, WAITING]],
    ["before its kernel", [AGAIN, SPL, AGAIN, KERNEL, WAITING]],
  ])("%s is not reset: what is awaited comes", async (_, texts) => {
    const run = await booting(job(), texts);
    expect(run.verdict).toEqual({ result: "pass", further: [] });
    expect(resets(run)).toBe(1);
  });

  it("is told of in the log", async () => {
    const run = await booting(job(), [KERNEL, AGAIN, KERNEL, WAITING]);
    expect(warnings(run).map(({ message }) => message)).toEqual([
      "The board goes on after what looked like its end: U-Boot 2023.01 (Jan 01 2023 - 00:00:00 +0000)",
    ]);
  });

  it("after the last words of its panic fails, and the next attempt goes on in the same boot", async () => {
    const run = await booting(job(", failure_retry: 2"), [KERNEL, PANIC + LAST_WORDS, "", "", AGAIN, KERNEL, WAITING]);
    expect(run.verdict).toEqual({ result: "pass", further: [] });
    expect(resets(run)).toBe(1);
    expect(run.results.filter((r) => r.case === "kernel-messages").map((r) => r.result)).toEqual(["fail", "pass"]);
  });
});

describe("a board that does not", () => {
  it("stands still after its panic: each attempt begins with a reset", async () => {
    const run = await booting(job(", failure_retry: 2"), [KERNEL, PANIC + LAST_WORDS]);
    expect(run.verdict.error).toMatchObject({ board: "dead", action: "login-action" });
    expect(run.verdict.error?.message).toMatch(/Unable to mount root fs/);
    expect(resets(run)).toBe(2);
    expect(run.ms).toBeLessThan(20_000);
  });

  it("panics again and again", async () => {
    const loop = Array.from({ length: 40 }, () => [AGAIN, KERNEL, PANIC]).flat();
    const run = await booting(job(), loop);
    expect(run.verdict.error?.message).toMatch(/Kernel panic - not syncing: VFS/);
    expect(run.ms).toBeLessThan(20_000);
  });

  it("panics in the same piece as what leads to the system", async () => {
    const run = await booting(job(), [
      "[    0.000000] Linux version 6.1.0 (x)\n",
      `[    1.1] Run /sbin/init as init process\n${PANIC}${LAST_WORDS}`,
    ]);
    expect(run.verdict.error?.message).toMatch(/Kernel panic - not syncing: VFS/);
  });

  it("panics behind an oops that is still being told", async () => {
    const oops = "[    1.2] ------------[ cut here ]------------\n[    1.2] kernel BUG at lib/x.c:1!\n";
    const run = await booting(job(), [KERNEL, oops + PANIC + LAST_WORDS]);
    expect(run.verdict.error?.message).toMatch(/Kernel panic - not syncing: VFS/);
  });

  it("stands at its bootloader's prompt", async () => {
    const device = MINIMAL.replace("minimal: {}", "minimal: { parameters: { bootloader_prompt: '=> ' } }");
    const rules = { empty: { input: "", output: "\r\n=> " } };
    const run = await booting(job(), [KERNEL, `${UBOOT}\n=> `], { device, rules });
    expect(run.verdict.error?.message).toMatch(/the board rebooted|the bootloader has the console/);
    expect(run.ms).toBeLessThan(40_000);
  });

  it("a bootloader's prompt is no message of the kernel", async () => {
    const device = MINIMAL.replace("minimal: {}", "minimal: { parameters: { bootloader_prompt: '=> ' } }");
    const run = await booting(job(), [KERNEL, "\n=> "], { device });
    expect(run.verdict.error?.message).toMatch(/the bootloader has the console/);
    expect(run.results.filter((r) => r.case === "kernel-messages")).toEqual([]);
  });
});

it("what was said before a reset counts for nothing after it", async () => {
  // After the panic the board boots again by itself, up to its prompt, just when it is reset.
  const run = await booting(
    job(", failure_retry: 2").replace(/, auto_login: {.*?}/, ""),
    (count) =>
      count === 0
        ? [KERNEL, PANIC + LAST_WORDS, "", "", "", "", "", `\nloader\n${KERNEL}${PROMPT}`]
        : ["", "", KERNEL, "", PROMPT],
    { rules: { empty: { input: "", output: [] } } },
  );
  expect(run.verdict).toEqual({ result: "pass", further: [] });
  expect(run.ms).toBeGreaterThan(3000);
  expect(run.board.lines).toEqual([]);
});

describe("in the boot loader's time", () => {
  const tftp = JOB.replace("setenv autoload no", "tftp 0x1 kernel").replace(/- test:[\s\S]*/, "");
  const rebooting = (...after: string[]) => ({
    setenv: { input: /^ ?tftp/, output: ["Loading: *\x08####", UBOOT, ...after].map(crlf), delay: 1000 },
  });

  it("a reset while a file is fetched is a reboot, and nobody blames the TFTP server", async () => {
    const run = await runVirtually({
      job: tftp,
      rules: rebooting("\nLoading: *\x08T T T T ", "\nRetry count exceeded; starting again\n"),
    });
    expect(run.verdict.error).toMatchObject({ class: "JobError", board: "dead", action: "bootloader-commands" });
    expect(run.verdict.error?.message).toMatch(
      /^the board rebooted while bootloader-commands was waiting: U-Boot 2023/,
    );
  });

  it("is one as well when the board then stands somewhere in silence", async () => {
    const run = await runVirtually({ job: tftp, rules: rebooting("\nStarting kernel ...\n", login) });
    expect(run.verdict.error?.message).toMatch(/^the board rebooted while bootloader-commands was waiting/);
  });

  it("is none when the prompt comes all the same", async () => {
    const run = await runVirtually({ job: tftp, rules: rebooting("\n=> ") });
    expect(run.verdict).toEqual({ result: "pass", further: [] });
  });

  it("a `reset` that is typed is answered by the banner", async () => {
    const run = await runVirtually({
      job: tftp.replace("tftp 0x1 kernel", "reset"),
      rules: {
        setenv: {
          input: /^ ?reset/,
          output: ["resetting ...\r\n", crlf(UBOOT), "\r\n", "", "", "", "\r\n=> "],
          delay: 5000,
        },
      },
    });
    expect(run.verdict).toEqual({ result: "pass", further: [] });
    expect(warnings(run)).toEqual([]);
  });

  it("the kernel that starts after the prompt stood there for a moment is a start", async () => {
    const run = await runVirtually({
      job: tftp,
      rules: {
        setenv: { input: /^ ?tftp/, output: "=> " },
        boot: { input: /^booti/, output: ["\r\n=> ", "Starting kernel ...\r\n", login], delay: 1500 },
      },
    });
    expect(run.verdict).toEqual({ result: "pass", further: [] });
  });
});

it("a good board has no alarm", async () => {
  const run = await runVirtually({ rules: { runner: { ...goodBoard.runner!, output: runner() } } });
  expect(run.verdict.result).toBe("pass");
  expect(warnings(run)).toEqual([]);
});
