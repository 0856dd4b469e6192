import { describe, expect, it } from "vitest";
import {
  abandonTests,
  noTests,
  type SignalScope,
  type TestState,
  takePattern,
  takeSignal,
} from "../../src/statechart/test-signals.js";

const scope = (tests: SignalScope["tests"] = {}, now = 0): SignalScope => ({
  now,
  level: "2.1",
  namespace: "common",
  tests,
});
const definition = (extra: object = {}) => ({
  "0": {
    id: "0_smoke",
    uuid: "7_1.1",
    path: "smoke.yaml",
    repository: "https://x/y.git",
    revision: null,
    ...extra,
  } as never,
});

/** Plays signals; returns the last state and everything told. */
function play(signals: string[], tests: SignalScope["tests"] = definition(), start: TestState = noTests()) {
  let state = start;
  const results: object[] = [];
  const logs: string[] = [];
  signals.forEach((text, i) => {
    const complete = !text.startsWith("?");
    const [name = "", ...params] = text.replace(/^\?/, "").split(" ");
    state = takeSignal(state, { name, params, complete, raw: `<LAVA_SIGNAL_${text}`, line: i }, scope(tests, i * 1000));
    results.push(...state.out.results);
    logs.push(...state.out.logs.map(({ level, message }) => `${level}: ${message}`));
  });
  return { state, results, logs };
}
const START = "STARTRUN 0_smoke 7_1.1";

describe("test signals (spec test-shell.md §4)", () => {
  it("book cases on the run, with measurement, units, set and log lines", () => {
    const { results } = play([
      START,
      "TESTSET START net",
      "STARTTC ping",
      "ENDTC ping",
      "TESTCASE TEST_CASE_ID=ping RESULT=pass UNITS=ms MEASUREMENT=0.25",
      "TESTSET STOP",
      "TESTCASE TEST_CASE_ID=alone RESULT=SKIP",
      "ENDRUN 0_smoke 7_1.1",
    ]);
    expect(results).toEqual([
      {
        definition: "0_smoke",
        case: "ping",
        result: "pass",
        measurement: 0.25,
        units: "ms",
        set: "net",
        starttc: 2,
        endtc: 3,
      },
      { definition: "0_smoke", case: "alone", result: "skip", starttc: 6, endtc: 6 },
      {
        definition: "lava",
        case: "0_smoke",
        uuid: "7_1.1",
        repository: "https://x/y.git",
        path: "smoke.yaml",
        duration: "7.00",
        result: "pass",
        revision: "unspecified",
        namespace: "common",
      },
    ]);
  });

  it("keep the result when a measurement is no number, and say so", () => {
    const { results, logs } = play([START, "TESTCASE TEST_CASE_ID=a RESULT=pass MEASUREMENT=fast"]);
    expect(results).toMatchObject([{ case: "a", result: "pass" }]);
    expect(results[0]).not.toHaveProperty("measurement");
    expect(logs.at(-1)).toContain('"fast" is not a number');
  });

  it("a result that is no word for one is unknown: what was reported is not lost", () => {
    const { results, logs } = play([START, "TESTCASE TEST_CASE_ID=a RESULT=maybe"]);
    expect(results).toMatchObject([{ definition: "0_smoke", case: "a", result: "unknown" }]);
    expect(logs.at(-1)).toMatch(/^error: .*"maybe" is not a result/);
  });

  it.each(["TESTCASE RESULT=pass", "TESTCASE TEST_CASE_ID=a"])("refuse %s, in the log only", (signal) => {
    const { results, logs } = play([START, signal]);
    expect(results).toEqual([]);
    expect(logs.at(-1)).toMatch(/^error: /);
  });

  it("map results by the definition's fixupdict", () => {
    const { results } = play([START, "TESTCASE TEST_CASE_ID=a RESULT=OK"], definition({ fixupdict: { OK: "pass" } }));
    expect(results).toMatchObject([{ case: "a", result: "pass" }]);
  });

  it("leave nothing behind that grows with the number of cases, unless they are expected", () => {
    const cases = Array.from({ length: 50 }, (_, i) => [
      `STARTTC c${i}`,
      `ENDTC c${i}`,
      `TESTCASE TEST_CASE_ID=c${i} RESULT=pass`,
    ]).flat();
    const { state, results } = play([START, ...cases]);
    expect(results).toHaveLength(50);
    expect([state.run?.cases, state.marks]).toEqual([{}, {}]);
    const { state: expecting } = play([START, ...cases], definition({ expected: ["c1", "c99"] }));
    expect(expecting.run?.cases).toMatchObject({ c1: "pass" });
  });

  it("the end of a test whose start was lost ends it; of another one, nothing", () => {
    const { results, logs } = play(["ENDRUN 0_smoke 7_1.1", "ENDRUN 1_other x"]);
    expect(results).toMatchObject([{ definition: "lava", case: "0_smoke", result: "pass" }]);
    expect(logs).toContain("warning: The start of test 0_smoke was not read");
    expect(logs).toContain("warning: Test lava.0_smoke ended without a single result");
  });

  it("hold against the expected list: others fail, missing ones fail at the end, sorted", () => {
    const { results } = play(
      [START, "TESTCASE TEST_CASE_ID=stray RESULT=pass", "TESTCASE TEST_CASE_ID=b RESULT=pass", "ENDRUN 0_smoke 7_1.1"],
      definition({ expected: ["d", "b", "c"] }),
    );
    expect(results.map((r) => [(r as { case: string }).case, (r as { result: string }).result])).toEqual([
      ["stray", "fail"],
      ["b", "pass"],
      ["c", "fail"],
      ["d", "fail"],
      ["0_smoke", "pass"],
    ]);
  });

  it("report references", () => {
    const { results, logs } = play([START, "TESTREFERENCE a pass https://x/1", "TESTREFERENCE a pass"]);
    expect(results).toEqual([{ case: "a", definition: "0_smoke", result: "pass", reference: "https://x/1" }]);
    expect(logs.at(-1)).toContain("three words");
  });

  it("of an unknown name are ignored", () => expect(play([START, "TESTNEW x"]).results).toEqual([]));
});

describe("a lossy line", () => {
  it("meta-qcom#2250: a damaged test case is unknown with its raw bytes, never fail", () => {
    const { results } = play([START, "?TESTCASE TEST_CASE_ID=broken RESULT=pa"]);
    expect(results).toEqual([
      {
        definition: "0_smoke",
        case: "broken",
        result: "unknown",
        raw: "<LAVA_SIGNAL_?TESTCASE TEST_CASE_ID=broken RESULT=pa",
      },
    ]);
  });

  it("meta-qcom#2250: cases after a lost start go to the next suite, not to the last one", () => {
    const tests = { ...definition(), "1": { id: "1_second", uuid: "7_1.5" } };
    const { results, logs } = play([START, "ENDRUN 0_smoke 7_1.1", "TESTCASE TEST_CASE_ID=a RESULT=pass"], tests);
    expect(results.at(-1)).toMatchObject({ definition: "1_second", case: "a" });
    expect(logs.join("\n")).toContain("The start of test 1_second was not read");
  });

  it("kernelci-pipeline#451: a run that is left open is a fail, its open case unknown", () => {
    const { state } = play([START, "TESTSET START s", "STARTTC reboot"]);
    expect(abandonTests(state, scope(definition(), 9000)).out.results).toEqual([
      { definition: "0_smoke", case: "reboot", result: "unknown", set: "s" },
      { definition: "lava", case: "0_smoke", uuid: "7_1.1", result: "fail", duration: "9.00" },
    ]);
    expect(abandonTests(noTests(), scope()).out.results).toEqual([]);
  });

  it("a second start closes the run before it as a fail", () => {
    const { results } = play([START, "STARTRUN 1_second 7_1.5"], {
      ...definition(),
      "1": { id: "1_second" } as never,
    });
    expect(results).toMatchObject([{ definition: "lava", case: "0_smoke", result: "fail" }]);
  });
});

describe("a script prints what it likes", () => {
  const PASS = "TESTCASE TEST_CASE_ID=a RESULT=pass";
  const FORGED = "TESTCASE TEST_CASE_ID=job RESULT=fail";
  const suites = (results: object[]) =>
    results.map((each) => {
      const { definition: suite, case: id, result } = each as { definition: string; case: string; result: string };
      return `${suite} ${id} ${result}`;
    });

  it.each([
    ["the dispatcher's own suite", ["STARTRUN lava x", FORGED, "ENDRUN lava x"]],
    ["a suite that the job does not have", ["STARTRUN 9_other x", FORGED, "ENDRUN 9_other x"]],
    ["the end of another", ["ENDRUN 9_other x", FORGED]],
  ])("%s: its results belong to the test that runs, which goes on", (_, forged) => {
    const { results, logs } = play([START, PASS, ...forged, PASS, "ENDRUN 0_smoke 7_1.1"]);
    expect(suites(results)).toEqual(["0_smoke a pass", "0_smoke job fail", "0_smoke a pass", "lava 0_smoke pass"]);
    expect(logs.join("\n")).toMatch(/warning: .*no test of this job/);
  });

  it("after the last test: they belong to it, never to the dispatcher's own suite", () => {
    const { results } = play([START, "ENDRUN 0_smoke 7_1.1", FORGED, "TESTREFERENCE job fail http://x"]);
    expect(suites(results)).toEqual(["lava 0_smoke pass", "0_smoke job fail", "0_smoke job fail"]);
  });

  it("of a recording without definitions every suite is taken but that one", () => {
    const { results } = play(["STARTRUN any x", PASS, "STARTRUN lava x", FORGED], {});
    expect(suites(results)).toEqual(["any a pass", "any job fail"]);
  });
});

describe("a definition's own pattern", () => {
  it("gives cases; ids with spaces are passed over", () => {
    const { state } = play([START]);
    const take = (groups: object) => takePattern(state, groups as never, 7, scope(definition())).out.results;
    expect(take({ test_case_id: "mem", result: "PASS", measurement: "3", units: "MB" })).toEqual([
      { definition: "0_smoke", case: "mem", result: "pass", measurement: 3, units: "MB", starttc: 7, endtc: 7 },
    ]);
    expect(take({ test_case_id: "two words", result: "pass" })).toEqual([]);
  });
});

describe("names that every object of JavaScript has", () => {
  const NAMES = ["__proto__", "constructor", "toString", "hasOwnProperty"];

  it("are cases like any other", () => {
    const { results } = play([
      START,
      ...NAMES.flatMap((name) => [`STARTTC ${name}`, `TESTCASE TEST_CASE_ID=${name} RESULT=pass`]),
      "ENDRUN 0_smoke 7_1.1",
    ]);
    expect(results.slice(0, NAMES.length)).toEqual(
      NAMES.map((name, i) => ({
        definition: "0_smoke",
        case: name,
        result: "pass",
        starttc: 1 + 2 * i,
        endtc: 2 + 2 * i,
      })),
    );
  });

  it("are missing when they are expected and do not come", () => {
    const { results } = play([START, "ENDRUN 0_smoke 7_1.1"], definition({ expected: NAMES }));
    expect(results.slice(0, -1)).toMatchObject([...NAMES].sort().map((name) => ({ case: name, result: "fail" })));
    const open = play([START], definition({ expected: NAMES, expected_by_job: true })).state;
    expect(abandonTests(open, scope(definition({ expected: NAMES, expected_by_job: true }))).out.results).toHaveLength(
      5,
    );
  });

  it("are no results", () => {
    for (const fixupdict of [undefined, { GOOD: "pass" }]) {
      const { results } = play(
        [START, ...NAMES.map((name) => `TESTCASE TEST_CASE_ID=a RESULT=${name}`), `TESTREFERENCE a constructor x`],
        definition({ ...(fixupdict && { fixupdict }) }),
      );
      expect(results.map((each) => (each as { result: unknown }).result)).toEqual([
        ...NAMES.map(() => "unknown"),
        "constructor",
      ]);
    }
  });
});

it("cases that are opened and never closed are remembered up to a bound", () => {
  const { state } = play([START, ...Array.from({ length: 500 }, (_, i) => `STARTTC case-${i}`)]);
  expect(Object.keys(state.marks).length).toBeLessThanOrEqual(101);
  expect(state.marks).toHaveProperty("case-499");
});
