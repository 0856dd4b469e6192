import { describe, expect, test } from "vitest";
import { SteppingClock } from "../../src/base/clock.js";
import { createConsole } from "../../src/connections/console.js";
import type { Signal } from "../../src/connections/types.js";
import { ScriptedConnection, type ScriptOptions } from "./scripted-connection.js";

function open(script: Partial<ScriptOptions> = {}) {
  const clock = new SteppingClock();
  const board = new ScriptedConnection({ clock, ...script });
  const console = createConsole(board, { clock });
  const signals: Signal[] = [];
  console.signals.subscribe((signal) => signals.push(signal));
  return { clock, board, console, signals };
}

/** All signals of an output, whatever the chunks it comes in. */
function read(output: string, cut = output.length): Signal[] {
  const { board, signals } = open();
  for (let at = 0; at < output.length; at += cut) board.say(output.slice(at, at + cut));
  return signals;
}
const short = ({ name, params, mended, complete }: Signal) =>
  `${name} ${params.join(" ")}${mended ? " (mended)" : ""}${complete ? "" : " (incomplete)"}`;
const CUTS = [1, 2, 3, 7, 16, 1000];
const kernel = (text: string) => `[    3.449855] ${text}\r\n`;

describe("signals", () => {
  test("names, words and the runner's own lines", () => {
    const output =
      "x<LAVA_SIGNAL_STARTRUN 0_smoke 1_1.1.3.1>\r\n<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=a  RESULT=pass>\r\n" +
      "<LAVA_SIGNAL_TESTRAISE a < b, all of it>\r\n<LAVA_TEST_RUNNER INSTALL_FAIL>\r\n<LAVA_TEST_RUNNER EXIT>";
    for (const cut of CUTS)
      expect(read(output, cut).map(short)).toEqual([
        "STARTRUN 0_smoke 1_1.1.3.1",
        "TESTCASE TEST_CASE_ID=a RESULT=pass",
        "TESTRAISE a < b, all of it",
        "RUNNER_INSTALL_FAIL ",
        "RUNNER_EXIT ",
      ]);
    expect(read(output)[0]?.raw).toBe("<LAVA_SIGNAL_STARTRUN 0_smoke 1_1.1.3.1>");
  });

  test("other angle brackets are none", () => {
    expect(read("<LAVA> <LAVA_SIGNAL> <LAVA_SIGNAL_X> <LAVA_TEST_RUNNER busy> a < b > c <<LAVA <html>\r\n")).toEqual(
      [],
    );
    expect(read("<<LAVA_SIGNAL_STARTTC a>").map(short)).toEqual(["STARTTC a"]);
  });

  test("meta-qcom#2250, kernelci-project#147, #380: the kernel's lines are lifted out, wherever they came", () => {
    const signal = "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=tc-1 RESULT=pass>";
    for (let place = 1; place < signal.length; place += 1)
      for (const between of [kernel("in the middle"), `\r\n${kernel("below")}`, kernel("one") + kernel("two")]) {
        const output = `${signal.slice(0, place)}${between}${signal.slice(place)}\r\n`;
        for (const cut of place % 5 === 0 ? CUTS : [1000])
          expect(read(output, cut).map(short)).toEqual(["TESTCASE TEST_CASE_ID=tc-1 RESULT=pass (mended)"]);
        expect(read(output)[0]?.raw).toBe(`${signal.slice(0, place)}${between}${signal.slice(place)}`);
      }
  });

  test("a kernel line may begin with its level", () => {
    const output = `<LAVA_SIGNAL_TEST<4>${kernel("a")}CASE TEST_CASE_ID=x RESULT=<2>\r\n`;
    for (const cut of CUTS)
      expect(read(output, cut).map(short)).toEqual(["TESTCASE TEST_CASE_ID=x RESULT=<2 (mended)"]);
  });

  test("several kernel lines in one signal, with printk's caller", () => {
    const output = `<LAVA_SIG${kernel("a")}NAL_TESTCASE TEST_${kernel("b")}CASE_ID=x RES[12345.678901][  T123] c\r\nULT=fail>\r\n`;
    for (const cut of CUTS)
      expect(read(output, cut).map(short)).toEqual(["TESTCASE TEST_CASE_ID=x RESULT=fail (mended)"]);
  });

  test("brackets that belong to the test stay", () => {
    const output = "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=array[0][1.5] RESULT=pass>\r\n";
    for (const cut of CUTS)
      expect(read(output, cut).map(short)).toEqual(["TESTCASE TEST_CASE_ID=array[0][1.5] RESULT=pass"]);
  });

  test("a board of 12 cases whose signals come in pieces: 12 of 12", () => {
    const pieces: string[] = [];
    for (let number = 1; number <= 12; number += 1) {
      const signal = `<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=tc-${number} RESULT=pass>\r\n`;
      const place = 4 * number;
      pieces.push(number % 2 ? signal : signal.slice(0, place) + kernel(`message ${number}`) + signal.slice(place));
    }
    for (const cut of CUTS) {
      const cases = read(pieces.join(kernel("between")), cut);
      expect(cases.map(({ params }) => params[0])).toEqual(
        Array.from({ length: 12 }, (_, index) => `TEST_CASE_ID=tc-${index + 1}`),
      );
      expect(cases.every(({ complete }) => complete)).toBe(true);
    }
  });

  test("a signal that the terminal wrapped is put together", () => {
    const line = `${"x".repeat(50)}<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=wrapped RESULT=pass>`;
    for (const wrap of ["\r\n", "\r\r\n", " \r"])
      for (const cut of CUTS)
        expect(read(`before\r\n${line.slice(0, 80)}${wrap}${line.slice(80)}\r\n`, cut).map(short)).toEqual([
          "TESTCASE TEST_CASE_ID=wrapped RESULT=pass (mended)",
        ]);
  });

  test("meta-qcom#2250: what cannot be read in full is told as incomplete, with its raw bytes", () => {
    const output = "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=tc-1 RESULT=pa\r\nudhcpc: lease obtained\r\nss>\r\nnext\r\n";
    for (const cut of CUTS) {
      const [signal, ...others] = read(output, cut);
      expect(others).toEqual([]);
      expect(short(signal!)).toBe("TESTCASE TEST_CASE_ID=tc-1 (incomplete)");
      expect(signal!.raw).toBe("<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=tc-1 RESULT=pa\r\nudhcpc: lease obtained\r\nss>");
    }
  });

  test("a word that broke off is not told: it could be the name of another case", () => {
    const output = "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=tc-1\r\nother\r\nother\r\nother\r\n";
    expect(read(output).map(short)).toEqual(["TESTCASE  (incomplete)"]);
  });

  test("a signal that the next one or the end of the line cut off is incomplete, the next one is whole", async () => {
    const output = "<LAVA_SIGNAL_STARTTC a<LAVA_SIGNAL_ENDTC a>\r\n<LAVA_SIGNAL_TESTSET START big ";
    for (const cut of CUTS) expect(read(output, cut).map(short)).toEqual(["STARTTC  (incomplete)", "ENDTC a"]);
    const { board, console, signals } = open();
    board.say(output);
    board.end();
    await console.closed;
    expect(signals.map(short)).toEqual(["STARTTC  (incomplete)", "ENDTC a", "TESTSET START big (incomplete)"]);
  });

  test("a signal that never ends does not hold back memory or later signals", () => {
    const { board, signals } = open();
    board.say("<LAVA_SIGNAL_TESTRAISE ");
    for (let at = 0; at < 100; at += 1) board.say("no end ".repeat(100));
    board.say("\r\n<LAVA_SIGNAL_ENDTC b>\r\n");
    expect(signals.map(({ name, complete }) => `${name} ${complete}`)).toEqual(["TESTRAISE false", "ENDTC true"]);
  });

  test("lava-signal: kmsg: a kernel line that is a signal, alone and inside another signal", () => {
    const output = `${kernel("<LAVA_SIGNAL_STARTTC k1>")}<LAVA_SIGNAL_ENDTC ${kernel("<LAVA_SIGNAL_STARTTC k2>")}u1>\r\n`;
    for (const cut of CUTS)
      expect(read(output, cut).map(short)).toEqual(["STARTTC k1", "STARTTC k2", "ENDTC u1 (mended)"]);
  });

  test("what set -x traces is not a signal", () => {
    const output =
      "+ echo '<LAVA_SIGNAL_STARTTC traced>'\r\n<LAVA_SIGNAL_STARTTC real>\r\n" +
      `++ echo <LAVA_SIGNAL_ENDTC traced>\r\n${kernel("x")}+ lava-test-case a --shell echo <LAVA_SIGNAL_ENDTC b>\r\n1 + 1 <LAVA_SIGNAL_ENDTC real>\r\n`;
    for (const cut of CUTS) expect(read(output, cut).map(short)).toEqual(["STARTTC real", "ENDTC real"]);
  });

  test("the echo of a typed command is not a signal, what the command prints is", async () => {
    const command = '. /lava-1/environment ; printf "<LAVA_SIGNAL_RETRUNCODE $?>\\n"';
    const { board, console, signals } = open({ greeting: "root@board:/root# ", echo: false });
    await console.send(command);
    const echo = `${command.slice(0, 62)}\r\r\n${command.slice(62)}\r\n`;
    for (const char of `${echo}<LAVA_SIGNAL_RETRUNCODE 0>\r\nroot@board:/root# `) board.say(char);
    expect(signals.map(short)).toEqual(["RETRUNCODE 0"]);
  });

  test("a signal is told after its line, so that its line in the log is known", () => {
    const { board, console } = open();
    const told: string[] = [];
    console.events.subscribe((event) => {
      if (event.kind === "lines") told.push(...event.lines);
    });
    console.signals.subscribe(({ name }) => told.push(`signal ${name}`));
    board.say("<LAVA_SIGNAL_STARTTC a>\r\nbody\r\n<LAVA_SIGNAL_ENDTC a> <LAVA_SIGNAL_TESTSET STOP>\r\nrest\r\n");
    expect(told).toEqual([
      "<LAVA_SIGNAL_STARTTC a>",
      "signal STARTTC",
      "body",
      "<LAVA_SIGNAL_ENDTC a> <LAVA_SIGNAL_TESTSET STOP>",
      "signal ENDTC",
      "signal TESTSET",
      "rest",
    ]);
  });
});
