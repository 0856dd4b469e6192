/** Recordings that cannot be used: a clear error, whatever is in them; bounded memory, no hang. */
import { spawn } from "node:child_process";
import { createWriteStream, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { createGzip, gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/cli/usage-error.js";
import { BOOT, cast, folderOf, JOB, lavaLog, RECORDINGS, replayed, VERDICT } from "./recordings-of-tests.js";

const DISPATCH = fileURLToPath(new URL("../../dist/lava-dispatch.js", import.meta.url));

/** The error that a person is shown. */
async function errorOf(folder: string, file?: string): Promise<string> {
  const error = await replayed(file ? join(folder, file) : folder).then(
    ({ status }) => `no error: ${status}`,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof UsageError)) throw error;
  expect(error.hint ?? "a hint").toMatch(/\w/);
  return error.message.replaceAll(folder, "DIR");
}

const own = (file: string) => gunzipSync(readFileSync(`${RECORDINGS}/qemu-x86_64/${file}.gz`)).toString();
const companions = Object.fromEntries(
  ["job.yaml", "device.yaml"].map((file) => [file, readFileSync(`${RECORDINGS}/qemu-x86_64/${file}`, "utf8")]),
);
const recorded = (files: { [name: string]: string | Uint8Array }) =>
  folderOf({ ...companions, "console.cast": own("console.cast"), "journal.jsonl": own("journal.jsonl"), ...files });
const lines = (text: string) => text.split("\n").filter(Boolean);
const swapped = (text: string, a: number, b: number) => {
  const all = lines(text);
  [all[a], all[b]] = [all[b] as string, all[a] as string];
  return `${all.join("\n")}\n`;
};

describe("truncated", () => {
  test("a journal whose writer was killed: the job is replayed as far as it was recorded", async () => {
    const journal = own("journal.jsonl");
    const all = own("console.cast");
    const folder = recorded({
      "journal.jsonl": journal.slice(0, Math.floor(journal.length * 0.8)),
      "console.cast": all.slice(0, Math.floor(all.length / 2)),
    });
    const { status, trace, stuck } = await replayed(folder);
    expect(status).toBe("unfinished");
    expect(trace.at(-1)?.action).toBe("login-action");
    expect(stuck.join("\n")).toMatch(/waiting for .*login:/);
  });

  test("a LAVA log: the last record may be cut in two", async () => {
    const log = lavaLog(BOOT.slice(0, 11));
    const { status, trace } = await replayed(folderOf({ "logs.yaml": log.slice(0, -20) }));
    expect(status).toBe("unfinished");
    expect(trace.at(-1)).toMatchObject({ action: "auto-login-action" });
  });

  test("gzip data", async () => {
    const packed = gzipSync(own("console.cast"));
    const folder = folderOf({ ...companions, "console.cast.gz": packed.subarray(0, packed.length / 2) });
    expect(await errorOf(folder)).toBe("DIR/console.cast.gz is cut off: its gzip data ends in the middle.");
  });

  test("an empty file", async () => {
    expect(await errorOf(folderOf({ "console.raw": "" }))).toBe("DIR/console.raw is empty.");
  });
});

describe("shuffled", () => {
  test("a cast", async () => {
    expect(await errorOf(recorded({ "console.cast": swapped(own("console.cast"), 50, 400) }))).toMatch(
      /^DIR\/console\.cast:\d+: [\d.]+ s comes after [\d.]+ s: the lines are in another order/,
    );
  });
  test("a journal", async () => {
    expect(await errorOf(recorded({ "journal.jsonl": swapped(own("journal.jsonl"), 5, 9) }))).toMatch(
      /^DIR\/journal\.jsonl:6: record 9 follows record 4: lines of the journal are missing or in another order\.$/,
    );
  });
  test("a journal that lacks its beginning", async () => {
    const journal = lines(own("journal.jsonl")).slice(3).join("\n");
    expect(await errorOf(recorded({ "journal.jsonl": journal }))).toMatch(/^DIR\/journal\.jsonl:1: record 3 follows/);
  });
  test("a LAVA log", async () => {
    const log = lavaLog([...BOOT.slice(8), ...BOOT.slice(0, 8), VERDICT]);
    expect(await errorOf(folderOf({ "logs.yaml": log }))).toMatch(
      /^DIR\/logs\.yaml:9: this record is older than the one before it: the lines are in another order/,
    );
  });
  test("a clock that was set back a little is no reason", async () => {
    const log = lavaLog([...BOOT.slice(0, 10), [500, "debug", "x"], ...BOOT.slice(10), VERDICT]);
    expect((await replayed(folderOf({ "logs.yaml": log }))).status).toBe("ended");
  });
});

describe("something else", () => {
  test("binary", async () => {
    const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7919 + (i >> 3)) % 256);
    expect(await errorOf(folderOf({ "console.raw": bytes }))).toBe("DIR/console.raw is no console log: it is binary.");
  });
  test("a web page, as a server answers who has not logged in; a job; another JSON", async () => {
    const page = "<!DOCTYPE html>\n<html><body>Log in</body></html>\n";
    for (const name of ["logs.yaml", "console.log"])
      expect(await errorOf(folderOf({ [name]: page }))).toBe(`DIR/${name} is a web page, no recording.`);
    expect(await errorOf(folderOf({ "logs.yaml": JOB }))).toBe(
      "DIR/logs.yaml is no log of a LAVA job, although its name says so.",
    );
    expect(await errorOf(folderOf({ "console.cast": '{"a": 1}\n' }))).toBe(
      "DIR/console.cast is no asciicast, although its name says so.",
    );
  });
  test("binary under the name of a cast, or of a log", async () => {
    const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => ((i * 7919) % 255) + (i % 255 === 9 ? 0 : 1));
    for (const name of ["console.cast", "logs.yaml"])
      expect(await errorOf(folderOf({ [name]: bytes }))).toMatch(/is no console log: it is binary/);
  });
  test("a cast or a log with a binary part", async () => {
    const junk = Buffer.from([0, 255, 254, 1, 2, 3, 10]);
    expect(
      await errorOf(recorded({ "console.cast": Buffer.concat([Buffer.from(own("console.cast")), junk]) })),
    ).toMatch(/^DIR\/console\.cast:\d+: this is no line of an asciicast\.$/);
    const log = Buffer.concat([Buffer.from(lavaLog(BOOT)), junk, Buffer.from(lavaLog([VERDICT]))]);
    expect(await errorOf(folderOf({ "logs.yaml": log }))).toMatch(/^DIR\/logs\.yaml:17: this is no line of a LAVA log/);
  });
  test("serial noise in a console log is no reason", async () => {
    const noise = Buffer.from([0, 0xff, 0xfb, 1, 0x80, 0xc3]);
    const log = Buffer.concat([noise, Buffer.from("U-Boot 2023.01 (Jan 01)\r\n".repeat(20))]);
    expect((await replayed(folderOf({ "console.raw": log }))).status).toBe("unfinished");
  });
  test("a journal alone, a folder without a recording, nothing", async () => {
    const folder = folderOf({ "journal.jsonl": own("journal.jsonl") });
    expect(await errorOf(folder, "journal.jsonl")).toBe(
      "DIR/journal.jsonl is a journal: it does not hold what the console said.",
    );
    expect(await errorOf(folder)).toBe("DIR holds no recording.");
    expect(await errorOf(folder, "nothing")).toBe("There is no recording DIR/nothing.");
  });
  test("a line without end", async () => {
    const folder = folderOf({ "console.cast": `${cast([])}[0, "o", "${"x".repeat(2_000_000)}` });
    expect(await errorOf(folder)).toBe(
      "DIR/console.cast:2: a line of more than 1048576 bytes is no line of a recording.",
    );
  });
});

describe("another version", () => {
  test("of the journal", async () => {
    const journal = own("journal.jsonl").replace('"v":1', '"v":7');
    expect(await errorOf(recorded({ "journal.jsonl": journal }))).toBe(
      "DIR/journal.jsonl:1: this journal has version 7; this program reads version 1.",
    );
  });
  test("of the cast", async () => {
    expect(await errorOf(recorded({ "console.cast": own("console.cast").replace('"version":2', '"version":3') }))).toBe(
      "DIR/console.cast:1: this asciicast has version 3; this program reads version 2.",
    );
  });
});

describe("another job", () => {
  test("by its name", async () => {
    const job = (companions["job.yaml"] as string).replace(/job_name: .*/, "job_name: another");
    expect(await errorOf(recorded({ "job.yaml": job }))).toBe(
      'DIR is a recording of the job "x86-64 machine, kernel started by QEMU", and DIR/job.yaml is "another".',
    );
  });
  test("by its first action", async () => {
    const deploys: typeof BOOT = [[0, "info", "start: 1 tftp-deploy (timeout 00:02:00) [common]"], ...BOOT, VERDICT];
    expect(await errorOf(folderOf({ "logs.yaml": lavaLog(deploys) }))).toBe(
      "DIR is a recording of another job: it begins with tftp-deploy, DIR/job.yaml with uboot-action.",
    );
  });
  test("a job or a device that is not there", async () => {
    const folder = folderOf({ "x/logs.yaml": lavaLog(BOOT), "x/device.yaml": "a: 1\n" });
    expect(await errorOf(join(folder, "x"))).toBe("No job is known for DIR.");
    expect(await errorOf(join(folderOf({ "x/logs.yaml": lavaLog(BOOT), "x/job.yaml": JOB }), "x"))).toBe(
      "No device is known for DIR.",
    );
  });
});

describe("of any size", () => {
  /** Replays in a process of its own that may hold less than the recording's size. */
  const replayedInLittle = (folder: string) =>
    new Promise<{ code: number | null; text: string }>((resolve, reject) => {
      const words = ["--max-old-space-size=80", DISPATCH, "replay", folder, "--job", `${folder}/job.yaml`];
      const child = spawn(process.execPath, [...words, "--device", `${folder}/device.yaml`]);
      let text = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (text += bytes));
      child.once("error", reject);
      child.once("close", (code) => resolve({ code, text }));
    });
  const UNFINISHED = 7;
  const LINE = `[    1.000000] ${"something that a kernel says again and again ".repeat(20)}\r\n`;
  const SIZE = 96 * 2 ** 20;
  const repeated = function* (line: string, head = "") {
    const block = line.repeat(Math.ceil(65_536 / line.length));
    yield head;
    for (let size = 0; size < SIZE; size += block.length) yield block;
  };

  test("a gigabyte of nothing", async () => {
    const folder = folderOf({ "console.raw": "" });
    truncateSync(join(folder, "console.raw"), 2 ** 30);
    expect(await errorOf(folder)).toBe("DIR/console.raw is no console log: it is binary.");
  });

  // Less than a gigabyte, for the time's sake; what is held does not grow with it.
  test("a console log streams", async () => {
    const folder = folderOf({});
    await pipeline(
      Readable.from(repeated(LINE)),
      createGzip({ level: 1 }),
      createWriteStream(join(folder, "console.raw.gz")),
    );
    const { code, text } = await replayedInLittle(folder);
    expect(code, text).toBe(UNFINISHED);
  }, 240_000);

  test("so does a LAVA log", async () => {
    const folder = folderOf({});
    const record = lavaLog([[600, "target", LINE.trim()]]);
    await pipeline(
      Readable.from(repeated(record, lavaLog(BOOT.slice(0, 10)))),
      createWriteStream(join(folder, "logs.yaml")),
    );
    const { code, text } = await replayedInLittle(folder);
    expect(code, text).toBe(UNFINISHED);
  }, 240_000);
});
