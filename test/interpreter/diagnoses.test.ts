/** Each diagnosis, injected: the device's state and one recommendation beside the first error, which stays what it was. */
import { describe, expect, it } from "vitest";
import { diagnose } from "../../src/services/diagnose-console.js";
import { services } from "../../src/services/index.js";
import { builtInMachines } from "../../src/strategies/built-in-machines.js";
import { DEVICE, PROMPT, runVirtually, type VirtualRun } from "./virtual-board.js";

const run = (rules: NonNullable<VirtualRun["rules"]>, more: VirtualRun = {}) =>
  runVirtually({ ...more, rules, services: { "diagnose-console": services["diagnose-console"]!, ...more.services } });
const KERNEL = "Starting kernel ...\r\n[    0.000000] Linux version 6.1.0 (x)\r\n";
const boot = (...output: string[]) => ({ boot: { input: /^booti/, output, delay: 300 } });

const INJECTED: [
  name: string,
  rules: NonNullable<VirtualRun["rules"]>,
  first: RegExp,
  state: RegExp,
  advice: RegExp,
][] = [
  [
    "no TFTP reply",
    {
      setenv: {
        input: /^ ?setenv/,
        output: "Using ethernet@10 device\r\nLoading: *\x08T T T T T \r\nRetry count exceeded; starting again\r\n=> ",
      },
    },
    /Retry count exceeded.*setenv/,
    /in its bootloader and asked for a file by TFTP.*Retry count exceeded/,
    /TFTP server/,
  ],
  [
    "a TFTP server that has not the file",
    {
      setenv: {
        input: /^ ?setenv/,
        output:
          "Using ethernet@10 device\r\nLoading: *\x08\r\nTFTP error: 'File not found' (1)\r\nNot retrying...\r\n=> ",
      },
    },
    /File not found.*setenv/,
    /a TFTP server answers; it has not the file that was asked for \(TFTP error: 'File not found' \(1\)\)/,
    /--tftp-root/,
  ],
  [
    "kernel not found at the prompt",
    boot("Bad Linux ARM64 Image magic!\r\n=> "),
    /came back to its prompt/,
    /at its bootloader's prompt.*Bad Linux ARM64 Image magic/,
    /\{KERNEL\}/,
  ],
  [
    "kernel panic after a good load",
    boot(
      KERNEL,
      "[    2.1] Kernel panic - not syncing: Attempted to kill init!\r\n[    2.2] ---[ end Kernel panic - not syncing: Attempted to kill init! ]---\r\n",
    ),
    /Kernel panic - not syncing: Attempted to kill init/,
    /loaded and started, then it stopped by itself/,
    /known-good job/,
  ],
  [
    "rootfs not mounted",
    boot(
      KERNEL,
      '[    2.0] VFS: Cannot open root device "vda"\r\n[    2.1] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\r\n[    2.2] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0) ]---\r\n',
    ),
    /Kernel panic - not syncing: VFS/,
    /has no root file system.*Unable to mount root fs/,
    /root=/,
  ],
  [
    "wrong console",
    boot("Starting kernel ...\r\n"),
    /timed out/,
    /handed over to the kernel.*nothing was heard/,
    /console=/,
  ],
  [
    "a system whose kernel writes to another console",
    boot("Starting kernel ...\r\n", "\r\nTest Linux /dev/ttyAMA0\r\n\r\nboard login: "),
    /timed out/,
    /waits at a login prompt \(board login:\), but the kernel was not heard/,
    /console=.*kernel-start-message/,
  ],
  [
    "a login prompt that the job does not know",
    { ...boot(KERNEL, "\r\nwho are you? login: "), empty: { input: "", output: "\r\nwho are you? login: " } },
    /timed out/,
    /waits at a login prompt \(who are you\? login:\)/,
    /`login_prompt` matches this line/,
  ],
  [
    "login refused",
    { login: { input: "root", output: "\r\nLogin incorrect\r\n\r\nboard login: " } },
    /^Login incorrect$/,
    /asks for a login; it refused this one \(Login incorrect\)/,
    /auto_login/,
  ],
  [
    "a password that the job does not give",
    { login: { input: "root", output: "\r\nPassword: " }, empty: { input: "", output: "" } },
    /timed out/,
    /waits for a password \(Password:\)/,
    /password_prompt/,
  ],
  [
    "prompt never seen, behind it what busybox asks the terminal",
    {
      login: { input: "root", output: "\r\nroot@other:~# \x1b[6n" },
      empty: { input: "", output: "\r\nroot@other:~# \x1b[6n" },
    },
    /timed out/,
    /its last line looks like a prompt \(root@other:~#\)/,
    /`prompts`/,
  ],
  [
    "prompt never seen, behind it a message of the kernel",
    {
      login: { input: "root", output: "\r\nroot@other:~# [   12.345678] random: crng init done\r\n" },
      empty: { input: "", output: "\r\nroot@other:~# [   13.345678] random: done again\r\n" },
    },
    /timed out/,
    /its last line looks like a prompt \(root@other:~#\)/,
    /`prompts`/,
  ],
  [
    "prompt never seen",
    { login: { input: "root", output: "\r\nroot@other:~# " }, empty: { input: "", output: "\r\nroot@other:~# " } },
    /timed out/,
    /its last line looks like a prompt \(root@other:~#\)/,
    /`prompts`/,
  ],
  [
    "overlay not found in guest",
    {
      environment: {
        input: /environment ;/,
        output: `sh: 1: .: can't open '/lava-7/environment'\r\n<LAVA_SIGNAL_RETRUNCODE 2>\r\n${PROMPT}`,
      },
    },
    /failed with return code 2/,
    /the test overlay is not in it \(sh: 1: \.: can't open '\/lava-7\/environment'\)/,
    /install_overlay/,
  ],
];
/** The device's state is told, and nothing that what was awaited contradicts. */
const AWAITED: [name: string, rules: NonNullable<VirtualRun["rules"]>, state: RegExp][] = [
  [
    "a prompt that stands there while the kernel's start is awaited",
    boot(`Starting kernel ...\r\n\r\n${PROMPT}`),
    /The shell's prompt stands there \(root@board:\/root#\), but it is something else that was awaited/,
  ],
  [
    "a boot loader that is stuck",
    { ...boot("Starting kernel ...\r\n", "\r\nU-Boot> ") },
    /stands at its bootloader's prompt \(U-Boot>\); no system runs/,
  ],
  [
    "the boot loader's prompt, as the device configuration has it, behind a kernel",
    { ...boot(KERNEL, "\r\nTegra124 (Jetson TK1) # "), empty: { input: "", output: "\r\nTegra124 (Jetson TK1) # " } },
    /stands at its bootloader's prompt \(Tegra124 \(Jetson TK1\) #\)/,
  ],
];

describe("what was awaited is known to a diagnosis", () => {
  it.each(AWAITED)("%s", async (_, rules, state) => {
    const device = DEVICE.replace(
      "u-boot: { parameters",
      "minimal: { parameters: { bootloader_prompt: 'Jetson TK1' } }, u-boot: { parameters",
    );
    const { verdict } = await run(rules, { device });
    expect(verdict.error?.advice).toMatch(state);
    expect(verdict.error?.advice).not.toMatch(/None of the job's `prompts` matches|The system is up/);
  });
});

const injected = (name: string) => INJECTED.find(([each]) => each === name)![1];

describe("a failed action is asked what it heard", () => {
  it.each(INJECTED)("%s", async (_, rules, first, state, advice) => {
    const { verdict, log, power } = await run(rules);
    const { error } = verdict;
    expect(error?.message).toMatch(first);
    expect(error?.advice).toMatch(state);
    expect(error?.advice).toMatch(advice);
    expect(log.some(({ level, message }) => level === "info" && /^diagnosis /.test(String(message)))).toBe(true);
    expect(power.at(-1)).toContain("board off");
  });

  it("the runner that the shell cannot start ends the test at once", async () => {
    const { verdict, ms } = await run({
      runner: { input: /lava-test-runner/, output: `sh: /lava-7/bin/lava-test-runner: not found\r\n${PROMPT}` },
    });
    expect(verdict.error).toMatchObject({ class: "JobError", action: "lava-test-shell" });
    expect(verdict.error?.advice).toMatch(/the test overlay is not in it/);
    expect(ms).toBeLessThan(30_000);
  });

  it("network down in the guest", async () => {
    const { JOB } = await import("./virtual-board.js");
    const job = JOB.replace(
      "    prompts:",
      "    transfer_overlay: { download_command: wget -S, unpack_command: tar -C / -xzf }\n    prompts:",
    );
    const { verdict } = await run(
      {
        rm: { input: /^rm /, output: PROMPT },
        wget: { input: /^wget/, output: `wget: bad address 'dispatcher'\r\n<LAVA_SIGNAL_RETRUNCODE 1>\r\n${PROMPT}` },
      },
      {
        job,
        services: {
          "bootloader-substitute": {
            name: "bootloader-substitute",
            run: async ({ commands }) => ({
              data: {
                bootloader: { commands: commands as string[] },
                overlay: { results_dir: "/lava-7", tarball: "/x/overlay.tar.gz" },
              },
            }),
          },
          "http-server": { name: "http-server", run: async () => ({ data: { http: { url: "http://dispatcher" } } }) },
        },
      },
    );
    expect(verdict.error).toMatchObject({ class: "JobError", action: "overlay-unpack" });
    expect(verdict.error?.message).toMatch(/wget.*failed with return code 1/);
    expect(verdict.error?.advice).toMatch(/network does not reach.*bad address/);
  });

  it("a test's own error is none of the device's: nothing is asked", async () => {
    const signals = "<LAVA_SIGNAL_STARTRUN 0_smoke u>\r\nNetwork is unreachable\r\n<LAVA_SIGNAL_TESTRAISE broken>\r\n";
    const { verdict, log } = await run({ runner: { input: /lava-test-runner/, output: signals } });
    expect(verdict.error).toMatchObject({ class: "TestError", message: "broken" });
    expect(log.filter(({ message }) => /^diagnosis/.test(String(message)))).toEqual([]);
  });

  it("a diagnosis that fails is told beside the first error", async () => {
    const broken = { name: "diagnose-console", run: () => Promise.reject(new Error("no pencil")) };
    const { verdict } = await run(injected("login refused"), { services: { "diagnose-console": broken } });
    expect(verdict.error?.message).toBe("Login incorrect");
    expect(verdict.further.map(({ message }) => message)).toContain("no pencil");
  });

  it("a diagnosis that hangs ends by itself, and the board is powered off", async () => {
    const hangs = { name: "diagnose-console", run: () => new Promise<never>(() => {}) };
    const { verdict, power } = await run(injected("login refused"), { services: { "diagnose-console": hangs } });
    expect(verdict.error?.message).toBe("Login incorrect");
    expect(verdict.further.map(({ message }) => message)).toContain("The diagnosis took longer than 10 s");
    expect(power.at(-1)).toContain("board off");
  });

  it("a second attempt that works leaves no trace of the first one's diagnosis in the verdict", async () => {
    const { JOB } = await import("./virtual-board.js");
    const { verdict } = await run(
      {
        bad: { input: "root", output: "\r\nLogin incorrect\r\n\r\nboard login: ", times: 1 },
        login: { input: "-" },
        good: { input: "root", output: PROMPT },
      },
      { job: JOB.replace("method: u-boot", "method: u-boot\n    failure_retry: 2") },
    );
    expect(verdict).toEqual({ result: "pass", further: [] });
  });
});

describe("diagnose", () => {
  const one = { diagnosis: "a", heard: ["b+"], unheard: ["c"], state: "heard {line}", advice: "do" };
  it("takes the first that holds, shows the last line that was heard, and minds what must not be heard", () => {
    expect(diagnose([{ ...one, heard: ["x"] }, one], "1 b\r\n2 bb 3\r\nend")).toEqual({
      diagnosis: "a",
      state: "heard 2 bb 3",
      advice: "do",
    });
    expect(diagnose([one], "b c")).toBeUndefined();
    expect(diagnose([{ ...one, when: false }], "b")).toBeUndefined();
    expect(diagnose([], "b")).toBeUndefined();
  });
});

/** What firmware and systems say, as their consoles had it; the diagnoses that a bootloader's commands are asked for. */
it.each([
  [
    "no-dhcp-reply",
    "BOOTP broadcast 1\r\nBOOTP broadcast 2\r\nBOOTP broadcast 3\r\nRetry time exceeded; starting again\r\n=> ",
  ],
  [
    "no-dhcp-reply",
    "Configuring (net0 52:54:00:12:34:56)...... No configuration methods succeeded (https://ipxe.org/040ee119)\r\niPXE> ",
  ],
  ["no-dhcp-reply", "error: couldn't autoconfigure network.\r\ngrub> "],
  [
    "no-tftp-reply",
    "Using ethernet@1 device\r\nLoading: T T T T T T T T T T \r\nRetry count exceeded; starting again\r\n=> ",
  ],
  ["no-tftp-reply", "tftp://10.0.2.9/kernel... Connection timed out (https://ipxe.org/4c126035)\r\niPXE> "],
  ["no-tftp-reply", "error: timeout reading `kernel'.\r\ngrub> "],
  ["file-not-served", "Loading: *\b\r\nTFTP error: 'File not found' (1)\r\nNot retrying...\r\n=> "],
  ["file-not-served", "tftp://10.0.2.2/none... No such file or directory (https://ipxe.org/2d0c613b)\r\niPXE> "],
  ["kernel-not-found", "error: file `/none' not found.\r\ngrub> "],
  [
    "kernel-not-found",
    "'FS0:\\none.efi' is not recognized as an internal or external command, operable program, or script file.\r\nShell> ",
  ],
  ["kernel-not-found", "could not open /mnt/tftp/none: No such file or directory\r\nbarebox:/ "],
  ["kernel-not-found", "zimage: Bad magic!\r\n=> "],
  ["program-crashed", "root@board:/root# wget -T 5 x ; printf y\r\nSegmentation fault\r\ny"],
  [undefined, "DHCP client bound to address 10.0.2.15 (1 ms)\r\nLoading: ####\r\ndone\r\n=> "],
])("%s: %s", (name, output) => {
  const { diagnoses } = builtInMachines();
  const asked = ["no-dhcp-reply", "no-tftp-reply", "file-not-served", "kernel-not-found", "program-crashed"].map(
    (each) => {
      const { heard, ...texts } = diagnoses[each] as unknown as { heard: string };
      return { ...texts, heard: heard.replace(/^r'(.*)'$/s, "$1") };
    },
  );
  expect(diagnose(asked, output)?.diagnosis).toBe(name);
});
