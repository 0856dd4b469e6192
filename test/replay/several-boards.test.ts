/** Several consoles in one recording: two namespaces of a job, each with its own line. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ConsoleCast } from "../../src/results/console-cast.js";
import { JournalJsonl } from "../../src/results/journal-jsonl.js";
import { LogsYaml } from "../../src/results/logs-yaml.js";
import { BOOT, cast, folderOf, JOB, type LogEntry, lavaLog, replayed, VERDICT } from "./recordings-of-tests.js";

const folder = mkdtempSync(join(tmpdir(), "several-boards-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const block = JOB.slice(JOB.indexOf("- boot:"));
const inNamespace = (name: string) => `${block.trimEnd()}\n    namespace: ${name}\n`;
const TWO = `${JOB.slice(0, JOB.indexOf("- boot:"))}${inNamespace("left")}${inNamespace("right")}`;

/** The small boot at another time, in a namespace, with another first level. */
const bootOf = (namespace: string, level: string, after: number): LogEntry[] =>
  BOOT.map(([t, lvl, message]) => [
    t + after,
    lvl,
    typeof message === "string"
      ? message.replace("[common]", `[${namespace}]`).replace(/^(start|end): 1/, `$1: ${level}`)
      : message,
  ]);
const right = bootOf("right", "2", 14_000);
/** While the right board boots, the left one goes on speaking: of what the right one is waited for, too. */
const LEFT_SPEAKS: LogEntry[] = [
  [14350, "feedback", "left: U-Boot 2023.01 (Jan 01)"],
  [14420, "feedback", "Hit any key to stop autoboot:  2 "],
  [14505, "feedback", "=> left"],
  [15100, "feedback", "[    9.000000] Kernel panic - not syncing: the left one"],
  [15200, "feedback", "left board login:"],
  [15605, "feedback", "root@board:/root# left"],
];
const both = (extra: LogEntry[]): LogEntry[] =>
  [...bootOf("left", "1", 0), ...right, ...extra].sort(([a], [b]) => a - b);
const log = (entries: LogEntry[]) =>
  lavaLog(entries)
    .split("\n")
    .map((line) => (line.includes('"feedback"') ? line.replace(/}$/, ', "ns": "left"}') : line))
    .join("\n");
const recorded = (entries: LogEntry[], job = TWO) => folderOf({ "logs.yaml": log(entries), "job.yaml": job });
const AT_END: LogEntry = [20_000, "results", VERDICT[2]];

describe("a LAVA log of two namespaces", () => {
  test("each board hears and says its own", async () => {
    const { status, report, notes } = await replayed(recorded([...both(LEFT_SPEAKS), AT_END]));
    expect([status, report.verdict.class]).toEqual(["ended", "pass"]);
    expect(notes).toMatchObject({ inputs: 6, unheard: 0, dropped: 0 });
  });

  test("what the other board said is not taken for this one's: without its own prompt the right one waits", async () => {
    const silent = right.filter(([, , message]) => message !== "board login: root" && message !== "root");
    const entries = [...bootOf("left", "1", 0), ...silent.slice(0, 12), ...LEFT_SPEAKS].sort(([a], [b]) => a - b);
    const { report } = await replayed(recorded([...entries, AT_END]));
    const { error } = report.verdict;
    expect(error).toMatchObject({ action: "login-action", level: expect.stringMatching(/^2\./) });
    expect(error?.message).toContain("timed out");
    expect(error?.stuck?.join("\n")).toContain("board login:");
  });

  test("a job that has only one of them diverges", async () => {
    const one = TWO.replace("namespace: right", "namespace: left");
    const { status, divergence } = await replayed(recorded([...both([]), AT_END], one));
    expect(status).toBe("diverged");
    expect(divergence?.got).toBe("a reset of the board (pdu-reboot)");
  });
});

type CastEvent = [seconds: number, kind: "i" | "o" | "m", text: string];
const said = (after: number): CastEvent[] => [
  [after, "o", "U-Boot 2023.01 (Jan 01)\r\nHit any key to stop autoboot:  2 "],
  [after + 0.1, "i", " "],
  [after + 0.11, "o", "\r\n=> "],
  [after + 0.2, "i", "setenv autoload no\n"],
  [after + 0.21, "o", "setenv autoload no\r\n=> "],
  [after + 0.3, "i", "booti 0x1 0x2 0x3\n"],
  [after + 0.31, "o", "booti 0x1 0x2 0x3\r\nStarting kernel ...\r\n"],
  [after + 0.5, "o", "[    0.000000] Linux version 6.1.0 (x)\r\n[    1.000000] Run /init as init process\r\n"],
  [after + 1, "o", "board login: "],
  [after + 1.1, "i", "root\n"],
  [after + 1.11, "o", "root\r\nroot@board:/root# "],
];
/** While the right board boots, the left one panics; */
const mixed: CastEvent[] = [
  [0, "m", "console left"],
  ...said(0.1),
  [2, "m", "console right"],
  ...said(2).slice(0, 8),
  [2.6, "m", "console left"],
  [2.6, "o", "[    9.000000] Kernel panic - not syncing: the left one\r\n"],
  [2.6, "m", "console right"],
  ...said(2).slice(8),
];

describe("a recording of our own", () => {
  const recordedAs = (events: CastEvent[]) =>
    folderOf({ "console.cast": cast(events as Parameters<typeof cast>[0]), "job.yaml": TWO });

  test("markers tell the consoles apart; replayed again, all is the same", async () => {
    const sinks = [
      new LogsYaml(folder),
      new JournalJsonl(folder),
      new ConsoleCast(folder, { start: Date.UTC(2026, 0, 1), title: "two" }),
    ];
    const first = await replayed(recordedAs(mixed), { sinks });
    expect([first.report.verdict.class, first.notes.inputs]).toEqual(["pass", 8]);
    const text = readFileSync(join(folder, "console.cast"), "utf8");
    expect(text.match(/"m", "console (\w+)"/g)).toEqual(
      ["left", "right", "left", "right"].map((name) => `"m", "console ${name}"`),
    );
    const journal = readFileSync(join(folder, "journal.jsonl"), "utf8");
    const again = await replayed(folderOf({ "console.cast": text, "journal.jsonl": journal, "job.yaml": TWO }));
    expect(again.trace).toEqual(first.trace);
  });

  test("without them the left board's panic is the right one's, which survives it", async () => {
    const sinks = [new LogsYaml(folder)];
    await replayed(recordedAs(mixed.filter(([, kind]) => kind !== "m")), { sinks });
    const log = readFileSync(join(folder, "logs.yaml"), "utf8");
    expect(log).toMatch(/The board goes on after what looked like its end: .*Kernel panic - not syncing: the left one/);
  });

  test("what is typed on the other console than the recorded one diverges", async () => {
    const elsewhere = mixed.flatMap((event): CastEvent[] =>
      event[0] > 2 && event[2].startsWith("booti") && event[1] === "i"
        ? [[event[0], "m", "console left"], event, [event[0], "m", "console right"]]
        : [event],
    );
    const { status, divergence } = await replayed(recordedAs(elsewhere));
    expect([status, divergence?.got]).toEqual(["diverged", '"booti 0x1 0x2 0x3"']);
  });
});
