import type { Json } from "../base/json.js";
import type { ActionNode, Step } from "../pipeline/action-tree.js";
import { type ChartState, type ChartTransition, named, stateId, stateKey } from "./chart-types.js";
import { dialogueChart, settlingState, takesSignals } from "./dialogue-chart.js";

/** What a failed action leads to: the failing state of the action around it, or the end of the job. */
type Failure = { target: string };

function serviceState(
  node: ActionNode,
  name: string,
  step: Extract<Step, { kind: "service" }>,
  next: string,
): ChartState {
  const { level } = node;
  return {
    invoke: [
      {
        src: "service",
        id: `${name}:${level}`,
        input: { level, step: name, service: step.service, with: step.with as Json },
        onDone: [
          ...(step.skips
            ? [
                {
                  guard: named("leavesOut"),
                  target: "finished",
                  actions: [named("served", { level })],
                  description: "left out",
                },
              ]
            : []),
          { target: next, actions: [named("served", { level })] },
        ],
        onError: [{ target: `#${stateId(level)}.failing`, actions: [named("failed", { level })] }],
      },
    ],
  };
}

const stepState = (node: ActionNode, name: string, step: Step, next: string): ChartState =>
  step.kind === "service" ? serviceState(node, name, step, next) : dialogueChart(node, step, next);

/** The states in order, each one's end leading to the next one, the last to `finished`. */
function sequence(node: ActionNode): { initial: string; states: { [key: string]: ChartState } } {
  const items: { key: string; make: (next: string) => ChartState }[] = [];
  const { run, conclude } = node;
  if (run) items.push({ key: "run", make: (next) => stepState(node, "run", run, next) });
  for (const child of node.children)
    items.push({
      key: stateKey(child.level, child.name),
      make: (next) => ({
        ...actionChart(child, { target: `#${stateId(node.level)}.failing` }),
        onDone: [{ target: next }],
      }),
    });
  if (conclude) items.push({ key: "conclude", make: (next) => stepState(node, "conclude", conclude, next) });
  const states: { [key: string]: ChartState } = {};
  items.forEach(({ key, make }, i) => {
    states[key] = make(items[i + 1]?.key ?? "finished");
  });
  states.finished = { type: "final" };
  return { initial: items[0]?.key ?? "finished", states };
}

function diagnosing(node: ActionNode): ChartState {
  const { level } = node;
  const states: { [key: string]: ChartState } = {};
  node.diagnose.forEach((step, i) => {
    const next = i + 1 < node.diagnose.length ? `${i + 1}` : "finished";
    const beside = { target: next, actions: [named("beside", { level })] };
    states[`${i}`] = {
      invoke: [
        {
          src: "service",
          id: `diagnose-${i}:${level}`,
          input: {
            level,
            step: `diagnose-${i}`,
            service: step.kind === "service" ? step.service : step.dialogue.dialogue,
          },
          onDone: [{ target: next, actions: [named("diagnosed", { level })] }],
          // A diagnosis that fails is told beside the first error and never instead of it.
          onError: [beside],
        },
      ],
    };
  });
  states.finished = { type: "final" };
  return {
    // The deadline that ended the action is often that of the actions around it, too: they wait for the diagnosis.
    entry: [named("diagnosing", { on: true })],
    exit: [named("diagnosing", { on: false })],
    initial: "0",
    states,
    onDone: [{ target: "deciding" }],
  };
}

/**
 * The one builder of actions: running, failing, diagnosing, retrying, done (design "The statechart").
 * The deadline is absolute and stands over all attempts; whether another attempt is made is decided in one place.
 */
export function actionChart(node: ActionNode, failure: Failure): ChartState {
  const { level } = node;
  const decide: ChartTransition[] = [];
  if (node.retry)
    decide.push({ guard: named("mayRetry", { level }), target: "retrying", description: "attempts and time are left" });
  if (node.continueOnFailure) decide.push({ target: "done", actions: [named("noted", { level })] });
  if (node.skipOnTimeout && !level.includes("."))
    decide.push({ guard: named("skips", { level }), target: "done", actions: [named("skipped", { level })] });
  decide.push({ ...failure, description: "failed" });

  const running = sequence(node);
  const talks = node.run?.kind === "dialogue" || node.conclude?.kind === "dialogue";
  // An attempt is one of the children: what their action does before them is done, and is not awaited a second time.
  const [first] = node.children;
  const again = node.run && first ? `running.${stateKey(first.level, first.name)}` : "running";
  const states: { [key: string]: ChartState } = {
    running: {
      ...running,
      onDone:
        node.retry && node.repeat
          ? [
              { guard: named("repeats", { level }), target: "retrying", description: "repeat" },
              {
                guard: named("repeatFailed", { level }),
                target: "failing",
                actions: [named("repeatError", { level })],
              },
              { target: "done" },
            ]
          : [{ target: "done" }],
    },
    ...(talks && { settling: settlingState(level) }),
    failing: node.diagnose.length
      ? { always: [{ guard: named("diagnosable"), target: "diagnosing" }, { target: "deciding" }] }
      : { always: decide },
    ...(node.diagnose.length > 0 && { diagnosing: diagnosing(node), deciding: { always: decide } }),
    ...(node.retry && {
      retrying: {
        entry: [named("retrying", { level })],
        invoke: [
          {
            src: "pause",
            id: `pause:${level}`,
            input: { level, ms: node.retryInterval * 1000 },
            onDone: [{ target: again, actions: [named("nextAttempt", { level })] }],
            onError: [{ target: again, actions: [named("beside", { level }), named("nextAttempt", { level })] }],
          },
        ],
      },
    }),
    done: { type: "final" },
  };
  return {
    id: stateId(level),
    entry: [named("enter", { level }), named("started", { level })],
    exit: [
      ...(takesSignals(node.run) ? [named("abandonTests", { level }), named("tellTests", { level })] : []),
      named("ended", { level }),
    ],
    invoke: [{ src: "deadline", id: `deadline:${level}`, input: { level } }],
    on: {
      deadline: [{ guard: named("isDue", { level }), target: ".failing", actions: [named("failed", { level })] }],
    },
    initial: "running",
    states,
    meta: {
      level,
      name: node.name,
      summary: node.summary,
      timeout: node.timeout.seconds,
      max_retries: node.maxRetries,
      location: (node.location ?? null) as Json,
      machine: node.machine as unknown as Json,
    },
  };
}
