import { describe, expect, test } from "vitest";
import { SteppingClock } from "../../src/base/clock.js";
import { createConsole } from "../../src/connections/console.js";
import type { Match, Pattern } from "../../src/connections/types.js";
import { ScriptedConnection, type ScriptOptions } from "./scripted-connection.js";
import { advance, inVirtualTime } from "./virtual-time.js";

const never = new AbortController().signal;
const prompts = (...sources: string[]): Pattern[] =>
  sources.map((source, index) => ({ source, kind: "prompt", index, finished: true }));

function open(script: Partial<ScriptOptions> = {}) {
  const clock = new SteppingClock();
  const board = new ScriptedConnection({ clock, ...script });
  return { clock, board, console: createConsole(board, { clock }) };
}

/** What a wait has found so far. */
function hearing(promise: Promise<Match>) {
  const heard: Match[] = [];
  promise.then(
    (match) => heard.push(match),
    () => {},
  );
  return heard;
}

describe("a prompt of which the pattern names a part", () => {
  test.each([
    ["root@debian:", "root@debian:~# "],
    ["linaro-test", "linaro-test [rc=0]# "],
    ["linaro-test", "\x1b[6nlinaro-test:/root$ \x1b[6n"],
    ["[Pp]assword", "Password: "],
    ["Password", "root@10.0.0.2's Password:"],
    ["login", "board login: "],
    ["U-Boot", "U-Boot> "],
    ["Jetson TK1", "Tegra124 (Jetson TK1) # "],
    ["Tegra124", "\r\nTegra124 (Jetson TK1) # "],
    ["root@(.*)[#$]", "root@board:/tmp# "],
    ["Shell>", "\x1b[1m\x1b[33m\x1b[40mShell> \x1b[0m\x1b[37m\x1b[40m"],
    ["~", "user@host:~% "],
    ["/ #", "/ # \x1b[6n"],
    ["console:/", "console:/ $ "],
    ["\\$", "1|console:/ $ "],
    ["\\(initramfs\\)", "(initramfs) _"],
  ])("%s counts in %j", async (pattern, line) => {
    for (const cut of [line.length, 1, 3]) {
      const { clock, board, console } = open();
      const found = console.expect(prompts("never", pattern), never);
      board.say("Starting...\r\n[  OK  ] Started Getty on ttyS0.\r\n");
      for (let at = 0; at < line.length; at += cut) board.say(line.slice(at, at + cut));
      expect(await inVirtualTime(clock, found, 1500)).toMatchObject({ index: 1 });
      // It is answered by what is typed: the same line is no prompt of the next wait.
      await inVirtualTime(clock, console.send("true", { echo: true }));
      const next = hearing(console.expect(prompts("never", pattern), never));
      await advance(clock, 5000);
      expect(next).toEqual([]);
    }
  });

  test("a line that is still growing is none, nor one that has ended", async () => {
    const { clock, board, console } = open();
    const heard = hearing(console.expect(prompts("/ #"), never));
    for (const piece of ["Copying / # of 10", " modules", " ...", " and", " so", " on"]) {
      board.say(piece);
      await advance(clock, 300);
    }
    board.say("\r\n");
    await advance(clock, 5000);
    expect(heard).toEqual([]);
    board.say("/ # ");
    await advance(clock, 30);
    expect(heard).toMatchObject([{ text: "/ #" }]);
  });

  test("lines of the kernel above, behind and in it do not hide it", async () => {
    for (const text of [
      "root@board:~# [   12.345678] random: crng init done\r\n",
      "[   12.345678] random: crng init done\r\nroot@board:~# [   12.345678] a: b\r\n[   12.345679] still growing",
      "root@bo[   12.345678] random: crng init done\r\nard:~# ",
    ]) {
      const { clock, board, console } = open();
      board.say(`\r\n${text}`);
      expect((await inVirtualTime(clock, console.expect(prompts("root@board:"), never), 1500)).index).toBe(0);
    }
  });

  test("a line that was such a prompt before costs no long silence again", async () => {
    const { clock, board, console } = open({ rules: [{ input: /.*/, output: "ok\r\nroot@debian:~# ", delay: 0 }] });
    board.say("root@debian:~# ");
    await inVirtualTime(clock, console.expect(prompts("root@debian:"), never));
    const began = clock.now();
    for (let command = 0; command < 10; command += 1) {
      await inVirtualTime(clock, console.send("true", { echo: true }));
      await inVirtualTime(clock, console.expect(prompts("root@debian:"), never));
    }
    expect(clock.now() - began).toBeLessThanOrEqual(10 * 6);
  });

  test("what is watched beside has to be sure: the output ends with it", async () => {
    const { clock, board, console } = open();
    const heard: string[] = [];
    console.watch(prompts("U-Boot"), (match) => heard.push(match.line));
    board.say("Loading U-Boot image");
    await advance(clock, 5000);
    expect(heard).toEqual([]);
    board.say("\r\nU-Boot");
    await advance(clock, 100);
    expect(heard).toEqual(["U-Boot"]);
  });
});

describe("a prompt that stands in finished lines only", () => {
  const finished = { silence: 10_000, at: 30_000 };

  test("is taken after the silence, and says so; what came after it is still there", async () => {
    const { clock, board, console } = open();
    const heard = hearing(console.expect(prompts("never", "Booting BL2"), never, { finished }));
    board.say("NOTICE:  BL1: Booting BL2\r\nNOTICE:  BL1: Booting BL31\r\n");
    await advance(clock, 9000);
    board.say("more\r\n");
    await advance(clock, 9000);
    expect(heard).toEqual([]);
    await advance(clock, 1500);
    expect(heard).toMatchObject([{ index: 1, in: "finished line", line: "NOTICE:  BL1: Booting BL2" }]);
    const next = console.expect([{ source: "Booting BL31", kind: "pattern", index: 0 }], never);
    expect((await inVirtualTime(clock, next, 100)).text).toBe("Booting BL31");
  });

  test("is taken in time of a board that is never silent, however much it printed since", async () => {
    const { clock, board, console } = open();
    const heard = hearing(console.expect(prompts("Booting BL2"), never, { finished }));
    board.say("Booting BL2\r\n");
    for (let line = 0; line < 40; line += 1) {
      board.say(`${"x".repeat(4000)}\r\n`);
      await advance(clock, 700);
    }
    expect(heard).toEqual([]);
    await advance(clock, 2500);
    expect(heard).toMatchObject([{ in: "finished line", line: "Booting BL2" }]);
  });

  test("is taken in time, too, where a line with it is never finished: a progress bar, a spinner", async () => {
    const { clock, board, console } = open();
    const heard = hearing(console.expect(prompts("root@board:"), never, { finished }));
    board.say("\r\nroot@board:~# ");
    for (let turn = 0; turn < 290; turn += 1) {
      board.say(`${"|/-\\"[turn % 4]}\b`);
      await advance(clock, 100);
    }
    expect(heard).toEqual([]);
    for (let turn = 0; turn < 11; turn += 1) {
      board.say("|\b");
      await advance(clock, 100);
    }
    expect(heard).toMatchObject([{ in: "finished line", text: "root@board:" }]);
  });

  test("on a board that is never silent the next ones take a second each", async () => {
    const { clock, board, console } = open({ rules: [{ input: /.+/, output: "done\r\n# ", delay: 300 }] });
    const noise = async (ms: number) => {
      for (let at = 0; at < ms; at += 100) {
        board.say("noise of a driver\r\n");
        await advance(clock, 100);
      }
    };
    const first = hearing(console.expect(prompts("# "), never, { finished }));
    board.say("# ");
    await noise(29_500);
    expect(first).toEqual([]);
    await noise(600);
    expect(first).toHaveLength(1);
    for (let command = 0; command < 5; command += 1) {
      await Promise.all([console.send("true"), noise(100)]);
      const next = hearing(
        console.expect(prompts("# "), never, { finished: { silence: 10_000, at: clock.now() + 30_000 } }),
      );
      await noise(1300);
      expect(next).toMatchObject([{ in: "finished line" }]);
    }
    // It became silent: prompts are what they are elsewhere.
    await inVirtualTime(clock, console.send("true"));
    await inVirtualTime(clock, console.expect(prompts("# "), never), 1000);
    const late = hearing(
      console.expect(prompts("# "), never, { finished: { silence: 10_000, at: clock.now() + 30_000 } }),
    );
    board.say("a # in a line\r\n");
    await advance(clock, 5000);
    expect(late).toEqual([]);
  });

  test("a real prompt comes first, and one that nobody may take so is not taken", async () => {
    const { clock, board, console } = open();
    const found = console.expect(prompts("board"), never, { finished });
    const strict: Pattern[] = [{ source: "board", kind: "prompt", index: 0 }];
    board.say("Welcome to board\r\n");
    await advance(clock, 9000);
    board.say("board:~# ");
    const match = await inVirtualTime(clock, found, 500);
    expect({ in: match.in, line: match.line }).toEqual({ in: undefined, line: "board:~# " });
    board.say("\r\nboard is up\r\n");
    const heard = hearing(console.expect(strict, never, { finished }));
    await advance(clock, 60_000);
    expect(heard).toEqual([]);
  });

  test("may have come before something was typed, if no wait had it", async () => {
    const { clock, board, console } = open({ echo: false });
    board.say("board is up\r\n");
    await inVirtualTime(clock, console.send("true"));
    const heard = hearing(console.expect(prompts("board"), never, { finished }));
    await advance(clock, 9000);
    expect(heard).toEqual([]);
    await advance(clock, 1500);
    expect(heard).toMatchObject([{ in: "finished line" }]);
    const again = hearing(console.expect(prompts("board"), never, { finished }));
    await advance(clock, 60_000);
    expect(again).toEqual([]);
  });
});

describe("the last line", () => {
  test("is what userspace printed last, without escapes and the kernel's messages", () => {
    const { board, console } = open();
    board.say("one\r\nPassword: \x1b[6n");
    expect(console.lastLine()).toBe("Password: ");
    board.say("[    5.000000] usb 1-1: new device\r\n<4>[    5.000001][    T1] with its level\r\n");
    expect(console.lastLine()).toBe("Password: ");
    board.say("\r\n");
    expect(console.lastLine()).toBe("");
  });
});
