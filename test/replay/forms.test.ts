/** The same job from other recordings of it: the log that LAVA would have, and the bytes of the line alone. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { RunEvent } from "../../src/interpreter/events.js";
import { logLineWriter } from "../../src/results/log-line.js";
import { folderOf, recordings, replayed, toldBy } from "./recordings-of-tests.js";

const companions = (name: string) =>
  Object.fromEntries(
    ["job.yaml", "device.yaml", "dispatcher.yaml"].map((file) => [file, readFileSync(`${name}/${file}`, "utf8")]),
  );

/** As LAVA writes it: control characters are left out. */
function asLavaLog(events: RunEvent[]): string {
  const line = logLineWriter();
  return events
    .flatMap((event) => (event.type === "log" ? [`- ${line(event.t, event.level, event.message, event.ns)}\n`] : []))
    .join("")
    .replaceAll("\\e", "")
    .replaceAll("\\x1b", "");
}

const asConsoleLog = (events: RunEvent[]): Buffer =>
  Buffer.from(
    events.map((event) => (event.type === "console" && event.direction === "output" ? event.text : "")).join(""),
  );

const consolesOf = (events: RunEvent[]): Set<string> =>
  new Set(events.flatMap((event) => (event.type === "console" ? [event.console] : [])));

/** What the bytes alone cannot show: that nothing more came, or where between two boots the board was reset. */
const ENDLESS = new Set(["cancel", "kernel-hang", "missed-autoboot", "panic", "wrong-prompt"]);

/** Stopped by a key that is not echoed, on a line that was not ended yet: the bytes alone do not show it. */
const UNSEEN_KEY: { [name: string]: string } = { "ipxe-x86_64": "\\u0002" };

describe.each(recordings())("%s", (name) => {
  let told: Awaited<ReturnType<typeof toldBy>>;
  beforeAll(async () => {
    told = await toldBy(name);
  });

  test("as a LAVA log it ends in the same way", async () => {
    const { result: original } = told;
    const log = asLavaLog(told.events);
    expect(log).not.toContain("\\e[6n");
    const again = await replayed(folderOf({ ...companions(name), "logs.yaml": log }));
    expect(again.divergence).toBeUndefined();
    expect(again.report.verdict.class).toBe(original.report.verdict.class);
    expect(again.report.verdict.error?.level).toBe(original.report.verdict.error?.level);
    expect(again.report.counts).toEqual(original.report.counts);
  });

  test("as a console log without times it ends in the same way, or where its bytes end", async () => {
    const { result: original } = told;
    const again = await replayed(folderOf({ ...companions(name), "console.raw": asConsoleLog(told.events) }));
    const unseen = UNSEEN_KEY[basename(name)];
    if (unseen) {
      expect(again.divergence?.got).toContain(unseen);
      return;
    }
    expect(again.divergence).toBeUndefined();
    if (consolesOf(told.events).size > 1) {
      // Its bytes are those of one board: the other one is waited for in vain.
      expect(again.report.verdict.class).toBe("infrastructure");
      return;
    }
    if (ENDLESS.has(basename(name))) {
      expect(again.status).toBe("unfinished");
      const before = original.trace.at(-1);
      expect(before?.action).toBe("ended");
      expect(original.trace.map(({ action, state }) => `${action} ${state}`)).toContain(
        `${again.trace.at(-1)?.action} ${again.trace.at(-1)?.state}`,
      );
      return;
    }
    expect(again.report.verdict.class).toBe(original.report.verdict.class);
    expect(again.report.counts).toEqual(original.report.counts);
  });
});
