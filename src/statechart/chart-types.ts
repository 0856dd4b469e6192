/**
 * The chart as plain JSON: what XState's `createMachine` takes, with implementations by name only. It is typed loosely
 * on purpose: the strict form of a job is the action tree.
 */
import type { Json, JsonMap } from "../base/json.js";

export interface Named {
  type: string;
  params?: JsonMap;
}

export interface ChartTransition {
  target?: string;
  reenter?: boolean;
  guard?: Named;
  actions?: Named[];
  /** For people and drawings. */
  description?: string;
}

export interface ChartInvoke {
  src: string;
  id: string;
  input: JsonMap;
  onDone?: ChartTransition[];
  onError?: ChartTransition[];
}

export interface ChartState {
  id?: string;
  type?: "parallel" | "final";
  initial?: string;
  entry?: Named[];
  exit?: Named[];
  invoke?: ChartInvoke[];
  on?: { [event: string]: ChartTransition[] };
  always?: ChartTransition[];
  onDone?: ChartTransition[];
  states?: { [key: string]: ChartState };
  meta?: { [key: string]: Json };
  description?: string;
}

export interface Chart extends ChartState {
  id: "job";
  options: { maxIterations: number };
}

/** Level `1.2.1` as a state's id: XState reads a dot in a target as a path. */
export const stateId = (level: string): string => `L${level.replaceAll(".", "-")}`;
/** Key of an action's state: readable in a state path, unique among siblings. */
export const stateKey = (level: string, name: string): string => `${level.replaceAll(".", "-")}_${name}`;
export const named = (type: string, params?: JsonMap): Named => (params ? { type, params } : { type });
