import { describe, expect, test } from "vitest";
import type { JournalRecord } from "../../src/interpreter/journal-format.js";
import { ConsoleTape } from "../../src/visualize/console-tape.js";
import { parseLogLine } from "../../src/visualize/log-lines.js";
import { Timeline } from "../../src/visualize/timeline.js";
import { CONSOLE, castText, ERROR, journal, logText, NASTY, START } from "./runs.js";

function timelineOf(records: object[] = journal()): Timeline {
  const timeline = new Timeline();
  for (const record of records) timeline.addLine(JSON.stringify(record));
  return timeline;
}
const at = (timeline: Timeline, seconds: number) => timeline.at(START + seconds * 1000);

describe("timeline", () => {
  const timeline = timelineOf();

  test("knows which states are active at any moment", () => {
    expect(at(timeline, 0.5).active).toEqual(["working.validating"]);
    expect(at(timeline, 1.5).active).toEqual(["working.1_deploy.running.1-1_download.running.run"]);
    expect(at(timeline, 2.5).active).toEqual(["working.1_deploy.retrying"]);
    expect(at(timeline, 26).active).toEqual(["ended"]);
    expect(at(timeline, -5).active).toEqual(["working.validating"]);
  });
  test("knows each action's status and attempt; what is tried again is not done", () => {
    expect(at(timeline, 2.5).actions.get("1.1")).toMatchObject({ status: "failed", attempt: 1 });
    expect(at(timeline, 3.5).actions.get("1")).toMatchObject({ status: "running", attempt: 2, entered: START + 1000 });
    expect(at(timeline, 3.5).actions.get("1.1")).toMatchObject({
      status: "running",
      attempt: 2,
      entered: START + 3000,
    });
    expect(at(timeline, 10).actions.get("1")).toMatchObject({ status: "done", attempt: 2 });
    expect(at(timeline, 30).actions.get("2.1")).toMatchObject({ status: "failed", error: { message: ERROR.message } });
  });
  test("knows the error and the data of the moment, and not those of later ones", () => {
    expect(at(timeline, 1.5).error).toBeUndefined();
    expect(at(timeline, 2.5).error).toMatchObject({ message: "404" });
    expect(at(timeline, 3.5).error).toBeUndefined();
    expect(at(timeline, 3.5).data).toEqual({});
    expect(at(timeline, 10).data).toEqual({ common: { downloads: { kernel: { size: 42 } } } });
    expect(at(timeline, 30).error?.stuck).toEqual(ERROR.stuck);
    expect(at(timeline, 30).verdict?.result).toBe("fail");
  });
  test("has a span for every attempt", () => {
    const spans = timeline.spans.map(({ level, attempt, start, end, status }) => [
      level,
      attempt,
      (start - START) / 1000,
      ((end ?? 0) - START) / 1000,
      status,
    ]);
    expect(spans.slice(0, 4)).toEqual([
      ["1", 1, 1, 3, "failed"],
      ["1.1", 1, 1, 2, "failed"],
      ["1", 2, 3, 4, "done"],
      ["1.1", 2, 3, 4, "done"],
    ]);
  });
  test("says the same of a moment whichever way it came there, also with many records", () => {
    const many = [...journal().slice(0, 4)];
    for (let i = 0; i < 2000; i++)
      many.push({
        kind: "event",
        seq: 0,
        t: START + 1000 + i * 10,
        level: "1.1",
        event: { type: "watch.message", level: "1.1", kind: "oops", message: `${i}` },
        state: [`state.${i}`],
      });
    const long = timelineOf(many);
    for (const index of [1999, 0, 256, 255, 257, 1024, 700]) {
      const moment = long.at(START + 1000 + index * 10);
      expect(moment.active).toEqual([`state.${index}`]);
      expect(moment.kernel).toHaveLength(index + 1);
    }
  });
  test("passes over lines that cannot be read, and counts them", () => {
    const broken = new Timeline();
    for (const line of [
      '{"kind":"header"',
      "[]",
      "null",
      "\u0000\u0001",
      '{"kind":"event","t":"soon"}',
      "",
      JSON.stringify(journal()[0]),
    ])
      broken.addLine(line);
    expect(broken.broken).toBe(5);
    expect(broken.header?.job_id).toBe("7");
    expect(new Timeline().at(0).active).toEqual(["working.validating"]);
  });
  test("survives a journal whose times go back", () => {
    const [header, ...rest] = journal();
    const shuffled = timelineOf([header as object, ...rest.reverse()]);
    const moment = shuffled.at(START + 1e6);
    expect(moment.count).toBe(shuffled.records.length);
    expect((shuffled.records.at(-1) as JournalRecord).t).toBeLessThan(shuffled.end);
  });
});

describe("console", () => {
  const tape = new ConsoleTape();
  for (const line of castText().split("\n")) tape.addLine(line, 0);
  const until = (seconds: number) => tape.slice(0, tape.lengthAt(START + seconds * 1000));

  test("is exactly what had come at that moment", () => {
    const [first, , second, third] = CONSOLE.map(([, , text]) => text);
    expect(until(4.4)).toBe("");
    expect(until(4.5)).toBe(first);
    expect(until(7.999)).toBe(`${first}${NASTY}`);
    expect(until(1e6)).toBe(`${first}${second}${third}`);
    expect(tape.slice(2, 8)).toBe(`${first}`.slice(2, 8));
    expect(tape.inputs).toEqual([{ t: START + 5000, text: "boot\n" }]);
  });
  test("of several boards each is also had alone", () => {
    const both = new ConsoleTape();
    const lines = [
      { version: 2, start_ms: START },
      [0, "o", "first "],
      [1, "m", "console right"],
      [1, "o", "of the right "],
      [2, "i", "typed"],
      [3, "m", "console common"],
      [3, "o", "last"],
      [4, "m", "another mark"],
    ];
    for (const line of lines) both.addLine(JSON.stringify(line), START);
    expect(both.slice(0, both.length)).toBe("first of the right last");
    const [common, right] = [both.consoles.get("common"), both.consoles.get("right")];
    expect(common?.slice(0, 99)).toBe("first last");
    expect([right?.slice(0, 99), right?.lengthAt(START + 999), right?.inputs]).toEqual([
      "of the right ",
      0,
      [{ t: START + 2000, text: "typed" }],
    ]);
    expect([both.consoles.size, both.broken]).toEqual([2, 0]);
  });
  test("a recording that gives only its second begins with the journal", () => {
    const old = new ConsoleTape();
    for (const line of castText().replace(`,"start_ms":${START}`, "").split("\n")) old.addLine(line, START + 321);
    expect(old.start).toBe(START + 321);
    expect(old.lengthAt(START + 4800)).toBe(0);
    expect(old.lengthAt(START + 4822)).toBe(16);
  });
  test("lines that are no events are counted", () => {
    const odd = new ConsoleTape();
    for (const line of ['[1, "o"]', "{", '["x", "o", "y"]', '[1, "m", "marker"]', '{"width": "wide"}'])
      odd.addLine(line, 0);
    expect(odd.broken).toBe(3);
    expect(odd.length).toBe(0);
  });
});

describe("log lines", () => {
  test("are read as they were written", () => {
    const lines = logText()
      .trimEnd()
      .split("\n")
      .map((line, i) => parseLogLine(line, i));
    expect(lines.map(({ level, text }) => [level, text])).toEqual([
      ["info", "start: 0 validate"],
      ["debug", 'start: 1 deploy (timeout "00:01:00")'],
      ["target", "red <script>window.hacked = 3</script> ünïcode \x1b[0m"],
      ["results", '{"definition": "0_smoke", "case": "memory", "result": "pass"}'],
      ["error", "login timed out after 20 seconds"],
    ]);
    expect(lines[2]?.t).toBe(START + 6000);
  });
  test("anything else is shown as it stands, at the time before", () => {
    expect(parseLogLine("what is this", 3, 17)).toEqual({ number: 3, t: 17, level: "", text: "what is this" });
  });
});
