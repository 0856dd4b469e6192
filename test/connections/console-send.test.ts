import { describe, expect, test } from "vitest";
import { SteppingClock } from "../../src/base/clock.js";
import { ConnectionClosedError } from "../../src/base/errors.js";
import type { Logger } from "../../src/base/log.js";
import { type ConsoleOptions, createConsole } from "../../src/connections/console.js";
import { checkEcho } from "../../src/connections/echo-check.js";
import type { Pattern } from "../../src/connections/types.js";
import { ScriptedConnection, type ScriptOptions } from "./scripted-connection.js";
import { inVirtualTime } from "./virtual-time.js";

function open(script: Partial<ScriptOptions> = {}, options: Partial<ConsoleOptions> = {}) {
  const clock = new SteppingClock();
  const warnings: string[] = [];
  const log = { warning: (text: string) => warnings.push(text) } as unknown as Logger;
  const board = new ScriptedConnection({ clock, ...script });
  return { clock, board, warnings, console: createConsole(board, { clock, log, ...options }) };
}
const never = new AbortController().signal;
const prompt: Pattern[] = [{ source: "=> ", kind: "prompt", index: 0 }];

describe("sending", () => {
  test("without echo check a line goes out as it is, with its line end", async () => {
    const { board, console } = open({ echo: false });
    expect(await console.send("a line")).toEqual({ attempts: 1, echo: "off" });
    await console.send("text", { lineEnd: "" });
    await console.send("dos", { lineEnd: "\r\n" });
    expect(board.written).toBe("a line\ntextdos\r\n");
    expect(console.lastSent()).toBe("dos");
  });

  test("kernelci-project#366: character delays of the device are kept, for the line end too", async () => {
    const { clock, board, console } = open({ echo: false });
    await inVirtualTime(clock, console.send("abcd", { delay: 10 }));
    expect(clock.now()).toBe(50);
    expect(board.written).toBe("abcd\n");
  });

  test("an echoed line takes no time: the line end follows its echo", async () => {
    const { clock, board, console } = open({ echoDelay: 1, rules: [{ input: "dhcp", output: "ok\r\n=> " }] });
    expect(await inVirtualTime(clock, console.send("dhcp", { echo: true }))).toEqual({ attempts: 1, echo: "seen" });
    expect(clock.now()).toBe(1);
    await inVirtualTime(clock, console.expect(prompt, never));
    expect(board.lines).toEqual(["dhcp"]);
  });

  test("kernelci-project#366: a garbled command is erased and sent again, slower, before the board runs it", async () => {
    let typed = 0;
    const { clock, board, warnings, console } = open({
      // The first time the UART loses two characters.
      echo: (char) => {
        typed += 1;
        return typed === 5 || typed === 9 ? "" : char;
      },
      echoDelay: 1,
    });
    expect(await inVirtualTime(clock, console.send("setenv autoload no", { echo: true }))).toEqual({
      attempts: 2,
      echo: "seen",
    });
    expect(board.lines).toEqual(["setenv autoload no"]);
    expect(board.written).toBe("setenv autoload no\x15\x15setenv autoload no\n");
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /garbled.*sent "setenv autoload no", came back "setev atoload no.*; typing it again, slower/,
    );
  });

  test("kernelci-project#366: a line that stays garbled goes out after three attempts, with a warning", async () => {
    let typed = 0;
    // Another character is lost each time.
    const { clock, board, warnings, console } = open({
      echo: (char) => (char === "\x15" || ++typed % 13 ? char : ""),
    });
    expect(await inVirtualTime(clock, console.send("setenv autoload no", { echo: true }))).toEqual({
      attempts: 3,
      echo: "garbled",
    });
    expect(board.lines).toHaveLength(1);
    expect(board.written.endsWith("\x15\x15setenv autoload no\n")).toBe(true);
    expect(warnings).toHaveLength(3);
    expect(warnings[2]).toMatch(
      /garbled what was typed 3 times.*sent "setenv autoload no", came back.*character_delays/,
    );
  });

  test("a peer that always shows the same other text is believed after three times, and asked no more", async () => {
    const { clock, board, warnings, console } = open({ echo: (char) => (char === "o" ? "0" : char) });
    expect(await inVirtualTime(clock, console.send("setenv autoload no", { echo: true }))).toEqual({
      attempts: 3,
      echo: "garbled",
    });
    expect(warnings.at(-1)).toMatch(/came back "setenv aut0l0ad n0/);
    const began = clock.now();
    expect(await inVirtualTime(clock, console.send("boot o", { echo: true }))).toMatchObject({ attempts: 1 });
    expect(clock.now()).toBe(began);
    expect(board.written.endsWith("\nboot o\n")).toBe(true);
  });

  test("both ends of a line may echo each character: it is typed once", async () => {
    const { clock, board, console } = open({ echo: (char) => char + char });
    expect(await inVirtualTime(clock, console.send("root", { echo: true }))).toEqual({ attempts: 1, echo: "seen" });
    expect(board.written).toBe("root\n");
  });

  test("the attempts get slower, and a device's own delay is the least", async () => {
    const times: number[] = [];
    const { clock, console } = open({
      echo: (char) => {
        if (char !== "\x15") times.push(clock.now());
        return char === (times.length > 4 ? "c" : "b") ? "" : char;
      },
    });
    await inVirtualTime(clock, console.send("abcd", { echo: true, delay: 3 })).catch(() => {});
    const gap = (attempt: number) => (times[attempt * 4 + 1] ?? 0) - (times[attempt * 4] ?? 0);
    expect([gap(0), gap(1), gap(2)]).toEqual([3, 6, 20]);
  });

  test("a secret that comes back garbled stands in no message", async () => {
    const { clock, warnings, console } = open({ echo: (char) => (char === "e" ? "" : char) });
    await inVirtualTime(clock, console.send("topsecret", { echo: true, secret: true }));
    expect(warnings.join()).not.toMatch(/tops|cret/);
    expect(warnings.join()).toContain("garbled");
  });

  test("a peer that does not echo gets its line end after a while", async () => {
    const { clock, board, console } = open({ echo: false });
    expect(await inVirtualTime(clock, console.send("password", { echo: true }))).toEqual({ attempts: 1, echo: "none" });
    expect(clock.now()).toBe(400);
    expect(board.lines).toEqual(["password"]);
  });

  test("other output is no evidence of an echo", async () => {
    const { clock, board, console } = open({ echo: false });
    for (let at = 1; at < 60; at += 1) board.say("udhcpc: sending discover\r\n", at * 10);
    expect(await inVirtualTime(clock, console.send("poweroff now", { echo: true }))).toMatchObject({ echo: "none" });
    expect(board.lines).toEqual(["poweroff now"]);
  });

  test("nor is it for a short text, which is a bit like much of what others print", async () => {
    const { clock, board, console } = open({ echo: false });
    const noise = [
      "------------[ cut here ]------",
      "------\r\nWARNING: CPU: 0 PID: 1 at drivers/foo",
      ".c:12 foo+0x10",
      "boot",
    ];
    for (const [at, text] of noise.entries()) board.say(text, 50 + at * 160);
    expect(await inVirtualTime(clock, console.send("root", { echo: true }))).toMatchObject({ echo: "none" });
    expect(board.written).toBe("root\n");
  });

  test("the echo is not found again by what is expected next", async () => {
    const { clock, board, console } = open({ rules: [{ input: /.*/, output: "2\r\n" }] });
    await inVirtualTime(clock, console.send("echo answer=$((1+1))", { echo: true }));
    const match = console.expect([{ source: "answer|[0-9]", kind: "pattern", index: 7 }], never);
    expect(await inVirtualTime(clock, match)).toMatchObject({ index: 7, text: "2" });
    expect(board.lines).toEqual(["echo answer=$((1+1))"]);
  });

  test("sends keep their order", async () => {
    const { clock, board, console } = open({ echoDelay: 2 });
    const sends = ["one", "two", "three"].map((text) => console.send(text, { echo: true, delay: 1 }));
    await inVirtualTime(clock, Promise.all(sends));
    expect(board.lines).toEqual(["one", "two", "three"]);
  });

  test("a line that ends while typing rejects, and so does every later send", async () => {
    const { clock, board, console } = open({ echo: false });
    const sending = console.send("a long line", { echo: true, delay: 10 });
    clock.setTimeout(() => board.end(), 35);
    await expect(inVirtualTime(clock, sending)).rejects.toThrow(ConnectionClosedError);
    await expect(console.send("x")).rejects.toThrow(ConnectionClosedError);
  });

  test("uboot-lost-command: typed one ahead, each command still waits for its own prompt", async () => {
    // Stopped by a blank and a newline, U-Boot prints two prompts.
    const { clock, board, console } = open({
      greeting: "Hit any key to stop autoboot:  2 \x08\x08\x08 0 \r\n=> \r\n",
      rules: [
        { input: /^tftp/, output: ["Loading: ####\r\n", "done\r\n=> "], delay: 300 },
        { input: /.*/, output: "=> " },
      ],
    });
    board.say("=> ", 3);
    const commands = ["setenv autoload no", "dhcp", "tftp 0x40400000 kernel", "tftp 0x44000000 initrd", "booti"];
    await inVirtualTime(clock, console.expect(prompt, never));
    let answered = 0;
    for (const command of commands) {
      await inVirtualTime(clock, console.send(command, { echo: true }));
      await inVirtualTime(clock, console.expect(prompt, never));
      answered += 1;
      expect(board.lines).toHaveLength(answered);
    }
    expect(board.lines).toEqual(commands);
    expect(clock.now()).toBeGreaterThan(1200);
  });
});

describe("the echo of a line", () => {
  const typed = "tar -C / -xzf overlay.tar.gz && ls -la /lava-1234/bin";
  const end = (output: string) => {
    const echo = checkEcho(output, typed);
    return echo.state === "seen" ? output.slice(0, echo.end).slice(-4) : echo.state;
  };
  test("may be wrapped by busybox, by readline, and at a blank", () => {
    expect(end(`${typed.slice(0, 20)}\r\r\n${typed.slice(20)}\r\n`)).toBe("/bin");
    expect(end(`${typed.slice(0, 20)} \r${typed.slice(20)}`)).toBe("/bin");
    for (let wrap = 10; wrap < 40; wrap += 1)
      expect(end(`${typed.slice(0, wrap + 1)}\r${typed.slice(wrap)}`)).toBe("/bin");
    expect(end(`${typed.slice(0, 8)}\r\n${typed.slice(8)}`)).toBe("/bin");
    expect(end(`${typed.slice(0, 7)}\r\r\n${typed.slice(7)}`)).toBe("/bin");
  });
  test("may have lines of the kernel and escapes in it", () => {
    const kernel = "[    3.449855] random: crng init done\r\n";
    expect(end(`${typed.slice(0, 5)}${kernel}${typed.slice(5, 9)}\r\n${kernel}${kernel}${typed.slice(9)}`)).toBe(
      "/bin",
    );
    expect(end(`\x1b[6n${typed.slice(0, 5)}\x1b[K${typed.slice(5)}\x1b[?2004l`)).toBe("/bin");
    expect(end(`late output\r\n=> ${typed}`)).toBe("/bin");
  });
  test("is told from a beginning, from a garbled one and from other output", () => {
    expect(end(typed.slice(0, 9))).toBe("partial");
    expect(end(typed.replace("overlay", "ovrlay"))).toBe("garbled");
    expect(end(typed.replace("gz &&", "gz &&&"))).toBe("garbled");
    expect(end("a message of somebody else\r\n")).toBe("unseen");
    expect(end("")).toBe("unseen");
  });
});

describe("a board that echoes whole lines only", () => {
  test("is waited for once: its next lines go out with their ends", async () => {
    const { clock, board, console } = open({
      echo: false,
      rules: [{ input: /.*/, output: (line) => `${line}\r\n=> `, delay: 0 }],
    });
    expect(await inVirtualTime(clock, console.send("setenv a b", { echo: true }))).toMatchObject({ echo: "none" });
    await inVirtualTime(clock, console.expect(prompt, never));
    const began = clock.now();
    for (let command = 0; command < 10; command += 1) {
      await inVirtualTime(clock, console.send(`setenv ${command}`, { echo: true }));
      await inVirtualTime(clock, console.expect(prompt, never));
    }
    expect(clock.now() - began).toBeLessThan(400);
    expect(board.lines).toHaveLength(11);
  });

  test("one that does not echo at all is no such board", async () => {
    const { clock, console } = open({ echo: false, rules: [{ input: /.*/, output: "done\r\n=> ", delay: 0 }] });
    await inVirtualTime(clock, console.send("setenv a b", { echo: true }));
    await inVirtualTime(clock, console.expect(prompt, never));
    const began = clock.now();
    await inVirtualTime(clock, console.send("setenv a b", { echo: true }));
    expect(clock.now() - began).toBe(400);
  });
});
