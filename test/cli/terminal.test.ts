import { describe, expect, test } from "vitest";
import { SteppingClock } from "../../src/base/clock.js";
import { LiveTree, type Terminal } from "../../src/cli/terminal/live-tree.js";
import type { LogFormat } from "../../src/cli/terminal/log-formats.js";
import { LogLines } from "../../src/cli/terminal/log-lines.js";
import {
  colourful,
  cutTo,
  harmless,
  plain,
  shortTime,
  size,
  stripEscapes,
  wantsColour,
  width,
} from "../../src/cli/terminal/paint.js";
import { PlainLines } from "../../src/cli/terminal/plain-lines.js";
import { Quiet } from "../../src/cli/terminal/quiet.js";
import { RunView } from "../../src/cli/terminal/run-view.js";
import { summaryLines } from "../../src/cli/terminal/summary.js";
import { treeLines } from "../../src/cli/terminal/tree-lines.js";
import type { RunEvent } from "../../src/interpreter/events.js";
import { reportFromJournal } from "../../src/results/report-from-journal.js";
import { expectGolden } from "../results/golden.js";
import { faulty, incomplete, mixed, retried, START } from "../results/journals.js";

const events = (records: ReturnType<typeof mixed>["records"]): RunEvent[] =>
  records.map((record) => ({ type: "journal", record }));
const target = (message: string, t = START): RunEvent => ({ type: "log", t, level: "target", message, line: 0 });

describe("the tree", () => {
  const viewAt = (count: number, records = mixed().records) => {
    const view = new RunView();
    for (const event of events(records.slice(0, count))) view.add(event, START);
    for (let line = 0; line < 30; line++)
      view.add(target(`[    ${line}.0] console line ${line} \x1b[31mred\x07`), START);
    return view;
  };
  const picture = (view: RunView, columns: number, rows: number, note?: string) =>
    `${treeLines(view, { columns, rows, now: START + 4300, paint: plain, ...(note && { note }) }).join("\n")}\n`;

  test("while a download runs", () => {
    const view = viewAt(7);
    const progress = (done: number, now: number) =>
      view.add(
        { type: "progress", level: "1.2.1", name: "http-download", progress: { label: "kernel", done, total: 27e6 } },
        now,
      );
    progress(0, START + 2000);
    progress(9e6, START + 3000);
    expectGolden("cli/tree-download.txt", picture(view, 100, 30));
  });
  test("in a second attempt, after tests", () => {
    const { records } = retried();
    const second = records.findIndex(
      (record) => record.kind === "action" && record.level === "3.1" && record.attempt === 2,
    );
    expectGolden("cli/tree-retry.txt", picture(viewAt(second + 1, records), 100, 30, "Cancelling: powering off"));
  });
  test.each([
    [40, 24],
    [100, 8],
    [20, 4],
  ])("fits %i columns and %i rows", (columns, rows) => {
    const { records } = mixed();
    for (let count = 0; count <= records.length; count++) {
      const lines = treeLines(viewAt(count), { columns, rows, now: START, paint: colourful });
      expect(lines.length).toBeLessThan(rows);
      for (const line of lines) expect(width(line)).toBeLessThanOrEqual(columns);
    }
  });
  test("what runs is seen, however low the terminal", () => {
    expect(picture(viewAt(7), 80, 8)).toContain("1.2.1 http-download");
  });
});

describe("the live tree on a terminal", () => {
  const terminal = () => {
    const written: string[] = [];
    const listeners = new Set<() => void>();
    const stream: Terminal & { columns: number } = {
      columns: 80,
      rows: 20,
      write: (text) => written.push(text),
      on: (_, listener) => listeners.add(listener),
      off: (_, listener) => listeners.delete(listener),
    };
    return { written, stream, listeners };
  };
  test("hides the cursor, and gives it back at the end and when the process ends", async () => {
    const { written, stream, listeners } = terminal();
    const before = process.listenerCount("exit");
    const tree = new LiveTree(stream, new SteppingClock(START), plain);
    expect(written[0]).toBe("\x1b[?25l");
    expect(process.listenerCount("exit")).toBe(before + 1);
    process.listeners("exit").at(-1)!(0);
    expect(written.at(-1)).toBe("\x1b[?25h");
    await tree.close();
    expect(written.at(-1)!.endsWith("\x1b[?25h")).toBe(true);
    expect(process.listenerCount("exit")).toBe(before);
    expect(listeners.size).toBe(0);
  });
  test("results scroll above the picture, which is drawn over itself, also after the terminal became narrower", async () => {
    const { written, stream, listeners } = terminal();
    const tree = new LiveTree(stream, new SteppingClock(START), plain);
    for (const event of events(mixed().records)) tree.write(event);
    tree.note("first");
    expect(written.at(-1)!.startsWith("\x1b[?2026h✔ 0_smoke/pwd\x1b[K\n✘ 0_smoke/uname  fail\x1b[K\n")).toBe(true);
    const rows = written.at(-1)!.slice(written.at(-1)!.indexOf("smoke <&>")).split("\n").length - 1;
    tree.note("second");
    expect(written.at(-1)!.startsWith(`\x1b[?2026h\x1b[${rows}A\r`)).toBe(true);
    stream.columns = 20;
    for (const listener of listeners) listener();
    expect(Number(/2026h.\[(\d+)A/.exec(written.at(-1)!)![1])).toBeGreaterThan(rows);
    await tree.close();
  });
});

test("what the program says itself has the time at which it says it, not that of the last output", () => {
  const clock = new SteppingClock(START);
  const lines: string[] = [];
  const sink = new PlainLines({ paint: plain, verbose: true, print: (line) => lines.push(line), clock });
  sink.write(target("a line", START + 1000));
  clock.advanceTo(START + 61_500);
  sink.note("Cancelling");
  sink.write(target("another", START + 62_000));
  expect(lines.map((line) => line.slice(0, 9))).toEqual(["[    0.0]", "[   60.5]", "[   61.0]"]);
});

const JOURNALS = { mixed, retried, faulty, incomplete };

describe.each(Object.entries(JOURNALS))("the journal %s", (name, make) => {
  test.each([false, true])("as plain lines, verbose: %s", (verbose) => {
    const lines: string[] = [];
    const sink = new PlainLines({
      paint: plain,
      verbose,
      print: (line) => lines.push(line),
      clock: new SteppingClock(START),
    });
    for (const event of events(make().records)) sink.write(event);
    sink.write(target("console\x1b[2J line", START + 1000));
    sink.write({ type: "log", t: START + 2000, level: "warning", message: "careful", line: 1 });
    expectGolden(`cli/plain-${name}${verbose ? "-verbose" : ""}.txt`, `${lines.join("\n")}\n`);
  });
  test("its summary", async () => {
    const report = await reportFromJournal(make().lines());
    const lines = summaryLines(report, { paint: plain, directory: "lava-out/42" });
    expectGolden(`cli/summary-${name}.txt`, `${lines.join("\n")}\n`);
    const coloured = summaryLines(report, { paint: colourful, directory: "lava-out/42" });
    expect(coloured.map(stripEscapes)).toEqual(lines.map(stripEscapes));
  });
});

test("quiet says only what ended the job", () => {
  const lines: string[] = [];
  const sink = new Quiet((line) => lines.push(line), plain);
  for (const event of events(faulty().records)) sink.write(event);
  expect(lines).toEqual([
    "ConnectionClosedError: The console telnet 127.0.0.1:6020 was closed",
    "InfrastructureError: power-off.sh ended with 1",
  ]);
});

test.each([
  ["yaml", '- {"dt": "2026-08-01T10:00:00.000000+00:00", "lvl": "feedback", "msg": "a\\tb", "ns": "other"}'],
  ["json", '{"dt":"2026-08-01T10:00:00.000000+00:00","lvl":"feedback","msg":"a\\tb","ns":"other"}'],
  ["text", "10:00:00.000 feedback  (other) a    b"],
] as [LogFormat, string][])("the log as %s", (format, expected) => {
  const lines: string[] = [];
  const sink = new LogLines(format, (line) => lines.push(line));
  sink.write({ type: "log", t: START, level: "feedback", message: "a\tb", ns: "other", line: 0 });
  expect(lines).toEqual([expected]);
});

describe("texts on a terminal", () => {
  test("a board cannot steer it", () => {
    expect(harmless("\x1b[2J\x1b]0;title\x07a\r\tb\x1bc\x9b1m\x00")).toBe(
      "\\u001b]0;title\\u0007a\\u000d    b\\u001bc\\u009b1m\\u0000",
    );
  });
  test("widths and cuts", () => {
    expect(width("aé漢😀e\u0301")).toBe(7);
    expect(cutTo("hello world", 8)).toBe("hello w…");
    expect(cutTo("漢漢漢", 4)).toBe("漢…");
    expect(cutTo(colourful("red", "hello world"), 6)).toBe("\x1b[31mhello…\x1b[0m");
    expect(cutTo("short", 10)).toBe("short");
  });
  test("times and sizes", () => {
    expect([1200, 65_000, 3_723_000].map(shortTime)).toEqual(["1.2 s", "01:05", "1:02:03"]);
    expect([17, 27_303_872, 1.5e9].map(size)).toEqual(["17 B", "27.3 MB", "1.5 GB"]);
  });
  test("colours only when they are wanted", () => {
    expect(wantsColour(undefined, {}, true)).toBe(true);
    expect(wantsColour(undefined, {}, false)).toBe(false);
    expect(wantsColour(undefined, { TERM: "dumb" }, true)).toBe(false);
    expect(wantsColour(undefined, { NO_COLOR: "1", FORCE_COLOR: "1" }, true)).toBe(false);
    expect(wantsColour(undefined, { FORCE_COLOR: "1" }, false)).toBe(true);
    expect(wantsColour(undefined, { FORCE_COLOR: "0" }, true)).toBe(false);
    expect(wantsColour(false, { FORCE_COLOR: "1" }, true)).toBe(false);
  });
});
