import type { Location } from "../base/problem.js";
import type { ActionNode, Pipeline, Selection, TimeoutValue } from "./action-tree.js";

/** Whether the attempts of a retry action fit into its time. All times are seconds. */
export interface RetryFit {
  attempts: number;
  /** Pause between two attempts. */
  interval: number;
  /** What the action has: its own timeout, or less when an action around it ends earlier. */
  budget: number;
  /** What one attempt takes when its longest step hangs and the others take no time. */
  longest_step: { level: string; name: string; seconds: number };
  /** What one attempt takes when every step of it uses up its time. */
  whole_attempt: number;
  /**
   * `always`: all attempts fit even when every step uses up its time. `one-step`: they fit when one step of each attempt
   * hangs, which is how attempts fail. `no`: the last ones never come, or get less time than they may need.
   */
  fits: "always" | "one-step" | "no";
  /** By how much `attempts × longest_step`, or the pauses with all attempts but the last, are longer than the budget. */
  short_by: number;
}

export interface ExplainedAction {
  level: string;
  name: string;
  summary: string;
  /** The action's place in the machines. */
  machine: Location;
  timeout: TimeoutValue;
  connection_timeout: TimeoutValue;
  /** Seconds that it really has: actions around it and the job end it with themselves. */
  effective: number;
  /** Level of the action that ends it earlier than its own timeout; `0`: the job. */
  capped_by?: string;
  retries?: RetryFit;
  worst_case: number;
  pipeline?: ExplainedAction[];
}

export interface Explanation {
  job_timeout: TimeoutValue;
  worst_case: {
    /** Until the job is over, clean-up not counted. */
    seconds: number;
    /** The sum of all actions, were there no job timeout. */
    actions: number;
    /** Clean-up may take this long afterwards. */
    cleanup: number;
  };
  blocks: Selection[];
  actions: ExplainedAction[];
}

interface Cap {
  level: string;
  seconds: number;
}

/** Whether a step of the action's own can take all its time. */
const takesAll = (node: ActionNode): boolean =>
  node.children.length === 0 || node.run !== undefined || node.conclude !== undefined;

/** What a single step that hangs can take of this action's time. */
function hang(node: ActionNode, action: ExplainedAction): number {
  const children = action.pipeline ?? [];
  if (takesAll(node)) return action.effective;
  const longest = Math.max(...children.map((child, i) => hang(node.children[i]!, child)));
  return Math.min(action.effective, longest * node.maxRetries);
}

function retryFit(node: ActionNode, action: ExplainedAction): RetryFit {
  const children = action.pipeline ?? [];
  const steps = children.map((child, i) => ({
    level: child.level,
    name: child.name,
    seconds: hang(node.children[i]!, child),
  }));
  const own = { level: node.level, name: node.name, seconds: action.effective };
  const longest = [...(takesAll(node) ? [own] : []), ...steps].reduce((a, b) => (b.seconds > a.seconds ? b : a));
  const whole = takesAll(node) ? action.effective : children.reduce((sum, { worst_case }) => sum + worst_case, 0);
  const { maxRetries: attempts, retryInterval: interval } = node;
  const budget = action.effective;
  const always = attempts * whole <= budget;
  // The pauses count only where they leave no time for the last attempt to begin.
  const begins = (attempts - 1) * (longest.seconds + interval) + 1;
  const short = Math.max(0, attempts * longest.seconds - budget, begins - budget);
  return {
    attempts,
    interval,
    budget,
    longest_step: longest,
    whole_attempt: whole,
    fits: always ? "always" : short === 0 ? "one-step" : "no",
    short_by: short,
  };
}

function explainAction(node: ActionNode, cap: Cap): ExplainedAction {
  const own = node.timeout.seconds;
  const effective = Math.min(own, cap.seconds);
  const inner: Cap = own <= cap.seconds ? { level: node.level, seconds: own } : cap;
  const children = node.children.map((child) => explainAction(child, inner));
  const sum = children.reduce((total, child) => total + child.worst_case, 0);
  const pauses = (node.maxRetries - 1) * node.retryInterval;
  const action: ExplainedAction = {
    level: node.level,
    name: node.name,
    summary: node.summary,
    machine: node.machine,
    timeout: node.timeout,
    connection_timeout: node.connectionTimeout,
    effective,
    ...(effective < own && { capped_by: cap.level }),
    worst_case: takesAll(node) ? effective : Math.min(effective, node.maxRetries * sum + pauses),
    ...(children.length > 0 && { pipeline: children }),
  };
  return node.retry && node.maxRetries > 1 ? { ...action, retries: retryFit(node, action) } : action;
}

/**
 * Where every timeout comes from, whether retries fit, how long the job can take, and how strategies were chosen.
 * `cleanup`: seconds that clean-up may take (machines/defaults.yaml).
 */
export function explain(pipeline: Pipeline, cleanup = 300): Explanation {
  const { jobTimeout, actions, selections } = pipeline;
  const explained = actions.map((node) => explainAction(node, { level: "0", seconds: jobTimeout.seconds }));
  const sum = explained.reduce((total, { worst_case }) => total + worst_case, 0);
  return {
    job_timeout: jobTimeout,
    worst_case: {
      seconds: Math.min(sum, jobTimeout.seconds),
      actions: sum,
      cleanup: Math.min(cleanup, jobTimeout.seconds),
    },
    blocks: selections,
    actions: explained,
  };
}
