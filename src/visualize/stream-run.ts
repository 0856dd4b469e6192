/** The files of a run as they grow, to one reader: a page, over server-sent events. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isBeingWritten } from "./being-written.js";
import { FileTail } from "./file-tail.js";
import { hasEnded } from "./read-run.js";
import { STREAMS, type StreamName, type StreamPiece } from "./view-data.js";

/** How often a growing file is looked at, in ms. */
const PAUSE = 100;
/** How often, when nothing comes, it is asked whether anybody still writes; and how long nothing must have come, in ms. */
const ASK = 2000;
const SILENCE = 60_000;
const NAMES = Object.keys(STREAMS) as StreamName[];

export interface StreamSink {
  /** Resolves when more can be taken. */
  send(event: "piece" | "caught-up" | "stale" | "end", data: unknown, id: string): Promise<void>;
}

/** Where each file was left: `journal 120, console 3456, log 0`. */
export type Offsets = { [name in StreamName]: number };
export const offsetsText = (offsets: Offsets): string => NAMES.map((name) => offsets[name]).join("-");
export function parseOffsets(text: string | undefined): Offsets {
  const values =
    /^(\d{1,15})-(\d{1,15})-(\d{1,15})$/
      .exec(text ?? "")
      ?.slice(1)
      .map(Number) ?? [];
  return Object.fromEntries(NAMES.map((name, i) => [name, values[i] ?? 0])) as Offsets;
}

/**
 * Sends what there is, then what comes, until the run has ended or `signal` aborts. `stale`: nothing has come for a
 * minute, and no process is seen that writes; what comes later is sent all the same.
 * `follow: false`: what there is, and no more. Rejects when the sink does.
 */
export async function streamRun(
  directory: string,
  sink: StreamSink,
  options: { from: Offsets; follow: boolean; signal: AbortSignal },
): Promise<void> {
  const { from, follow, signal } = options;
  const tails = NAMES.map((name) => ({ name, tail: new FileTail(join(directory, STREAMS[name]), from[name]) }));
  const place = () => offsetsText(Object.fromEntries(tails.map(({ name, tail }) => [name, tail.offset])) as Offsets);
  let caughtUp = false;
  // Who comes back after the verdict does not read it again.
  let ended = from.journal > 0 && hasEnded(join(directory, STREAMS.journal));
  let quiet = 0;
  let stale = false;
  try {
    while (!signal.aborted) {
      let came = false;
      for (const { name, tail } of tails) {
        const before = tail.skipped;
        const lines = await tail.read();
        if (lines.length === 0) continue;
        came = true;
        if (name === "journal") ended ||= lines.some((line) => line.includes('"kind":"verdict"'));
        const skipped = tail.skipped > before ? { skipped: tail.skipped } : {};
        await sink.send("piece", { stream: name, lines, ...skipped } satisfies StreamPiece, place());
        if (signal.aborted) return;
      }
      if (came) {
        quiet = 0;
        stale = false;
        continue;
      }
      if (!caughtUp) {
        caughtUp = true;
        await sink.send("caught-up", {}, place());
      }
      // The log's last lines come after the verdict.
      if (!follow || (ended && quiet > 5)) return await sink.send("end", {}, place());
      quiet++;
      if (!stale && !ended && (quiet * PAUSE) % ASK === PAUSE && isStale(directory)) {
        stale = true;
        await sink.send("stale", {}, place());
      }
      await sleep(PAUSE, undefined, { signal }).catch(() => {});
    }
  } finally {
    await Promise.all(tails.map(({ tail }) => tail.close()));
  }
}

/** Whether the run seems to have been broken off. */
function isStale(directory: string): boolean {
  const paths = NAMES.map((name) => join(directory, STREAMS[name]));
  const last = Math.max(...paths.map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0));
  return Date.now() - last > SILENCE && !isBeingWritten(join(directory, STREAMS.journal));
}
