import { describe, expect, test } from "vitest";
import type { RunEvent, RunSink } from "../../src/interpreter/events.js";
import type { JournalRecord } from "../../src/interpreter/journal-format.js";
import { createMasker, maskSinks } from "../../src/results/mask.js";
import { ReportBuilder } from "../../src/results/report-builder.js";

const gather = () => {
  const events: RunEvent[] = [];
  const sink: RunSink = { write: (event) => void events.push(event), close: async () => {} };
  return { events, sink };
};
const result = (seq: number, definition: string, name: string): JournalRecord => ({
  kind: "result",
  seq,
  t: seq,
  level: "3.1",
  attempt: 1,
  result: { definition, case: name, result: "pass", ...(definition === "lava" && { uuid: "7_3.1" }) },
  log_line: seq,
});
const RUN: JournalRecord[] = [
  {
    kind: "header",
    seq: 0,
    t: 0,
    v: 1,
    chart: "",
    dispatcher: "",
    job_id: "7",
    job_name: "ok",
    device: "",
    job_file: "",
    device_file: "",
    timeout: 60,
    tree: [],
    suites: ["0_smoke"],
  },
  result(1, "0_smoke", "ok"),
  result(2, "0_smoke", "smoke"),
  result(3, "lava", "0_smoke"),
  { kind: "verdict", seq: 4, t: 4, verdict: { result: "pass", further: [] } },
];
const output = (text: string, direction: "output" | "input" = "output"): RunEvent => ({
  type: "console",
  t: 1,
  direction,
  text,
  secret: false,
  console: "common",
});
const consoleText = (events: RunEvent[], direction = "output") =>
  events.map((event) => (event.type === "console" && event.direction === direction ? event.text : "")).join("");

test("every secret, the longest first, and its form in URLs", () => {
  const masker = createMasker(["hunter2", "hunter2-and-more", "a/b c", ""]);
  expect(masker.text("hunter2-and-more hunter2 a/b c a%2Fb%20c")).toBe("[MASKED] [MASKED] [MASKED] [MASKED]");
  expect(masker.json({ "hunter2 key": ["hunter2", 7, null, { deep: "xhunter2x" }] })).toEqual({
    "[MASKED] key": ["[MASKED]", 7, null, { deep: "x[MASKED]x" }],
  });
});

test("the lines of a secret of several lines are secrets", () => {
  const masker = createMasker(["-----BEGIN KEY-----\nAAAAB3NzaC1yc2E\n-----END KEY-----\n"]);
  expect(masker.text("AAAAB3NzaC1yc2E")).toBe("[MASKED]");
});

test("a secret that is too large for a regular expression is hidden, and never told", async () => {
  const secret = "0123456789".repeat(3_300);
  const masker = createMasker([secret, "hunter2"]);
  expect(masker.text(`a ${secret} b hunter2`)).toBe("a [MASKED] b [MASKED]");
  const { events, sink } = gather();
  const front = maskSinks([sink], masker);
  const whole = `a ${secret} b`;
  for (let at = 0; at < whole.length; at += 1000) front.write(output(whole.slice(at, at + 1000)));
  await front.close();
  expect(consoleText(events)).toBe("a [MASKED] b");
});

test("what stands under a key of a secret is hidden there, be it ever so common", () => {
  const masker = createMasker([], /^(password|authorization)$/i);
  expect(masker.json({ auto_login: { username: "root", password: "root", password_prompt: "Password:" } })).toEqual({
    auto_login: { username: "root", password: "[MASKED]", password_prompt: "Password:" },
  });
  expect(masker.yaml("a:\n  username: root\n  password: root\n  headers: {x: 1}\n- Authorization: 'Basic x'\n")).toBe(
    "a:\n  username: root\n  password: [MASKED]\n  headers: {x: 1}\n- Authorization: [MASKED]\n",
  );
  expect(masker.text("root")).toBe("root");
});

test("secrets that are words of the results change neither verdict nor counts", () => {
  const records: JournalRecord[] = [];
  const sink: RunSink = {
    write: (event) => event.type === "journal" && records.push(event.record),
    close: async () => {},
  };
  const secrets = ["pass", "ok", "smoke", "lava", "fail"];
  for (const masker of [createMasker([]), createMasker(secrets)]) {
    const builder = new ReportBuilder();
    records.length = 0;
    const front = maskSinks([sink], masker);
    for (const record of RUN) front.write({ type: "journal", record });
    for (const record of records) builder.add(record);
    const { verdict, counts } = builder.report();
    expect(verdict).toMatchObject({ class: "pass" });
    expect(counts).toMatchObject({ pass: 2, fail: 0, incomplete_suites: 0 });
  }
  expect(JSON.stringify(records)).not.toContain("0_smoke");
});

test("without secrets nothing is touched", () => {
  const masker = createMasker(["", "  "]);
  expect(masker.active).toBe(false);
  expect(masker.stream().push("text")).toBe("text");
});

describe("a secret split over console chunks", () => {
  const secrets = ["s3cret-token", "token", "ééé-key"];
  const whole = "a s3cret-token b token c ééé-key d s3cret-tok";
  const masked = "a [MASKED] b [MASKED] c [MASKED] d s3cret-tok";
  test.each([1, 2, 3, 5, 7, 11])("in chunks of %i characters", async (step) => {
    const { events, sink } = gather();
    const front = maskSinks([sink], createMasker(secrets));
    for (let at = 0; at < whole.length; at += step) front.write(output(whole.slice(at, at + step)));
    await front.close();
    expect(consoleText(events)).toBe(masked);
  });
  test("input and output are held apart, and what is held is bounded", async () => {
    const { events, sink } = gather();
    const front = maskSinks([sink], createMasker(["aaab"]));
    front.write(output("a".repeat(10_000)));
    expect(consoleText(events).length).toBeGreaterThanOrEqual(10_000 - 4);
    front.write(output("aaa", "input"));
    front.write(output("x"));
    front.write(output("b", "input"));
    await front.close();
    expect(consoleText(events)).toBe(`${"a".repeat(10_000)}x`);
    expect(consoleText(events, "input")).toBe("[MASKED]");
  });
});

test("logs and journal records are masked once for all sinks; words that readers go by stay", () => {
  const one = gather();
  const two = gather();
  const front = maskSinks([one.sink, two.sink], createMasker(["hunter2", "1", "pass"]));
  front.write({ type: "log", t: 1, level: "info", message: { user: "hunter2" }, line: 0 });
  front.write({
    type: "journal",
    record: {
      kind: "effect",
      seq: 1,
      t: 1,
      id: "1.1",
      level: "1.1",
      src: "connect",
      phase: "end",
      outcome: "error",
      output: { id: "hunter2" },
      error: { class: "JobError", type: "Job", message: "no hunter2", level: "1.1" },
    },
  });
  front.write({ type: "journal", record: { kind: "verdict", seq: 2, t: 1, verdict: { result: "pass", further: [] } } });
  expect(two.events).toEqual(one.events);
  expect(JSON.stringify(one.events)).not.toContain("hunter2");
  expect(one.events[1]).toMatchObject({ record: { level: "1.1", error: { level: "1.1", message: "no [MASKED]" } } });
  expect(one.events[2]).toMatchObject({ record: { verdict: { result: "pass" } } });
});
