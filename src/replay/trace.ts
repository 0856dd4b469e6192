/** The way of a job through its chart, short enough to be compared: one line a state. */
import type { JournalRecord } from "../interpreter/journal-format.js";

export interface TraceStep {
  /** ms since the job began. */
  t: number;
  /** Empty outside of actions. */
  level: string;
  action: string;
  /** State inside the action, e.g. `typing` of its dialogue; or `failed`, with the class of the error. */
  state: string;
}

const ACTION = /^(\d+(?:-\d+)*)_(.*)$/;
/** States that only hold others. */
const CONTAINERS = new Set(["running", "run", "conclude", "dialogue"]);

/** A leaf state's path as level, action and state. */
export function stepOf(path: string): Omit<TraceStep, "t"> {
  const segments = path.split(".");
  const at = segments.findLastIndex((segment) => ACTION.test(segment));
  const [, level, action] = ACTION.exec(segments[at] ?? "") ?? [];
  const rest = segments.slice(at + 1);
  while (rest.length > 1 && CONTAINERS.has(rest[0] as string)) rest.shift();
  if (level === undefined || action === undefined) return { level: "", action: segments.at(-1) ?? "", state: "" };
  return { level: level.replaceAll("-", "."), action, state: rest.join(".") };
}

const sameState = (a: TraceStep | undefined, b: Omit<TraceStep, "t">): boolean =>
  a !== undefined && a.level === b.level && a.action === b.action && a.state === b.state;

/** Gathers the steps from the journal's records, as they come. */
export class Trace {
  readonly steps: TraceStep[] = [];
  readonly #told: ((step: TraceStep) => void) | undefined;
  #start = 0;

  constructor(told?: (step: TraceStep) => void) {
    this.#told = told;
  }

  take(record: JournalRecord): void {
    if (record.kind === "header") {
      this.#start = record.t;
      this.#add(record.t, { level: "", action: "validating", state: "" });
    } else if (record.kind === "event") {
      const [leaf = ""] = record.state;
      this.#add(record.t, stepOf(leaf));
    } else if (record.kind === "action" && record.status === "failed") {
      const { level, name, error } = record;
      this.#add(record.t, { level, action: name, state: `failed${error ? ` (${error.class})` : ""}` });
    }
  }

  #add(t: number, state: Omit<TraceStep, "t">): void {
    if (sameState(this.steps.at(-1), state)) return;
    const step = { t: t - this.#start, ...state };
    this.steps.push(step);
    this.#told?.(step);
  }
}

/** `2.4.3 bootloader-commands typing` */
export const stateText = ({ level, action, state }: Omit<TraceStep, "t">): string =>
  [level, action, state].filter(Boolean).join(" ");

/** `12.345 2.4.3 bootloader-commands typing`: the time in seconds. */
export const traceLine = (step: TraceStep): string => `${(step.t / 1000).toFixed(3)} ${stateText(step)}`;

/** Whether a step is what somebody asks for: a level, an action's name, or `action.state`. */
export function isAt({ level, action, state }: TraceStep, wanted: string): boolean {
  const short = state.split(" ")[0] ?? "";
  return [
    level,
    action,
    state && `${action}.${short}`,
    state && `${level}.${short}`,
    state && `${action} ${short}`,
  ].includes(wanted);
}
