/** A run as the events of the Stately inspector's protocol (@statelyai/inspect): `@xstate.actor`, `.event`, `.snapshot`. */
import type { Json, JsonMap } from "../base/json.js";
import type { JournalRecord } from "../interpreter/journal-format.js";
import type { Chart, ChartState } from "../statechart/chart-types.js";
import { type Moment, Timeline } from "./timeline.js";

/** The version of the protocol that is spoken: that of the package. */
const PROTOCOL = "0.7.2";

interface Common {
  sessionId: string;
  rootId: string;
  /** ms since the Unix epoch, as text. */
  createdAt: string;
  id: string;
  _version: string;
}
interface Snapshot {
  status: "active" | "done" | "error";
  value: Json;
  context: JsonMap;
}
export type InspectEvent = Common &
  (
    | { type: "@xstate.actor"; name: string; definition: string; parentId: undefined; snapshot: Snapshot }
    | { type: "@xstate.event"; event: { type: string } & JsonMap; sourceId: undefined }
    | { type: "@xstate.snapshot"; event: { type: string } & JsonMap; snapshot: Snapshot }
  );

/** XState's state value of these leaf paths. What the chart does not know is left out. */
export function stateValue(chart: ChartState, paths: string[]): Json {
  const inner = Object.entries(chart.states ?? {}).flatMap(([key, state]): [string, Json][] => {
    const below = paths.flatMap((path) =>
      path === key ? [""] : path.startsWith(`${key}.`) ? [path.slice(key.length + 1)] : [],
    );
    return below.length === 0
      ? []
      : [
          [
            key,
            stateValue(
              state,
              below.filter((path) => path !== ""),
            ),
          ],
        ];
  });
  const [only] = inner;
  if (only && inner.length === 1 && isEmpty(only[1])) return only[0];
  return Object.fromEntries(inner.map(([key, value]) => [key, isEmpty(value) ? {} : value]));
}
const isEmpty = (value: Json) => typeof value === "object" && value !== null && Object.keys(value).length === 0;

/** Takes the journal's records in order and says what an inspector is told of each. */
export class InspectEvents {
  readonly #chart: Chart;
  readonly #timeline = new Timeline();
  readonly #session: string;
  #count = 0;

  constructor(chart: Chart, session: string) {
    this.#chart = chart;
    this.#session = session;
  }

  /** The job itself, before anything happened. */
  actor(name: string, t: number): InspectEvent {
    const definition = JSON.stringify(this.#chart);
    const snapshot = this.#snapshot(this.#timeline.afterRecords(0));
    return { ...this.#common(t), type: "@xstate.actor", name, definition, parentId: undefined, snapshot };
  }

  take(record: JournalRecord): InspectEvent[] {
    this.#timeline.add(record);
    if (record.kind !== "event" && record.kind !== "verdict") return [];
    const event = record.kind === "event" ? record.event : { type: "xstate.done.state.job" };
    const snapshot = this.#snapshot(this.#timeline.afterRecords(this.#timeline.records.length));
    return [
      ...(record.kind === "event"
        ? [{ ...this.#common(record.t), type: "@xstate.event" as const, event, sourceId: undefined }]
        : []),
      { ...this.#common(record.t), type: "@xstate.snapshot", event, snapshot },
    ];
  }

  #common(t: number): Common {
    const id = `${this.#session}-${this.#count++}`;
    return {
      sessionId: this.#session,
      rootId: this.#session,
      createdAt: String(Math.round(t)),
      id,
      _version: PROTOCOL,
    };
  }

  #snapshot({ active, data, dialogues, error, verdict }: Moment): Snapshot {
    const context = { data, dialogues, error: (error ?? null) as unknown as Json };
    return { status: verdict ? "done" : "active", value: stateValue(this.#chart, active), context };
  }
}
