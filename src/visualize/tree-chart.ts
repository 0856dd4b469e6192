/** A chart from a journal's tree, for output directories without a chart of their own: the actions, without what is in them. */
import type { Json } from "../base/json.js";
import type { JournalNode } from "../interpreter/journal-format.js";
import { type Chart, type ChartState, stateId, stateKey } from "../statechart/chart-types.js";

function actionState(
  { level, name, summary, timeout, max_retries, location, children = [] }: JournalNode,
  failing: string,
): ChartState {
  const keys = children.map((child) => stateKey(child.level, child.name));
  const inner: { [key: string]: ChartState } = {};
  children.forEach((child, i) => {
    inner[keys[i] as string] = {
      ...actionState(child, `#${stateId(level)}.failing`),
      onDone: [{ target: keys[i + 1] ?? "finished" }],
    };
  });
  return {
    id: stateId(level),
    invoke: [{ src: "deadline", id: `deadline:${level}`, input: { level } }],
    on: { deadline: [{ target: ".failing" }] },
    initial: "running",
    states: {
      running: {
        initial: keys[0] ?? "finished",
        states: { ...inner, finished: { type: "final" } },
        onDone: [{ target: "done" }],
      },
      failing: {
        always: [
          ...(max_retries > 1 ? [{ guard: { type: "mayRetry", params: { level } }, target: "retrying" }] : []),
          { target: failing, description: "failed" },
        ],
      },
      ...(max_retries > 1 && { retrying: { always: [{ target: "running" }] } }),
      done: { type: "final" },
    },
    meta: { level, name, summary, timeout, max_retries, location: (location ?? null) as Json },
  };
}

/** Nested states as `compileChart` makes them, so that the journal's state paths are found in them. */
export function treeChart(tree: JournalNode[]): Chart {
  const work = tree.slice(0, -1);
  const finalize = tree.at(-1);
  const keys = work.map((node) => stateKey(node.level, node.name));
  const states: { [key: string]: ChartState } = { validating: { always: [{ target: keys[0] ?? "finished" }] } };
  work.forEach((node, i) => {
    states[keys[i] as string] = {
      ...actionState(node, "#finalizing"),
      onDone: [{ target: keys[i + 1] ?? "finished" }],
    };
  });
  states.finished = { type: "final" };
  return {
    id: "job",
    initial: "working",
    options: { maxIterations: 10_000 },
    states: {
      working: {
        invoke: [{ src: "deadline", id: "deadline:0", input: { level: "0" } }],
        on: { deadline: [{ target: "#finalizing" }], "job.cancel": [{ target: "#finalizing", description: "cancel" }] },
        initial: "validating",
        states,
        onDone: [{ target: "finalizing" }],
      },
      finalizing: {
        id: "finalizing",
        initial: finalize ? "finalize" : "finished",
        states: {
          ...(finalize && { finalize: { ...actionState(finalize, "#cleaning"), onDone: [{ target: "finished" }] } }),
          finished: { type: "final" },
        },
        onDone: [{ target: "cleaning" }],
      },
      cleaning: { id: "cleaning", always: [{ target: "ended" }] },
      ended: { type: "final" },
    },
  };
}
