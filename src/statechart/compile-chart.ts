import type { Pipeline } from "../pipeline/action-tree.js";
import { actionChart } from "./action-chart.js";
import { type Chart, type ChartState, named, stateKey } from "./chart-types.js";

/**
 * Action tree → chart: plain JSON, nested states mirror the levels.
 * `working` holds the job's own actions in order; `finalizing` (the pipeline's last action: power off, read what still
 * comes, close) is reached from every state; `cleaning` undoes what services have left.
 */
export function compileChart(pipeline: Pipeline): Chart {
  const work = pipeline.actions.slice(0, -1);
  const finalize = pipeline.actions.at(-1);
  const keys = work.map((node) => stateKey(node.level, node.name));
  const states: { [key: string]: ChartState } = {
    validating: {
      invoke: [
        {
          src: "validate",
          id: "validate:0",
          input: { level: "0" },
          onDone: [
            // Nothing was started yet: there is no board to power off.
            { guard: named("isInvalid"), target: "#cleaning", actions: [named("invalid"), named("tellNeverRan")] },
            { target: keys[0] ?? "finished" },
          ],
          onError: [{ target: "#cleaning", actions: [named("failed", { level: "0" })] }],
        },
      ],
    },
  };
  work.forEach((node, i) => {
    states[keys[i] as string] = {
      ...actionChart(node, { target: "#finalizing" }),
      onDone: [{ target: keys[i + 1] ?? "finished" }],
    };
  });
  states.finished = { type: "final" };
  return {
    id: "job",
    initial: "working",
    // A cycle of eventless transitions ends in an error instead of hanging.
    options: { maxIterations: 10_000 },
    states: {
      working: {
        entry: [named("enter", { level: "0" })],
        invoke: [{ src: "deadline", id: "deadline:0", input: { level: "0" } }],
        on: {
          deadline: [
            {
              guard: named("isDue", { level: "0" }),
              target: "#finalizing",
              actions: [named("failed", { level: "0" })],
            },
          ],
          "job.cancel": [{ target: "#finalizing", actions: [named("canceled")], description: "cancel" }],
        },
        initial: "validating",
        states,
        onDone: [{ target: "finalizing" }],
      },
      finalizing: {
        id: "finalizing",
        entry: [named("settle"), named("tellSettled")],
        initial: finalize ? "finalize" : "finished",
        states: {
          ...(finalize && {
            finalize: { ...actionChart(finalize, { target: "#cleaning" }), onDone: [{ target: "finished" }] },
          }),
          finished: { type: "final" },
        },
        onDone: [{ target: "cleaning" }],
      },
      cleaning: {
        id: "cleaning",
        entry: [named("settle")],
        invoke: [
          {
            src: "cleanup",
            id: "cleanup:0",
            input: { level: "0" },
            onDone: [{ target: "ended" }],
            onError: [{ target: "ended", actions: [named("beside", { level: "0" })] }],
          },
        ],
      },
      ended: { type: "final" },
    },
  };
}
