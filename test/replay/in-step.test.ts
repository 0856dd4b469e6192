/** Where machine and recording meet, and where they part. */
import { describe, expect, test } from "vitest";
import { BOOT, cast, folderOf, JOB, type LogEntry, lavaLog, replayed, VERDICT } from "./recordings-of-tests.js";

const small = (entries: LogEntry[], job = JOB) =>
  replayed(folderOf({ "logs.yaml": lavaLog(entries), "job.yaml": job }));
/** The small boot with some entries changed, by index; `null` takes one out. */
const changed = (changes: { [index: number]: LogEntry | LogEntry[] | null }): LogEntry[] =>
  BOOT.flatMap((entry, index): LogEntry[] => {
    const change = changes[index];
    if (change === undefined) return [entry];
    if (change === null) return [];
    return Array.isArray(change[0]) ? (change as LogEntry[]) : [change as LogEntry];
  });

test("a job that does what was recorded ends, in the recorded time", async () => {
  const { status, report, notes, virtual } = await small([...BOOT, VERDICT]);
  expect(status).toBe("ended");
  expect(report.verdict.class).toBe("pass");
  expect(notes).toEqual({ inputs: 3, otherwise: 0, skipped: 0, unheard: 0, dropped: 0 });
  expect(virtual).toBeGreaterThan(1500);
  expect(virtual).toBeLessThan(3000);
});

describe("diverged", () => {
  test("the first input that differs is named, with its place", async () => {
    const result = await small([...changed({ 7: [500, "input", "booti 0x1 0x2 0x4"] }), VERDICT]);
    expect(result.status).toBe("diverged");
    expect(result.divergence).toEqual({
      expected: '"booti 0x1 0x2 0x4"',
      got: '"booti 0x1 0x2 0x3"',
      place: expect.stringMatching(/logs\.yaml:8$/),
    });
    expect(result.trace.at(-1)).toMatchObject({ action: "bootloader-commands", state: "typing-last" });
    expect(result.stuck[0]).toMatch(/bootloader-commands/);
  });

  test("an input that the recording does not have", async () => {
    const more = JOB.replace('"booti 0x1 0x2 0x3"', '"printenv", "booti 0x1 0x2 0x3"');
    const result = await small([...BOOT, VERDICT], more);
    expect(result.divergence).toMatchObject({ expected: '"booti 0x1 0x2 0x3"', got: '"printenv"' });
  });

  test("an input that the machine does not send: it waits for something else", async () => {
    const other = JOB.replace("board login:", "bord login:");
    const result = await small([...BOOT, VERDICT], other);
    expect(result.divergence?.expected).toBe('"root"');
    expect(result.divergence?.got).toMatch(/^nothing: it waits for .*bord login:/);
  });

  test("a command typed ahead of its prompt, as LAVA types after a second prompt", async () => {
    const ahead: LogEntry[] = [
      [460, "target", "=> "],
      [461, "input", "booti 0x1 0x2 0x3"],
      [470, "target", "=> setenv autoload no"],
      [480, "target", "=> booti 0x1 0x2 0x3"],
    ];
    const result = await small([...changed({ 6: ahead, 7: null, 8: null }), VERDICT]);
    expect(result.divergence).toBeUndefined();
    expect(result.report.verdict.class).toBe("pass");
  });
});

describe("lines that only wake the board up", () => {
  test("those of the recording are passed over when the machine does not need them", async () => {
    const poked: LogEntry[] = [
      [1200, "input", "#"],
      [1210, "target", "#"],
      [1300, "target", ""],
      [1500, "input", "root"],
    ];
    const result = await small([...changed({ 12: poked }), VERDICT]);
    expect(result.report.verdict.class).toBe("pass");
    expect(result.notes.skipped).toBe(1);
  });

  test("those of the machine find no answer, and nothing else is wrong with that", async () => {
    // 40 s until the login prompt: it asks after 15 s of silence.
    const late = BOOT.map(([t, level, text]): LogEntry => [t > 1100 ? t + 40_000 : t, level, text]);
    const result = await small([...late, [60_000, VERDICT[1], VERDICT[2]]]);
    expect(result.report.verdict.class).toBe("pass");
    expect(result.notes.unheard).toBeGreaterThan(0);
  });
});

describe("the board is reset", () => {
  const PANIC: LogEntry[] = [
    ...BOOT.slice(0, 12),
    [1100, "target", "[    1.000000] Kernel panic - not syncing: VFS"],
    [1110, "target", "[    1.000010] ---[ end Kernel panic - not syncing: VFS ]---"],
  ];
  const later = (ms: number): LogEntry[] => BOOT.map(([t, level, text]) => [t + ms, level, text]);
  const retried = JOB.replace("method: u-boot", "method: u-boot\n    failure_retry: 2");

  test("what it said until the recorded reset is passed over: LAVA waited there", async () => {
    const waited: LogEntry[] = [
      [20_000, "input", "#"],
      [21_000, "input", "some command"],
    ];
    const result = await small([...PANIC, ...waited, ...later(30_000), [40_000, VERDICT[1], VERDICT[2]]], retried);
    expect(result.divergence).toBeUndefined();
    expect(result.report.verdict.class).toBe("pass");
    expect(result.notes.dropped).toBe(1);
    expect(result.virtual).toBeLessThan(20_000);
    expect(result.trace.filter(({ action, state }) => action === "pdu-reboot" && state === "run")).toHaveLength(2);
  });

  test("a reset that the recording does not have is a divergence", async () => {
    const fail: LogEntry = [
      20_000,
      "results",
      { definition: "lava", case: "job", result: "fail", error_type: "Job", error_msg: "panic" },
    ];
    const result = await small([...PANIC, fail], retried);
    expect(result.status).toBe("diverged");
    expect(result.divergence?.got).toMatch(/^a reset of the board \(pdu-reboot\)/);
  });
});

test("a cancelled job is cancelled at the same place", async () => {
  const entries: LogEntry[] = [
    ...BOOT.slice(0, 9),
    [800, "exception", "The job was canceled"],
    [
      900,
      "results",
      { definition: "lava", case: "job", result: "fail", error_type: "Canceled", error_msg: "The job was canceled" },
    ],
  ];
  const { report, virtual } = await small(entries);
  expect(report.verdict.class).toBe("canceled");
  expect(virtual).toBeLessThan(1100);
});

test("a line that was closed is closed", async () => {
  const entries: LogEntry[] = [
    ...BOOT.slice(0, 11),
    [1000, "exception", "Connection closed"],
    [
      1100,
      "results",
      { definition: "lava", case: "job", result: "fail", error_type: "Infrastructure", error_msg: "Connection closed" },
    ],
  ];
  const { report } = await small(entries);
  expect(report.verdict.error?.class).toBe("ConnectionClosedError");
});

describe("a cast without a journal", () => {
  const CAST: Parameters<typeof cast>[0] = [
    [0.3, "o", "U-Boot 2023.01 (Jan 01)\r\nHit any key to stop autoboot:  2 "],
    [0.301, "i", " "],
    [0.4, "o", "\b\b\b 0 \r\n=> "],
    [0.45, "i", "setenv autoload no\n"],
    [0.451, "o", "setenv autoload no"],
    [0.46, "o", "\r\n=> "],
    [0.5, "i", "booti 0x1 0x2 0x3\n"],
    [0.501, "o", "booti 0x1 0x2 0x3"],
    [0.6, "o", "\r\nStarting kernel ...\r\n[    0.000000] Linux version 6.1.0 (x)\r\n"],
    [0.9, "o", "[    1.000000] Run /init as init process\r\nboard login: "],
    [1.0, "i", "root\n"],
    [1.01, "o", "root\r\nroot@board:/root# "],
    [1.1, "i", "\n"],
    [1.11, "o", "\r\nroot@board:/root# "],
  ];

  test("is enough, with services taken as succeeded", async () => {
    const { status, report } = await replayed(folderOf({ "console.cast": cast(CAST) }));
    expect(status).toBe("ended");
    expect(report.verdict.class).toBe("pass");
  });

  test("one that ends early leaves the job unfinished, and says for what it waits", async () => {
    const { status, stuck, trace } = await replayed(folderOf({ "console.cast": cast(CAST.slice(0, 9)) }));
    expect(status).toBe("unfinished");
    expect(trace.at(-1)).toMatchObject({ action: "login-action", state: "kernel" });
    expect(stuck.join("\n")).toMatch(/waiting for .*"board login:"/);
    expect(stuck.join("\n")).toMatch(/last sent: "booti 0x1 0x2 0x3"/);
  });

  test("a secret is not compared", async () => {
    const job = JOB.replace("username: root", "username: root, password_prompt: 'Password:', password: tops3cret");
    const login: typeof CAST = [
      ...CAST.slice(0, 11),
      [1.01, "o", "root\r\nPassword: "],
      [1.1, "i", "[MASKED]"],
      [1.2, "o", "\r\nroot@board:/root# "],
      [1.3, "i", "\n"],
      [1.31, "o", "\r\nroot@board:/root# "],
    ];
    const { report, divergence } = await replayed(folderOf({ "console.cast": cast(login), "job.yaml": job }));
    expect(divergence).toBeUndefined();
    expect(report.verdict.class).toBe("pass");
  });
});

test("until a state, and step by step", async () => {
  const folder = folderOf({ "logs.yaml": lavaLog([...BOOT, VERDICT]) });
  const at = await replayed(folder, { until: "login-action" });
  expect(at.status).toBe("stopped");
  expect(at.trace.at(-1)?.action).toBe("login-action");
  expect((await replayed(folder, { until: "bootloader-commands.typing-last" })).trace.at(-1)?.state).toBe(
    "typing-last",
  );
  expect((await replayed(folder, { until: "1.9.9" })).status).toBe("ended");
  let steps = 0;
  const stepped = await replayed(folder, { onStep: async () => (++steps === 5 ? "stop" : "go") });
  expect(stepped.status).toBe("stopped");
  expect(steps).toBe(5);
});
