/** A board that was not asked for a sign of life, or was, when it looked dead in a test. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { folderOf, RECORDINGS, replayed } from "./recordings-of-tests.js";

type CastEvent = [seconds: number, kind: string, text: string];

const from = join(RECORDINGS, "qemu-x86_64");
const text = (name: string) => readFileSync(join(from, name), "utf8");
/** The recorded job, with these texts after the first test's start; what followed came 20 s later. */
function recordingWith(texts: [after: number, kind: string, text: string][]): string {
  const [header, ...lines] = gunzipSync(readFileSync(join(from, "console.cast.gz")))
    .toString()
    .trimEnd()
    .split("\n");
  const events = lines.map((line) => JSON.parse(line) as CastEvent);
  const at = events.findIndex(([, kind, said]) => kind === "o" && /<LAVA_SIGNAL_STARTRUN [\s\S]*\n$/.test(said));
  const time = events[at]![0];
  const more = texts.map(([after, kind, said]): CastEvent => [time + after, kind, said]);
  const later = events.slice(at + 1).map(([t, kind, said]): CastEvent => [t + 20, kind, said]);
  const all = [...events.slice(0, at + 1), ...more, ...later];
  return folderOf({
    ...Object.fromEntries(["job.yaml", "device.yaml", "dispatcher.yaml"].map((name) => [name, text(name)])),
    "console.cast": [header, ...all.map((event) => JSON.stringify(event)), ""].join("\n"),
  });
}

const OLD_LOG = "[   35.123456] Kernel panic - not syncing: an old one\r\n[   35.123460] Call Trace:\r\n";

test.each<[string, [number, string, string][], number]>([
  ["one that was not asked, as LAVA asks nobody, says what it said next", [[0.1, "o", OLD_LOG]], 1],
  [
    "one that was asked is asked again",
    [
      [0.1, "o", OLD_LOG],
      [8.1, "i", "\x0c\x15"],
      [8.11, "o", "^L\b \b\b \b"],
    ],
    0,
  ],
])("%s", async (_, texts, unheard) => {
  const { status, report, divergence, notes } = await replayed(recordingWith(texts));
  expect({ status, divergence, verdict: report.verdict.class }).toEqual({ status: "ended", verdict: "pass" });
  expect(notes.unheard).toBe(unheard);
});
