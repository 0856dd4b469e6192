/** A chart as it is drawn: boxes in boxes and arrows between them. Plain data; the page, SVG, dot and Mermaid share it. */
import type { Location } from "../base/problem.js";

/**
 * `action`: a box with its level; `group`: a step of several states beside others; `deadline` and `watch`: what an
 * invoked actor does to the box; `cancel`: the user.
 */
export type NodeKind = "job" | "action" | "group" | "state" | "initial" | "final" | "deadline" | "watch" | "cancel";

/** What a transition is for; each kind has a colour and a line style of its own. */
export const EDGE_KINDS = ["next", "prompt", "retry", "failure", "timeout", "watcher", "diagnose", "cancel"] as const;
export type EdgeKind = (typeof EDGE_KINDS)[number];

export interface GraphNode {
  /** The state's path in the chart (`working.1_deploy`); made-up nodes end in `#initial`, `#deadline`, `#cancel`. */
  id: string;
  kind: NodeKind;
  label: string;
  /** What the state does: a service, a summary. */
  detail?: string;
  level?: string;
  /** Seconds. */
  timeout?: number;
  maxRetries?: number;
  /** In the job, and in the machines file. */
  location?: Location;
  machine?: Location;
  children: GraphNode[];
  parent?: string;
}

export interface GraphEdge {
  id: string;
  from: string;
  to: string;
  kind: EdgeKind;
  label: string;
}

export interface ChartGraph {
  root: GraphNode;
  nodes: Map<string, GraphNode>;
  edges: GraphEdge[];
  /** State paths that have no box of their own → the node that stands for them. */
  alias: Map<string, string>;
}

export const ROOT_ID = "job";

/** `90 s` → `1 min 30 s`, as short as it can be said. */
export function durationText(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return seconds < 10 && !Number.isInteger(seconds) ? `${seconds.toFixed(1)} s` : `${whole} s`;
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return [hours && `${hours} h`, minutes && `${minutes} min`, rest && `${rest} s`].filter(Boolean).join(" ");
}
