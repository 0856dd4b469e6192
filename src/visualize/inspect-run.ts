import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { JournalRecord } from "../interpreter/journal-format.js";
import { FileTail } from "./file-tail.js";
import { type InspectEvent, InspectEvents } from "./inspect-events.js";
import { STREAMS, type ViewData } from "./view-data.js";

/** How often a growing journal is looked at, in ms. */
const PAUSE = 100;

/** Tells a run, from its beginning and as it goes on, in the inspector's events. A job that was not run is only announced. */
export async function inspectEvents(
  view: ViewData,
  directory: string | undefined,
  send: (event: InspectEvent) => void | Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const events = new InspectEvents(view.chart, "job");
  if (!directory) return void (await send(events.actor(view.title, 0)));
  const tail = new FileTail(join(directory, STREAMS.journal), 0, Number.POSITIVE_INFINITY);
  try {
    let announced = false;
    while (!signal.aborted) {
      const lines = await tail.read();
      for (const line of lines) {
        const record = parse(line);
        if (!record) continue;
        if (!announced) await send(events.actor(view.title, record.t));
        announced = true;
        for (const event of events.take(record)) await send(event);
        if (record.kind === "verdict" || signal.aborted) return;
      }
      if (lines.length === 0) await sleep(PAUSE, undefined, { signal }).catch(() => {});
    }
  } finally {
    await tail.close();
  }
}

function parse(line: string): JournalRecord | undefined {
  try {
    const record = JSON.parse(line);
    return typeof record?.kind === "string" && Number.isFinite(record.t) ? record : undefined;
  } catch {
    return undefined;
  }
}
