/** What is found does not depend on how the bytes came: cut finer, joined, or all in one piece. */
import { describe, expect, test } from "vitest";
import { SteppingClock } from "../../src/base/clock.js";
import { createConsole } from "../../src/connections/console.js";
import type { Pattern } from "../../src/connections/types.js";
import { ScriptedConnection } from "./scripted-connection.js";
import { advance, inVirtualTime } from "./virtual-time.js";

const never = new AbortController().signal;
const patterns = (...sources: string[]): Pattern[] =>
  sources.map((source, index) => ({ source, kind: "pattern", index }));

function open() {
  const clock = new SteppingClock();
  const board = new ScriptedConnection({ clock });
  return { clock, board, console: createConsole(board, { clock }) };
}

/** Pieces of a text: one, each character, each line, lines joined, and random ones. */
function cuttings(text: string): string[][] {
  let seed = 7;
  const random = (most: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return 1 + (seed % most);
  };
  const cut = (length: () => number) => {
    const pieces: string[] = [];
    for (let at = 0; at < text.length; ) {
      const next = at + length();
      pieces.push(text.slice(at, next));
      at = next;
    }
    return pieces;
  };
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  return [
    [text],
    [...text],
    lines,
    ...Array.from({ length: 20 }, () => cut(() => random(5))),
    ...Array.from({ length: 10 }, () => cut(() => random(40))),
  ];
}

/** What waits find one after the other, as `index text`, until nothing more is found. */
async function waits(pieces: string[], wanted: Pattern[], most = 20): Promise<string[]> {
  const { clock, board, console } = open();
  const heard: string[] = [];
  const waiting = (async () => {
    while (heard.length < most) {
      const { index, text } = await console.expect(wanted, never);
      heard.push(`${index} ${text}`);
    }
  })();
  waiting.catch(() => {});
  for (const piece of pieces) {
    board.say(piece);
    await advance(clock, 1);
  }
  await advance(clock, 100);
  board.end();
  return heard;
}

describe("a wait", () => {
  test.each<[name: string, text: string, wanted: string[], heard: string[]]>([
    ["the earliest begins, though another is complete before", "xx abcd yy\r\n", ["abcd", "b+"], ["0 abcd"]],
    ["one open-ended", "abbbcd\r\n", ["abcd", "b+"], ["1 bbb"]],
    [
      "a panic that names its process, beside words at the ends of lines",
      "panic: init died\r\nlast words\r\n",
      ["panic: (.*) died", "[a-z]+$"],
      ["0 panic: init died", "1 words"],
    ],
    ["at one place the lower index", "Loading: done\r\n", ["Load(ing)?", "Loading: done"], ["0 Loading"]],
    ["the other way round", "Loading: done\r\n", ["Loading: done", "Load(ing)?"], ["0 Loading: done"]],
    ["greedy, to the end of its line", "a=1, b=2\r\nb=3\r\n", ["a.*b="], ["0 a=1, b="]],
    ["as few as may be", "a=1, b=2, b=3\r\n", ["a.*?b="], ["0 a=1, b="]],
    ["digits at the end", "took 12345\r\nok", ["took (\\d+)", "ok"], ["0 took 12345", "1 ok"]],
    ["the end of a line", "abc\r\nabcd\r\n", ["abc$", "abcd"], ["0 abc", "1 abcd"]],
    ["the end of a word", "panic panicked panic\r\n", ["panic\\b"], ["0 panic", "0 panic"]],
    ["what does not follow", "foobar foobaz\r\n", ["foo(?!bar)\\w+"], ["0 foobaz"]],
    ["what follows", "foobar foobaz\r\n", ["foo(?=baz)"], ["0 foo"]],
    ["what it refers back to", "aa-ab abab-abab\r\n", ["(\\w+)-\\1\\b"], ["0 abab-abab"]],
    ["upper and lower case", "ERROR Error\r\n", ["(?i)error"], ["0 ERROR", "0 Error"]],
    ["over line ends", "alpha\r\nnoise\r\nbeta\r\nbeta\r\n", ["alpha.*beta"], ["0 alpha\r\nnoise\r\nbeta"]],
    [
      "within the line first",
      "first: PASS\r\nnoise\r\nsecond: FAIL\r\n",
      ["(?P<name>\\w.*): (?P<result>PASS|FAIL)"],
      ["0 first: PASS", "0 second: FAIL"],
    ],
    [
      "a name and its result lines below",
      "WHAT: one\r\n[info]\r\nOUTCOME: PASSED\r\n\r\nWHAT: two\r\nx\r\ny\r\nOUTCOME: FAILED\r\n",
      ["End", "WHAT: +(?P<id>.+?)\\r?\\n.+?OUTCOME: (?P<r>PASSED|FAILED)"],
      ["1 WHAT: one\r\n[info]\r\nOUTCOME: PASSED", "1 WHAT: two\r\nx\r\ny\r\nOUTCOME: FAILED"],
    ],
    ["beginning with anything", "one\r\ntwo\r\nthree\r\n", [".*three"], ["0 three"]],
    ["beginning with anything, over lines", "one\r\nx\r\n", [".*one.+x\\r"], ["0 one\r\nx\r"]],
    ["blank lines", "one\r\n\r\n\r\ntwo\r\n", ["one\\s+two"], ["0 one\r\n\r\n\r\ntwo"]],
    ["the beginning of a line", "a> \r\n> b\r\n", ["^> "], ["0 > "]],
  ])("%s", async (_name, text, wanted, heard) => {
    for (const pieces of cuttings(text))
      expect({ pieces, heard: await waits(pieces, patterns(...wanted)) }).toEqual({ pieces, heard });
  });

  test("over lines and within them, of any text: the same in any pieces", async () => {
    let seed = 11;
    const random = (most: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % most;
    };
    const sources = ["a.*b", "b.+a[ab]", "x.*?y", ".*xy", "(a|x).*y\\.", "y\\r?\\n.*x", "(?i)A.*Y", "ab", "x$"];
    for (let turn = 0; turn < 12; turn += 1) {
      const text = `${Array.from({ length: 60 }, () => "abxy. \n"[random(7)])
        .join("")
        .replaceAll("\n", "\r\n")}\r\n`;
      const wanted = patterns(...Array.from({ length: 1 + random(3) }, () => sources[random(sources.length)]!));
      const [whole, ...others] = cuttings(text);
      const heard = await waits(whole!, wanted);
      for (const pieces of others.filter((_, at) => at % 4 === turn % 4))
        expect({ wanted, pieces, heard: await waits(pieces, wanted) }).toEqual({ wanted, pieces, heard });
    }
  });

  test("finds what an unfinished line certainly holds without waiting for more", async () => {
    const { board, console } = open();
    const found = console.expect(patterns("Hit any key", "never (.*) this"), never);
    board.say("Hit any key to stop autoboot:  2 ");
    expect((await found).index).toBe(0);
  });

  test("`^` may stand for the end of the match before", async () => {
    const text = "one\r\ntwo\r\nthree";
    for (const pieces of cuttings(text)) {
      const { clock, board, console } = open();
      const first = console.expect(patterns("one\\r\\n"), never);
      for (const piece of pieces) board.say(piece);
      await inVirtualTime(clock, first);
      const wanted: Pattern[] = [
        { source: "^three", kind: "pattern", index: 0, caret: "match" },
        { source: "^two", kind: "pattern", index: 1, caret: "match" },
      ];
      expect((await inVirtualTime(clock, console.expect(wanted, never))).index).toBe(1);
      const third = console.expect(wanted.slice(0, 1), never);
      third.catch(() => {});
      await advance(clock, 1000);
      board.end();
      await expect(third).rejects.toThrow();
    }
  });

  test("a chain of waits over lines that are there already costs no silence, however many they are", async () => {
    const { clock, board, console } = open();
    const lines = Array.from({ length: 2000 }, (_, at) => `step ${at} of the suite\r\n${"noise\r\n".repeat(5)}`);
    board.say(lines.join(""));
    for (let at = 0; at < 2000; at += 1)
      expect((await console.expect(patterns("never", `step ${at} of`), never)).index).toBe(1);
    expect(clock.now()).toBe(0);
  });

  test("a match whose text somebody will read waits for the end of its line", async () => {
    const { clock, board, console } = open();
    const wanted: Pattern[] = [{ source: "Press enter", kind: "pattern", index: 0, wholeLine: true }];
    const found = console.expect(wanted, never);
    board.say("[Press enter to con");
    await advance(clock, 200);
    board.say("tinue]");
    expect((await inVirtualTime(clock, found, 1000)).line).toBe("[Press enter to continue]");
    const next = console.expect(wanted, never);
    board.say(" [Press enter");
    board.say(", please]\r\nmore");
    expect((await next).line).toBe("[Press enter to continue] [Press enter, please]");
  });
  test("what it captures is whole as well, when the line comes in two pieces", async () => {
    const { clock, board, console } = open();
    const source = "RESULT: (?<result>\\w+)";
    const wanted: Pattern[] = [{ source, kind: "pattern", index: 0, wholeLine: true }];
    const found = console.expect(wanted, never);
    board.say("RESULT: un");
    await advance(clock, 50);
    board.say("known\r\nRESULT: pass\r\n");
    expect((await inVirtualTime(clock, found, 1000)).named).toEqual({ result: "unknown" });
    expect((await inVirtualTime(clock, console.expect(wanted, never), 1000)).named).toEqual({ result: "pass" });
  });
});

describe("a watcher", () => {
  const text = "Linux version 6.6.0\r\nVFS: cannot\r\nKernel panic - not syncing: VFS\r\nrest\r\n";

  test("that begins in the middle of a piece hears the rest of it, and nothing twice", async () => {
    for (const pieces of cuttings(text)) {
      const { clock, board, console } = open();
      const early: string[] = [];
      const late: string[] = [];
      const stop = console.watch(patterns("panic", "version"), (match) => early.push(match.text));
      const first = console.expect(patterns("Linux version [0-9]"), never);
      for (const piece of pieces) board.say(piece);
      await inVirtualTime(clock, first);
      stop();
      console.watch(patterns("panic", "VFS", "version"), (match) => late.push(match.text));
      await advance(clock, 100);
      expect({ early, late }).toEqual({ early: ["version"], late: ["VFS", "panic", "VFS"] });
    }
  });

  test("goes on hearing when nobody else begins", async () => {
    const { clock, board, console } = open();
    const heard: string[] = [];
    console.watch(patterns("panic"), (match, told) => heard.push(`${match.text}: ${told.join("|")}`));
    console.events.subscribe(() => {});
    const first = console.expect(patterns("Linux version [0-9]"), never);
    board.say(text);
    await first;
    await advance(clock, 50);
    expect(heard).toEqual(["panic: Kernel panic - not syncing: VFS|rest"]);
  });
});

describe("signals", () => {
  test("and patterns of one piece are both heard, by those who were there", async () => {
    const { board, console } = open();
    const signals: string[] = [];
    console.signals.subscribe(({ name }) => signals.push(name));
    const first = console.expect(patterns("begin"), never);
    board.say("begin\r\n<LAVA_SIGNAL_STARTRUN 0_a u>\r\nend\r\n");
    await first;
    expect((await console.expect(patterns("end"), never)).text).toBe("end");
    expect(signals).toEqual(["STARTRUN"]);
  });
});

describe("the echo of what was typed", () => {
  const echo: Pattern[] = [
    { source: "=> ", kind: "prompt", index: 0 },
    { source: "quiet", kind: "pattern", index: 1, echo: true },
  ];

  test("counts when the prompt comes and nothing else did, and the prompt is there for the next wait", async () => {
    const { clock, board, console } = open();
    board.say("=> ");
    await inVirtualTime(clock, console.expect(echo, never));
    await inVirtualTime(clock, console.send("quiet", { echo: true }));
    board.say("=> ");
    const found = await inVirtualTime(clock, console.expect(echo, never));
    expect({ index: found.index, in: found.in, line: found.line }).toEqual({ index: 1, in: "echo", line: "quiet" });
    expect((await inVirtualTime(clock, console.expect(echo.slice(0, 1), never))).index).toBe(0);
  });

  test("does not count before what was printed, nor where nobody asks for it", async () => {
    const { clock, board, console } = open();
    await inVirtualTime(clock, console.send("quiet", { echo: true }));
    board.say("all quiet here\r\n=> ");
    const found = await inVirtualTime(clock, console.expect(echo, never));
    expect({ in: found.in, line: found.line }).toEqual({ in: undefined, line: "all quiet here" });
    await inVirtualTime(clock, console.send("quiet", { echo: true }));
    board.say("=> ");
    const plain = echo.map((pattern) => ({ ...pattern, echo: false }));
    expect((await inVirtualTime(clock, console.expect(plain, never))).index).toBe(0);
  });
});
