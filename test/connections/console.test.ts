import { describe, expect, test } from "vitest";
import { SteppingClock } from "../../src/base/clock.js";
import { ConnectionClosedError, TestError } from "../../src/base/errors.js";
import { type ConsoleOptions, createConsole } from "../../src/connections/console.js";
import type { Console, ConsoleEvent, Match, Pattern } from "../../src/connections/types.js";
import { ScriptedConnection, type ScriptOptions } from "./scripted-connection.js";
import { advance, inVirtualTime } from "./virtual-time.js";

function open(script: Partial<ScriptOptions> = {}, options: Partial<ConsoleOptions> = {}) {
  const clock = new SteppingClock();
  const board = new ScriptedConnection({ clock, ...script });
  const console = createConsole(board, { clock, ...options });
  return { clock, board, console };
}
const never = new AbortController().signal;
const patterns = (...sources: string[]): Pattern[] =>
  sources.map((source, index) => ({ source, kind: "pattern", index }));
const prompts = (...sources: string[]): Pattern[] =>
  sources.map((source, index) => ({ source, kind: "prompt", index }));

/** How a wait stands without waiting for it. */
async function state(promise: Promise<Match>): Promise<string> {
  const pending = Symbol();
  const result = await Promise.race([
    promise.catch((error: Error) => error.message),
    new Promise((resolve) => setImmediate(() => resolve(pending))),
  ]);
  return result === pending ? "waiting" : typeof result === "string" ? result : (result as Match).text;
}
const linesOf = (console: Console): string[] => {
  const lines: string[] = [];
  console.events.subscribe((event) => {
    if (event.kind === "lines") lines.push(...event.lines);
  });
  return lines;
};

describe("patterns", () => {
  test("the earliest match wins, the lower index among equals", async () => {
    const { board, console } = open();
    board.say("one two three\r\n");
    expect(await console.expect(patterns("three", "two", "tw"), never)).toMatchObject({ index: 1, text: "two" });
  });

  test("the line of a match has no escape sequences", async () => {
    const { board, console } = open();
    board.say("\x1b[?2004l\r\x1b[31merror\x1b[0m: refused\x1b[6n\r\n");
    expect((await console.expect(patterns("refused"), never)).line).toBe("error: refused");
  });

  test("a wait sees only what came after the previous match", async () => {
    const { board, console } = open();
    board.say("a1 a2 a3");
    expect((await console.expect(patterns("a[0-9]"), never)).text).toBe("a1");
    expect((await console.expect(patterns("a[0-9]"), never)).text).toBe("a2");
    expect((await console.expect(patterns("a[0-9]"), never)).text).toBe("a3");
    const next = console.expect(patterns("a[0-9]"), never);
    expect(await state(next)).toBe("waiting");
    board.say("a4");
    expect((await next).text).toBe("a4");
  });

  test("patterns span chunks of any cut", async () => {
    for (let cut = 1; cut < 12; cut += 1) {
      const { board, console } = open();
      const match = console.expect(patterns("never", "Linux version [0-9]"), never);
      const text = "[    0.000000] Linux version 6.1\r\n";
      for (let at = 0; at < text.length; at += cut) board.say(text.slice(at, at + cut));
      expect(await match).toMatchObject({ index: 1, text: "Linux version 6" });
    }
  });

  test("cut into any chunks, watchers hear what they hear in one piece", () => {
    const text = [
      "U-Boot 2026.01 (Jan 01) x\r\n",
      "[    1.000000] Oops: 1\r\n[    1.000001] end Oops\r\n",
      `one${"\r\n".repeat(30)} two\r\nBUG: a BUG: b\r\n`,
      `${"long ".repeat(40)}Oops -\r\n\r\nroot@board:/# \r\n`,
    ].join("");
    const inLine = ["U-Boot 20[0-9]{2}\\.\\d+ \\(", "long.*Oops(?: -|:)", "^BUG:.", "end (\\w)(?=o)"];
    const beyond = ["one\\s+two", "#\\s\\r"];
    const heard = (wanted: string[], cuts: () => number) => {
      const { board, console } = open();
      const hits: string[] = [];
      console.watch(patterns(...wanted), ({ index, text: found }) => hits.push(`${index} ${found}`));
      for (let at = 0; at < text.length; ) {
        const length = cuts();
        board.say(text.slice(at, at + length));
        at += length;
      }
      return hits;
    };
    let seed = 1;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return 1 + (seed % 7);
    };
    for (const wanted of [inLine, beyond, [...inLine, ...beyond]]) {
      const whole = heard(wanted, () => text.length);
      expect(whole).toHaveLength(wanted.length);
      for (let round = 0; round < 50; round += 1) expect(heard(wanted, random)).toEqual(whole);
    }
  });

  test("groups, names, back references and flags of Python are given back", async () => {
    const { board, console } = open();
    const match = console.expect(
      patterns("(x)\\1", "(?P<key>\\w+)=(?P<value>\\d+);", "(?i)ERROR: (\\w+)!", "(?P<key>k)q"),
      never,
    );
    board.say("name=4711;");
    expect(await match).toMatchObject({ index: 1, named: { key: "name", value: "4711" }, groups: ["name", "4711"] });
    const next = console.expect(patterns("(?i)ERROR: (\\w+)!", "(x)\\1"), never);
    board.say(" Error: oops! xx.");
    expect(await next).toMatchObject({ index: 0, groups: ["oops"] });
    expect((await console.expect(patterns("(?i)ERROR: (\\w+)!", "(x)\\1"), never)).index).toBe(1);
  });

  test("a match that more output could lengthen waits for it, until silence", async () => {
    const { clock, board, console } = open();
    const first = console.expect(patterns("took (\\d+)"), never);
    board.say("took 1");
    expect(await state(first)).toBe("waiting");
    board.say("23 ms, took 9");
    expect((await first).groups).toEqual(["123"]);
    const last = console.expect(patterns("took (\\d+)"), never);
    expect((await inVirtualTime(clock, last, 1000)).groups).toEqual(["9"]);
  });

  test("^ and $ hold at lines, whatever the chunks", async () => {
    const { board, console } = open();
    const match = console.expect(patterns("^> "), never);
    for (const char of `${"x".repeat(40)}> ${"y".repeat(40)}> `) board.say(char);
    expect(await state(match)).toBe("waiting");
    board.say("\n> ");
    expect((await match).line).toBe("> ");
  });

  test("a match tells its line, and the named line is whole", async () => {
    const { board, console } = open();
    board.say("before\r\nKernel panic - not syncing: no init\r\nafter");
    expect((await console.expect(patterns("not syncing"), never)).line).toBe("Kernel panic - not syncing: no init");
  });

  test("a bad pattern is a TestError", async () => {
    const { console } = open();
    const error = await console.expect(patterns("a(b"), never).catch((caught) => caught);
    expect(error).toBeInstanceOf(TestError);
    expect(error.message).toMatch(/^"a\(b" is not a regular expression: .*never closed/);
    expect(() => console.watch(patterns("*"), () => {})).toThrow(TestError);
  });

  test("abort rejects with the signal's reason and leaves nothing behind", async () => {
    const { board, console } = open();
    const controller = new AbortController();
    const match = console.expect(patterns("x"), controller.signal);
    controller.abort(new Error("time is up"));
    await expect(match).rejects.toThrow("time is up");
    await expect(console.expect(patterns("x"), controller.signal)).rejects.toThrow("time is up");
    board.say("x");
    expect((await console.expect(patterns("x"), never)).text).toBe("x");
  });

  test("the end of the line rejects with ConnectionClosedError, after what came was looked at", async () => {
    const { board, console } = open();
    const found = console.expect(patterns("rest (\\d+)"), never);
    const missed = console.expect(patterns("nothing"), never);
    board.say("rest 5");
    board.end();
    expect((await found).groups).toEqual(["5"]);
    await expect(missed).rejects.toThrow(ConnectionClosedError);
    await expect(missed).rejects.toThrow("Connection closed: the peer closed the connection");
    await expect(console.expect(patterns("x"), never)).rejects.toThrow(ConnectionClosedError);
    expect(console.isClosed).toBe(true);
  });

  test("what is still unread when the line ends can be expected", async () => {
    const { board, console } = open();
    board.say("the last words");
    board.end();
    await console.closed;
    expect((await console.expect(patterns("last"), never)).text).toBe("last");
  });

  test("watchers hear every match, not consuming, beside a wait", async () => {
    const { clock, board, console } = open();
    const heard: string[] = [];
    board.say("Oops before the watch\n");
    const stop = console.watch(patterns("Oops(?: -|:)", "panic"), (match) =>
      heard.push(`${match.index} ${match.text}`),
    );
    const match = console.expect(patterns("panic"), never);
    board.say("Oops: 1\nOops - 2\nkernel pa");
    board.say("nic\nOops: 3\n");
    expect((await match).text).toBe("panic");
    // What came after it waits for whoever had the match to go on, but not for long.
    expect(heard).toEqual(["0 Oops:", "0 Oops -", "1 panic"]);
    await advance(clock, 20);
    expect(heard).toEqual(["0 Oops:", "0 Oops -", "1 panic", "0 Oops:"]);
    stop();
    board.say("panic\n");
    expect(heard).toHaveLength(4);
  });

  test("a watch that begins in the middle of its pattern hears it", async () => {
    const { board, console } = open();
    const heard: string[] = [];
    board.say("Kernel pa");
    console.watch(patterns("Kernel panic"), (match) => heard.push(match.text));
    board.say("nic - not syncing\r\n");
    expect(heard).toEqual(["Kernel panic"]);
  });

  test("two watchers hear matches that overlap", () => {
    const { board, console } = open();
    const heard: string[] = [];
    console.watch(patterns("WARNING: CPU"), (match) => heard.push(`a ${match.text}`));
    console.watch(patterns("CPU: 0"), (match) => heard.push(`b ${match.text}`));
    board.say("WARNING: CPU: 0 PID: 1");
    expect(heard).toEqual(["a WARNING: CPU", "b CPU: 0"]);
  });
});

describe("prompts", () => {
  test("kernelci-core#2922: a prompt counts at the end of output, after a short silence", async () => {
    const { clock, board, console } = open();
    const prompt = console.expect(prompts("/ #"), never);
    board.say("Loading / # of 10 modules\r\n");
    await advance(clock, 500);
    expect(await state(prompt)).toBe("waiting");
    board.say("/ # ");
    expect(await state(prompt)).toBe("waiting");
    await advance(clock, 5);
    board.say("done\r\n"); // the status line goes on: no prompt
    await advance(clock, 500);
    expect(await state(prompt)).toBe("waiting");
    board.say("/ # ");
    await advance(clock, 30);
    expect(await state(prompt)).toBe("/ #");
  });

  test("labgrid#546: a login prompt under init output is found when it comes to its end", async () => {
    const { clock, board, console } = open();
    const prompt = console.expect(prompts("login:"), never);
    board.say("board login: \r\n[  OK  ] Started Something.\r\n");
    await advance(clock, 500);
    expect(await state(prompt)).toBe("waiting");
    board.say("board login: ");
    expect((await inVirtualTime(clock, prompt, 100)).line).toBe("board login: ");
  });

  test("escapes after the prompt: busybox asks for the cursor, bash switches on bracketed paste", async () => {
    for (const after of ["\x1b[6n", "\x1b[?2004h", " \x1b[0m\x1b]0;title\x07", "   "]) {
      const { clock, board, console } = open();
      board.say(`\r\nroot@board:/root# ${after}`);
      const match = await inVirtualTime(clock, console.expect(prompts("root@board:/root#"), never), 100);
      expect(match).toMatchObject({ index: 0, text: "root@board:/root#" });
      const next = console.expect(prompts("root@board:/root#"), never);
      await advance(clock, 1000);
      expect(await state(next)).toBe("waiting");
    }
  });

  test("escapes inside the prompt and a pattern that ends with $", async () => {
    const { clock, board, console } = open();
    board.say("\r\n\x1b[01;32mroot@board\x1b[00m:\x1b[01;34m~\x1b[00m# \x1b[6n");
    const match = await inVirtualTime(clock, console.expect(prompts("root@board:~# $"), never), 100);
    expect(match.text).toBe("root@board:~# ");
  });

  test("lines of the kernel after the prompt do not hide it, even when they never stop", async () => {
    const { clock, board, console } = open();
    const prompt = console.expect(prompts("root@board:/root#"), never);
    board.say("\r\nroot@board:/root# \x1b[6n");
    for (let at = 0; at < 20; at += 1) {
      board.say(`[    3.4${10000 + at}] IPv6: eth0: link becomes ready\r\n`);
      await advance(clock, 3);
    }
    expect(await state(prompt)).toBe("root@board:/root#");
    const next = console.expect(patterns("link becomes ready"), never);
    expect(await state(next)).toBe("link becomes ready");
  });

  test("nor do as many of them as are looked through", async () => {
    for (const lines of [20, 40, 80, 160, 200]) {
      const { clock, board, console } = open();
      const match = console.expect(prompts("board:/# "), never);
      board.say(`${"before\r\n".repeat(300)}board:/# `);
      for (let line = 0; line < lines; line += 1)
        board.say(`[    3.${String(line).padStart(6, "0")}] usb 1-1: device ${"descriptor ".repeat(4)}\r\n`);
      await advance(clock, 100);
      expect((await match).text).toBe("board:/# ");
    }
  });

  test("a kernel line that begins below the prompt does not hide it", async () => {
    const { clock, board, console } = open();
    const prompt = console.expect(prompts("=> "), never);
    board.say("\r\n=> \r\n[    3.141592] late message\r\n[    3.141600] unfinished");
    expect((await inVirtualTime(clock, prompt, 200)).text).toBe("=> ");
  });

  test("a status line below which the kernel writes is no prompt", async () => {
    const { clock, board, console } = open();
    const prompt = console.expect(prompts("/ #"), never);
    board.say("copied 3 / #\r\n[    3.141592] message\r\n");
    await advance(clock, 2000);
    expect(await state(prompt)).toBe("waiting");
  });

  test("a line that was a prompt before needs less silence", async () => {
    const { clock, board, console } = open({ rules: [{ input: /.*/, output: "ok\r\n=> ", delay: 0 }] });
    board.say("=> ");
    await inVirtualTime(clock, console.expect(prompts("=> "), never));
    const began = clock.now();
    expect(began).toBe(20);
    for (let command = 0; command < 10; command += 1) {
      await inVirtualTime(clock, console.send("true", { echo: true }));
      await inVirtualTime(clock, console.expect(prompts("=> "), never));
    }
    expect(clock.now() - began).toBeLessThanOrEqual(10 * 6);
  });

  test("a prompt that stood there before something was typed is answered", async () => {
    const { clock, board, console } = open({ echo: false });
    // U-Boot stopped by a blank and a newline prints two prompts.
    board.say("Hit any key to stop autoboot:  2 \r\n=> \r\n=> ");
    await inVirtualTime(clock, console.expect(patterns("Hit any key"), never));
    await inVirtualTime(clock, console.send("setenv autoload no"));
    const prompt = console.expect(prompts("=> "), never);
    await advance(clock, 1000);
    expect(await state(prompt)).toBe("waiting");
    board.say("\r\n=> ");
    expect((await inVirtualTime(clock, prompt, 100)).text).toBe("=> ");
  });

  test("watched prompts are told once, and again when they come again", async () => {
    const { clock, board, console } = open();
    const heard: string[] = [];
    board.say("=> ");
    console.watch(prompts("=> "), (match) => heard.push(match.text));
    await advance(clock, 100);
    board.say("reset\r\nU-Boot 2023.01\r\n");
    await advance(clock, 100);
    expect(heard).toEqual([]);
    board.say("=> ");
    await advance(clock, 100);
    board.say("\x1b[6n");
    await advance(clock, 100);
    expect(heard).toEqual(["=> "]);
    board.say("\r\n=> ");
    await advance(clock, 100);
    expect(heard).toEqual(["=> ", "=> "]);
  });
});

describe("silence", () => {
  test("labgrid#176, #1622: sending can wait for silence", async () => {
    const { clock, board, console } = open();
    for (let at = 0; at < 10; at += 1) board.say(".", at * 50);
    await inVirtualTime(clock, console.silence(100, never));
    expect(clock.now()).toBe(550);
    await console.silence(100, never);
    expect(clock.now()).toBe(550);
    const controller = new AbortController();
    const waiting = console.silence(1000, controller.signal);
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    const closing = console.silence(10_000, never);
    board.end();
    await expect(closing).rejects.toThrow(ConnectionClosedError);
  });
});

describe("the log", () => {
  test("lines are cut as LAVA cuts them, ESC characters dropped", async () => {
    const { board, console } = open();
    const lines = linesOf(console);
    board.say("a\r\r\nb\r\nc\nd\r\r\r\n\r\ne \x1b[6nf\r");
    board.say("\ng\r");
    board.say("\r\nlast");
    board.end();
    await console.closed;
    expect(lines).toEqual(["a", "b", "c", "d\r", "", "e [6nf", "g", "last"]);
  });

  test("a control character that was erased again is in no line, other erased text is", async () => {
    const { board, console } = open();
    const lines = linesOf(console);
    board.say("case a: ^L\b ");
    board.say("\b\b \bpass\r\n^L\b \b\b \b\r\n");
    board.say("10%\b \b\b \b\b \b20%\r\n^L\r\n");
    expect(lines).toEqual(["case a: pass", "", "10%\b \b\b \b\b \b20%", "^L"]);
  });

  test("events tell output, input and time; a secret is hidden", async () => {
    const { clock, board, console } = open({ echo: false });
    const events: ConsoleEvent[] = [];
    console.events.subscribe((event) => events.push(event));
    clock.advanceTo(5);
    board.say("Password: ");
    await console.send("hunter2", { secret: true });
    await console.send("\x03", { lineEnd: "" });
    expect(events).toEqual([
      { kind: "output", text: "Password: ", time: 5 },
      { kind: "input", text: "********", lineEnd: "\n", secret: true, time: 5 },
      { kind: "input", text: "\x03", lineEnd: "", secret: false, time: 5 },
    ]);
    expect(board.written).toBe("hunter2\n\x03");
    expect(console.lastSent()).toBe("\x03");
  });

  test("invalid UTF-8 becomes U+FFFD, characters may be cut by chunks, and matching goes on", async () => {
    const { board, console } = open();
    const lines = linesOf(console);
    let output = "";
    console.events.subscribe((event) => {
      if (event.kind === "output") output += event.text;
    });
    board.say(Buffer.from([0xc3]));
    board.say(Buffer.from([0xa4, 0xff, 0xfe, 0xe2, 0x82]));
    board.say(Buffer.from([0xac, 0x0a, 0xf0, 0x9f, 0x41]));
    board.say(Buffer.from("ready\n"));
    expect((await console.expect(patterns("ready"), never)).text).toBe("ready");
    expect(lines).toEqual(["ä\ufffd\ufffd€", "\ufffdAready"]);
    board.say(Buffer.from([0xe2]));
    await console.close();
    expect(output).toBe("ä\ufffd\ufffd€\n\ufffdAready\n\ufffd");
  });

  test("100 MB without a line end: pieces are logged, memory is bounded, matching works on", async () => {
    const { board, console } = open();
    let logged = 0;
    let longest = 0;
    console.events.subscribe((event) => {
      if (event.kind !== "lines") return;
      for (const { length } of event.lines) {
        logged += length;
        longest = Math.max(longest, length);
      }
    });
    const match = console.expect(patterns("the needle", "[a-z]+=[0-9]+;"), never);
    const chunk = Buffer.alloc(64 * 1024, "#");
    global.gc?.();
    const before = process.memoryUsage().heapUsed;
    for (let sent = 0; sent < 100e6; sent += chunk.length) board.say(chunk);
    global.gc?.();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(30e6);
    board.say("## the nee");
    board.say("dle ##");
    expect((await match).text).toBe("the needle");
    expect(longest).toBeLessThanOrEqual(16 * 1024);
    expect(logged).toBeGreaterThan(100e6 - 16 * 1024);
    expect(console.tail().endsWith("## the needle ##")).toBe(true);
    expect(console.tail().length).toBeLessThanOrEqual(2048);
  });
});

describe("the stuck report", () => {
  test("LAVA's debugging pages: the line that came nearest to a wrong prompt is named", async () => {
    const { board, console } = open();
    board.say("BusyBox v1.35.0\r\nEnter 'help' for a list\r\n\r\nroot@board:/root# \x1b[6n\r\nother\r\n");
    const nearest = console.nearest(patterns("never printed at all", "root@other-board:/root#"));
    expect(nearest).toMatchObject({ pattern: "root@other-board:/root#", line: "root@board:/root# " });
    expect(nearest?.similarity).toBeGreaterThan(0.7);
    expect(console.nearest(patterns("zzzzqqqq"))).toBeUndefined();
  });

  test("a pattern that did come is the nearest of all", () => {
    const { board, console } = open();
    board.say("board login: root\r\n# ");
    expect(console.nearest(patterns("login: \\w+", "login:"))).toMatchObject({ similarity: 1 });
  });
});

describe("a line that is lent out", () => {
  test("what comes meanwhile is the borrower's alone; then the console goes on", async () => {
    const { board, console } = open({ echo: false });
    const events: ConsoleEvent[] = [];
    console.events.subscribe((event) => events.push(event));
    const relay = console.relay();
    const heard: number[] = [];
    let ended = false;
    relay.output.subscribe({ next: (bytes) => heard.push(...bytes), complete: () => (ended = true) });
    const waiting = console.expect(patterns("secret"), never);
    board.say("secret\r\n");
    await relay.write(Buffer.from("raw"));
    expect(Buffer.from(heard).toString()).toBe("secret\r\n");
    expect({ written: board.written, events, state: await state(waiting) }).toEqual({
      written: "raw",
      events: [],
      state: "waiting",
    });
    relay.end();
    board.say("no secret\r\n");
    expect(await waiting).toMatchObject({ line: "no secret" });
    expect({ ended, heard: heard.length }).toEqual({ ended: true, heard: 8 });
  });

  test("the borrower hears of the line's end; a line that ended is not lent", async () => {
    const { board, console } = open();
    const ended = new Promise<void>((resolve) => console.relay().output.subscribe({ complete: resolve }));
    await board.close();
    await ended;
    await expect(console.closed).resolves.toBeDefined();
    expect(() => console.relay()).toThrow(ConnectionClosedError);
  });
});
