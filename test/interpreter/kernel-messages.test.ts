/** What is booked of the kernel's boot and of the login: as LAVA's own lava-run books it on the same boards. */
import { describe, expect, it } from "vitest";
import { DEVICE, runVirtually, type VirtualRun } from "./virtual-board.js";

const device = DEVICE.replace("u-boot: { parameters:", "minimal: {}, ssh: {}, u-boot: { parameters:");
const job = (block: string) => `
device_type: board
job_name: kernel messages
timeouts: { job: { minutes: 10 }, action: { minutes: 3 } }
visibility: public
actions:
- boot: { method: minimal, prompts: ['root@board:~#'], timeout: { seconds: 30 }${block} }
`;
const KERNEL = "[    0.000000] Linux version 6.1.0\r\n";
const SHELL = "root@board:~# ";
/** A board that says these pieces after each reset, 300 ms apart. */
const says =
  (...pieces: string[]): NonNullable<VirtualRun["onReset"]> =>
  (board) => {
    for (const [i, piece] of pieces.entries()) board.say(piece, 500 + 300 * i);
  };
const boot = (pieces: string[], block = "", more: VirtualRun = {}) =>
  runVirtually({ job: job(block), device, onReset: says(KERNEL, ...pieces), ...more });
type Booked = { case: string; result: string; extra?: { extra?: { kind: string; message: string }[] } };
const booked = (results: object[], name: string) => (results as Booked[]).filter((result) => result.case === name);
const kinds = (result: Booked | undefined) => result?.extra?.extra?.map(({ kind }) => kind);

const OOPS =
  "[    1.2] ------------[ cut here ]------------\r\n[    1.2] kernel BUG at mm/slub.c:300!\r\n[    1.2] Internal error: Oops - BUG: 0 [#1] SMP\r\n[    1.2] ---[ end trace 0000000000000000 ]---";
const KASAN = "[    2.0] BUG: KASAN: use-after-free in foo\r\n[    2.0] Read of size 8\r\n[    2.0] ================";
const report = `${OOPS}\r\n${KASAN}\r\n`;
const chunks = (text: string, size: number) =>
  Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size));

describe("kernel messages", () => {
  const WHOLE = [
    { kind: "oops", message: OOPS },
    { kind: "kasan", message: KASAN },
  ];

  it.each([
    ["in pieces that come 0.3 s apart", chunks(report, 37), 0],
    ["in one piece", [report], 0],
    ["together with the kernel's first line", [], 1],
  ])("are read whole, to their end marks: %s", async (_name, pieces, joined) => {
    const { results, verdict, log } = await boot(
      [...pieces, SHELL],
      "",
      joined ? { onReset: says(KERNEL + report, SHELL) } : {},
    );
    expect(verdict.result).toBe("pass");
    expect(booked(results, "kernel-messages")).toMatchObject([{ result: "pass", extra: { extra: WHOLE } }]);
    expect(booked(results, "login-action")).toMatchObject([{ result: "pass", extra: { extra: WHOLE } }]);
    expect(log.filter(({ level }) => level === "warning").map(({ message }) => message)).toEqual([
      "login-action: kernel 'oops'",
      "login-action: kernel 'kasan'",
    ]);
  });

  it("whose end mark does not come end with a silence, or with the prompt", async () => {
    const WARNING = "[    1.0] WARNING: at kernel/x.c\r\n";
    const { results } = await runVirtually({
      job: job(""),
      device,
      onReset: (board) => {
        board.say(`${KERNEL}${WARNING}[    1.0] more\r\n`, 500);
        board.say("[    5.0] invalid opcode: 0000\r\n[    5.0] WARNING: again\r\n[    5.0] trace\r\n", 5000);
        board.say(SHELL, 5100);
      },
    });
    expect(booked(results, "kernel-messages")[0]?.extra?.extra).toEqual([
      { kind: "warning", message: "[    1.0] WARNING: at kernel/x.c\r\n[    1.0] more" },
      { kind: "invalid opcode", message: "[    5.0] invalid opcode: 0000" },
      { kind: "warning", message: "[    5.0] WARNING: again\r\n[    5.0] trace" },
    ]);
  });

  it("end before the line that is answered: what the login prints belongs to nobody's message", async () => {
    const { results, verdict } = await boot(
      [
        "[    1.0] ------------[ cut here ]------------\r\n[    1.0] WARNING: at foo\r\n",
        "\r\nboard login: ",
        "[    2.000000] usb 1-1: new device\r\n\r\nboard login: ",
      ],
      ", auto_login: { login_prompt: 'board login:', username: root }",
      { rules: { login: { input: "root", output: ["Last login: Mon Jan 1\r\n", SHELL] } } },
    );
    expect(verdict.result).toBe("pass");
    expect(booked(results, "kernel-messages")[0]?.extra?.extra).toEqual([
      { kind: "warning", message: "[    1.0] ------------[ cut here ]------------\r\n[    1.0] WARNING: at foo" },
    ]);
  });

  it("a board that resets itself and boots is heard all the same, from its banner on", async () => {
    const { results, verdict } = await boot(["\r\nU-Boot SPL 2023.01 (Jan 01 2023)\r\n", KERNEL, report, SHELL]);
    expect(verdict.result).toBe("pass");
    expect(booked(results, "kernel-messages")).toMatchObject([{ result: "pass", extra: { extra: WHOLE } }]);
  });

  it("of a board that came not up again, what it said behind its banner is no news", async () => {
    const { results, verdict } = await boot([`${OOPS}\r\n`, "U-Boot SPL 2023.01 (Jan 01 2023)\r\n", `${KASAN}\r\n`]);
    expect(verdict.error?.message).toContain("rebooted");
    expect(kinds(booked(results, "kernel-messages")[0])).toEqual(["oops", "DUT_has_reset"]);
  });

  it("a panic within a message is seen at once, and both are told", async () => {
    const panic =
      "[    1.2] Kernel panic - not syncing: x\r\n[    1.3] ---[ end Kernel panic - not syncing: x ]---\r\n";
    const { results, verdict } = await boot([`${OOPS.split("\r\n")[0]}\r\n[    1.2] Oops: 1\r\n${panic}`]);
    expect(verdict.error?.message).toContain("Kernel panic");
    const [messages] = booked(results, "kernel-messages");
    expect(messages?.result).toBe("fail");
    expect(kinds(messages)).toEqual(["oops", "panic"]);
    expect(booked(results, "login-action")).toMatchObject([
      { result: "fail", extra: { fail: expect.stringContaining("Kernel panic") } },
    ]);
  });

  it("the job's own `failure_message` is one of them", async () => {
    const { results, verdict } = await boot(
      ["[    1.0] Cannot mount the root\r\n"],
      ", failure_message: 'Cannot \\w+'",
    );
    expect(verdict.error).toMatchObject({
      class: "JobError",
      message: "Matched job-specific failure message: 'Cannot \\w+'",
    });
    expect(booked(results, "kernel-messages")).toMatchObject([
      { result: "fail", extra: { extra: [{ kind: "custom-error", message: "Cannot \\w+" }] } },
    ]);
  });
});

describe("where the results of a boot are booked", () => {
  it("a boot that heard nothing says so; a login that failed is a pass at its second attempt", async () => {
    let resets = 0;
    const { results, verdict } = await boot([], ", failure_retry: 2", {
      onReset: (board) => {
        board.say(`${KERNEL}[    1.0] BUG: once\r\n`, 500);
        if (resets++ > 0) board.say(SHELL, 900);
      },
    });
    expect(verdict.result).toBe("pass");
    expect(booked(results, "login-action").map(({ result }) => result)).toEqual(["fail", "fail", "pass"]);
    expect(kinds(booked(results, "kernel-messages")[0])).toEqual(["bug"]);
    const quiet = await boot([SHELL]);
    expect(booked(quiet.results, "login-action")).toMatchObject([
      { result: "pass", extra: { success: "No kernel warnings or errors detected." } },
    ]);
    expect(booked(quiet.results, "kernel-messages")).toMatchObject([{ result: "pass", extra: { extra: [] } }]);
  });

  it("a login that timed out, a job that ignores kernel messages, and ssh book none", async () => {
    const late = await boot(["[    1.0] BUG: x\r\n"]);
    expect(late.verdict.error).toMatchObject({ action: "login-action" });
    expect(booked(late.results, "kernel-messages")).toEqual([]);
    const ignored = await boot(["[    1.0] BUG: x\r\n", SHELL], ", ignore_kernel_messages: true");
    expect(ignored.verdict.result).toBe("pass");
    expect([...booked(ignored.results, "kernel-messages"), ...booked(ignored.results, "login-action")]).toEqual([]);
    const ssh = await runVirtually({
      job: job("").replace("method: minimal", "method: ssh"),
      device,
      services: {
        connect: {
          name: "connect",
          run: async (_input, context) => {
            const { ScriptedConnection } = await import("../connections/scripted-connection.js");
            const rules = [
              { input: /./, output: SHELL },
              { input: "", output: SHELL },
            ];
            const connection = new ScriptedConnection({ clock: context.clock, greeting: SHELL, rules });
            context.setConsole(context.openConsole(connection, "ssh"));
            return undefined;
          },
        },
      },
    });
    expect([...booked(ssh.results, "kernel-messages"), ...booked(ssh.results, "login-action")]).toEqual([]);
  });
});
