/** The console on real shells: their echo, their line editors, their prompts. */
import { afterEach, describe, expect, test } from "vitest";
import { RealClock } from "../../src/base/clock.js";
import { createConsole, openConnection } from "../../src/connections/index.js";
import type { Console, Pattern, Signal } from "../../src/connections/types.js";
import { need } from "./peers.js";

const consoles: Console[] = [];
afterEach(async () => {
  for (const console of consoles.splice(0)) await console.close();
});
const never = new AbortController().signal;
const prompt: Pattern[] = [{ source: "board:/# ", kind: "prompt", index: 0 }];

const shells = [
  { name: "bash (readline)", words: ["bash", "--norc", "--noprofile", "-i"], needs: ["bash", "bash"] },
  { name: "busybox ash (its own line editor)", words: ["busybox", "ash", "-i"], needs: ["busybox", "busybox"] },
  { name: "sh (a cooked terminal)", words: ["sh", "-i"], needs: ["sh", "dash"] },
];

describe.each(shells)("$name", ({ words, needs }) => {
  const open = async () => {
    need(needs[0]!, needs[1]!);
    const clock = new RealClock();
    const env = {
      PATH: process.env.PATH,
      HOME: "/nonexistent",
      PS1: "board:/# ",
      TERM: "vt100",
      HISTFILE: "/dev/null",
    };
    const connection = await openConnection(words, { signal: never, clock, env, cwd: "/" });
    const console = createConsole(connection, { clock });
    consoles.push(console);
    const signals: Signal[] = [];
    console.signals.subscribe((signal) => signals.push(signal));
    await console.expect(prompt, never);
    return { console, signals };
  };

  test("a conversation: each command waits for its prompt, its echo is verified", async () => {
    const { console } = await open();
    for (let number = 1; number <= 5; number += 1) {
      expect(await console.send(`echo $((${number} * 11))`, { echo: true })).toEqual({ attempts: 1, echo: "seen" });
      const answer = await console.expect([{ source: "(?<=[\\r\\n])\\d+", kind: "pattern", index: 0 }], never);
      expect(answer.text).toBe(String(number * 11));
      await console.expect(prompt, never);
    }
  });

  test("the echo of a line longer than the terminal is verified", async () => {
    const { console } = await open();
    for (const word of ["abcdefgh ", "x", "word and  blanks "]) {
      const line = `echo ${word.repeat(30)} | wc -c`;
      expect(await console.send(line, { echo: true })).toEqual({ attempts: 1, echo: "seen" });
      await console.expect([{ source: "(?<=[\\r\\n ])\\d+\\r", kind: "pattern", index: 0 }], never);
      await console.expect(prompt, never);
    }
  });

  test("a line typed with delays and one erased with Ctrl-U", async () => {
    const { console } = await open();
    expect(await console.send("echo slow", { echo: true, delay: 2 })).toMatchObject({ echo: "seen" });
    await console.expect([{ source: "(?<=[\\r\\n])slow", kind: "pattern", index: 0 }], never);
    await console.expect(prompt, never);
    await console.send("echo never\x15", { lineEnd: "" });
    await console.silence(100, never);
    await console.send("echo erased", { echo: true });
    expect(
      (await console.expect([{ source: "(?<=[\\r\\n])(never|erased)", kind: "pattern", index: 0 }], never)).text,
    ).toBe("erased");
  });

  test("the echo of a typed signal is none, the printed one is", async () => {
    const { console, signals } = await open();
    await console.send('true ; printf "<LAVA_SIGNAL_RETRUNCODE $?>\\n"', { echo: true });
    await console.expect(prompt, never);
    expect(signals.map(({ name, params }) => [name, ...params])).toEqual([["RETRUNCODE", "0"]]);
  });
});
