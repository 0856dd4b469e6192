/**
 * A job of 40 minutes: the recorded U-Boot job, with kernel selftests put between two of its test cases. Their output has
 * the pace and the shape of a real one: TAP, kernel messages, a test case every eight seconds.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse, stringify } from "yaml";

const RECORDING = "test/recordings/uboot-arm64";
/** After the signal of the first definition's last case. */
const AFTER = "TEST_CASE_ID=audio RESULT=skip>\r\n";
const CASES = 300;
const LINES = 80;
const SECONDS = 2400;
const CASE_SECONDS = SECONDS / CASES;

type CastEvent = [seconds: number, kind: string, text: string];
/** To the microsecond. */
const rounded = (seconds: number) => Math.round(seconds * 1e6) / 1e6;

function* selftests(start: number): Generator<CastEvent> {
  for (let number = 0; number < CASES; number++) {
    const name = `selftests-${number}`;
    let t = start + number * CASE_SECONDS;
    const pace = CASE_SECONDS / (LINES + 4);
    const say = (text: string): CastEvent => {
      t += pace;
      return [rounded(t), "o", text];
    };
    yield say(`<LAVA_SIGNAL_STARTTC ${name}>\r\n`);
    yield say(`TAP version 13\r\n1..${LINES}\r\n`);
    for (let line = 1; line <= LINES; line++) {
      const since = (10 + t).toFixed(6).padStart(12);
      // A serial line is read in pieces.
      yield line % 5 === 0
        ? say(
            `[${since}] kselftest: ${name}: mapping ${line} of 0x${(line * 4096).toString(16)} bytes, cpu ${line % 8}\r\n`,
          )
        : say(`ok ${line} ${name}.variant_${line}: `);
      if (line % 5 !== 0) yield [rounded(t + pace / 4), "o", `${(line * 7) % 97} us\r\n`];
    }
    yield say(`# Totals: pass:${LINES} fail:0 xfail:0 xpass:0 skip:0 error:0\r\n<LAVA_SIGNAL_ENDTC ${name}>\r\n`);
    yield say(`<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=${name} RESULT=pass>\r\n`);
  }
}

interface Block {
  timeout?: { minutes: number };
}
interface Job {
  timeouts: { job: object; action: object };
  actions: { test?: Block }[];
}

const linesOf = (file: string): string[] =>
  gunzipSync(readFileSync(join(RECORDING, file)))
    .toString()
    .trimEnd()
    .split("\n");
const write = (folder: string, file: string, lines: string[]) =>
  writeFileSync(join(folder, file), `${lines.join("\n")}\n`);

/** Writes the recording; gives its folder, and how many lines the board says in it. */
export function writeLongRecording(folder: string): { folder: string; lines: number } {
  mkdirSync(folder, { recursive: true });
  const [header = "", ...events] = linesOf("console.cast.gz");
  const cast = events.map((line) => JSON.parse(line) as CastEvent);
  const index = cast.findIndex(([, , text]) => text.endsWith(AFTER));
  const at = cast[index]?.[0];
  if (at === undefined) throw new Error(`${RECORDING} has no ${AFTER.trim()}`);
  const later = cast.slice(index + 1).map(([t, ...rest]) => [rounded(t + SECONDS), ...rest]);
  const all = [...cast.slice(0, index + 1), ...selftests(at), ...later];
  write(folder, "console.cast", [header, ...all.map((event) => JSON.stringify(event))]);

  const journal = linesOf("journal.jsonl.gz").map((line) => JSON.parse(line) as { t: number });
  const begun = (journal[0]?.t ?? 0) + at * 1000;
  const moved = journal.map((record) => (record.t > begun ? { ...record, t: record.t + SECONDS * 1000 } : record));
  write(
    folder,
    "journal.jsonl",
    moved.map((record) => JSON.stringify(record)),
  );

  const job: Job = parse(readFileSync(join(RECORDING, "job.yaml"), "utf8"));
  job.timeouts = { ...job.timeouts, job: { minutes: 60 }, action: { minutes: 50 } };
  for (const { test } of job.actions) if (test) test.timeout = { minutes: 50 };
  writeFileSync(join(folder, "job.yaml"), stringify(job));
  for (const file of ["device.yaml", "dispatcher.yaml"]) copyFileSync(join(RECORDING, file), join(folder, file));
  return { folder, lines: all.filter(([, kind, text]) => kind === "o" && String(text).includes("\n")).length };
}
