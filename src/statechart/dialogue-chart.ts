import type { Json, JsonMap } from "../base/json.js";
import type { ActionNode, Step } from "../pipeline/action-tree.js";
import type { DialogueDefinition, DialogueTransition } from "../strategies/machines-types.js";
import { type ChartState, type ChartTransition, named, stateId } from "./chart-types.js";

/** A dialogue's transitions in the order in which they are numbered: `expect`, `always`, `silence`, `after`. */
export function transitionsOf(dialogue: DialogueDefinition, state: string): DialogueTransition[] {
  const definition = dialogue.states[state];
  if (!definition) return [];
  const { expect = [], always = [], silence, after } = definition;
  return [...expect, ...always, ...(silence ? [silence] : []), ...(after ? [after] : [])];
}

const describe = (t: DialogueTransition): string => {
  const what = t.prompt
    ? `prompt ${t.prompt}`
    : t.pattern
      ? `pattern ${t.pattern}`
      : t.signal
        ? `signal ${t.signal}`
        : "";
  return [what, t.guard && `when ${t.guard}`].filter(Boolean).join(" ") || "otherwise";
};

/**
 * A step that talks on the console: the dialogue's states, and beside them the region of watchers.
 * Each dialogue state invokes a `talk` actor, which sends, listens and evaluates the transitions' expressions; what it
 * heard comes as one `dialogue.take` event that names the transition. So the chart stays a pure function of its events.
 */
export function dialogueChart(node: ActionNode, step: Extract<Step, { kind: "dialogue" }>, next: string): ChartState {
  const { level } = node;
  const id = stateId(level);
  const { dialogue } = step;
  const states: { [key: string]: ChartState } = {
    preparing: {
      invoke: [
        {
          src: "prepare",
          id: `prepare:${level}`,
          input: { level, dialogue: dialogue.dialogue, with: step.with as Json, context: dialogue.context as Json },
          onDone: [{ target: dialogue.initial, actions: [named("prepared", { level })] }],
          onError: [{ target: `#${id}.failing`, actions: [named("failed", { level })] }],
        },
      ],
    },
    done: { type: "final" },
  };
  for (const [name, definition] of Object.entries(dialogue.states)) {
    if (definition.type === "final") {
      states[name] = { type: "final" };
      continue;
    }
    const take = transitionsOf(dialogue, name).map((transition, index): ChartTransition => {
      const guard = named("took", { level, state: name, index });
      const description = describe(transition);
      return transition.error
        ? {
            guard,
            target: `#${id}.failing`,
            actions: [
              ...(transition.result === undefined ? [] : [named("tellResults", { level })]),
              named("failed", { level }),
            ],
            description,
          }
        : {
            guard,
            ...(transition.target && { target: transition.target }),
            // Saying the same thing again means entering the state again.
            ...(transition.target === name && { reenter: true }),
            actions: [
              named("took", { level }),
              ...(transition.result === undefined ? [] : [named("tellResults", { level })]),
            ],
            description,
          };
    });
    states[name] = {
      entry: [named("phase", { level, phase: definition.phase ?? "", state: name })],
      invoke: [{ src: "talk", id: `talk:${level}:${name}`, input: { level, state: name } }],
      on: {
        "dialogue.take": take,
        ...(definition.signals && {
          "test.signal": [{ guard: named("isLevel", { level }), actions: [named("takeSignal"), named("tellTests")] }],
          "test.pattern": [{ guard: named("isLevel", { level }), actions: [named("takeSignal"), named("tellTests")] }],
        }),
      },
      meta: { location: definition.location as unknown as Json },
    };
  }
  return {
    type: "parallel",
    on: {
      "dialogue.failed": [
        { guard: named("isLevel", { level }), target: `#${id}.failing`, actions: [named("failed", { level })] },
      ],
    },
    states: {
      dialogue: { initial: "preparing", states, onDone: [{ target: `#${id}.running.${next}` }] },
      watch: {
        initial: "listening",
        states: {
          listening: {
            invoke: [{ src: "watch", id: `watch:${level}`, input: { level } }],
            on: {
              "watch.message": [{ guard: named("isLevel", { level }), description: "a message of the kernel's" }],
              "watch.alarm": [
                { guard: named("isLevel", { level }), target: `#${id}.settling`, description: "panic, reset, ..." },
              ],
            },
          },
        },
      },
    },
  };
}

/** Whether a dialogue takes test signals: its action then closes what tests have left open. */
export const takesSignals = (step: Step | undefined): boolean =>
  step?.kind === "dialogue" && Object.values(step.dialogue.states).some((state) => state.signals === true);

/** Reads on for a while after an alarm, so that the whole message is in the log; then fails. */
export function settlingState(level: string): ChartState {
  const target = `#${stateId(level)}.failing`;
  const actions = [named("failed", { level })];
  const input: JsonMap = { level };
  return { invoke: [{ src: "settle", id: `settle:${level}`, input, onError: [{ target, actions }] }] };
}
