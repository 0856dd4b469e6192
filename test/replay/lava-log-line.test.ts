import { describe, expect, test } from "vitest";
import { parseLavaRecord, timeOf } from "../../src/replay/lava-log-line.js";

const T = Date.UTC(2026, 10, 23, 22, 49, 39, 728);

describe("a record of a LAVA log", () => {
  test.each([
    ['- {"dt": "2026-11-23T22:49:39.728448+00:00", "lvl": "target", "msg": "=> dhcp"}', "=> dhcp"],
    ['- {"dt": "2026-11-23T22:49:39.728448+00:00", "lvl": "target", "msg": "x", "ns": "common"}', "x"],
    ["- {dt: '2026-11-23T22:49:39.728448', lvl: target, msg: '=> it''s'}", "=> it's"],
    ["- {dt: 2026-11-23T22:49:39.728448, lvl: target, msg: plain}", "plain"],
    ['- dt: "2026-11-23T22:49:39.728448"\n  lvl: target\n  msg: "two: lines"', "two: lines"],
    [
      '- {"dt": "2026-11-23T22:49:39.728448", "lvl": "target", "msg": "a\\tb\\b \\e[6n \\x1b[0m \\u00e9 \\\\ \\" \\/"}',
      'a\tb\b \x1b[6n \x1b[0m é \\ " /',
    ],
    ['- {"dt": "2026-11-23T22:49:39.728448", "lvl": "target", "msg": ""}', ""],
  ])("%s", (text, message) => {
    const record = parseLavaRecord(text);
    expect(record?.level).toBe("target");
    expect(record?.message).toBe(message);
    expect(Math.floor(record?.t ?? 0)).toBe(T);
  });

  test.each([
    ['- {"dt": "2026-11-23T22:49:39.728448+00:00", "lvl": "feedback", "msg": "a \\t b", "ns": "left"}', "a \t b"],
    ["- {dt: '2026-11-23T22:49:39.728448', lvl: feedback, msg: 'a \\t b', ns: left}", "a \\t b"],
    ["- {dt: '2026-11-23T22:49:39.728448', lvl: 'feedback', msg: '', ns: 'left'}", ""],
    ['- dt: "2026-11-23T22:49:39.728448"\n  lvl: feedback\n  msg: plain\n  ns: left', "plain"],
  ])("%s is one of another board", (text, message) => {
    expect(parseLavaRecord(text)).toMatchObject({ level: "feedback", message, ns: "left" });
  });

  test.each(['!!int "3"', '! "3"', '"3"', "3"])("a number written as %s", (number) => {
    const record = parseLavaRecord(
      `- {"dt": "2026-11-23T22:49:39.728448+00:00", "lvl": "results", "msg": {"case": "c", "starttc": ${number}}}`,
    );
    expect(record?.message).toMatchObject({ starttc: expect.toSatisfy((value) => String(value) === "3") });
  });

  test.each([
    "",
    "- ",
    "- {",
    "- [1, 2]",
    "- {dt: yesterday, lvl: target, msg: x}",
    '- {"dt": "2026-11-23T22:49:39", "msg": "x"}',
    "target",
  ])("%j is none", (text) => {
    expect(parseLavaRecord(text)).toBeUndefined();
  });

  test("microseconds count, and another zone than UTC", () => {
    expect(timeOf("2026-11-23T22:49:39.728448+00:00") - T).toBeCloseTo(0.448, 2);
    expect(timeOf("2026-11-23T23:49:39.728+01:00")).toBe(T);
    expect(timeOf("2026-11-23 22:49:39.728")).toBe(T);
  });
});
