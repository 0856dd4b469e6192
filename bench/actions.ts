/** Compiling and running a job of 200 actions whose services do nothing: ms an action. */

import { createActor } from "xstate";
import { RealClock } from "../src/base/clock.js";
import { compileChart } from "../src/statechart/compile-chart.js";
import { createJobMachine, type Effects, type Notices } from "../src/statechart/job-machine.js";
import { pipelineOf } from "../test/statechart/action-nodes.js";

const nothing = () => {};

function effects(): Effects {
  const clock = new RealClock();
  return {
    now: () => clock.now(),
    opensConsole: () => false,
    deadline: (_level, deadline, _fire) => {
      const timer = clock.setTimeout(nothing, deadline.at - clock.now());
      return () => clock.clearTimeout(timer);
    },
    validate: async () => [],
    service: async () => ({}),
    prepare: async () => ({}),
    talk: nothing,
    watch: () => nothing,
    settle: () => new Promise<never>(nothing),
    pause: async () => {},
    cleanup: async () => {},
  };
}
const notices: Notices = {
  started: nothing,
  ended: nothing,
  retrying: nothing,
  neverRan: nothing,
  phase: nothing,
  tests: nothing,
  results: nothing,
  noted: nothing,
  settled: nothing,
};

/** `count` leaf actions below blocks of 20, half of the groups being retry actions. */
function job(count: number) {
  const groups = Array.from({ length: count / 20 }, (_, g) => ({
    name: `group-${g}`,
    retry: g % 2 === 0,
    maxRetries: g % 2 === 0 ? 3 : 1,
    children: Array.from({ length: 20 }, (_, i) => ({ name: `leaf-${i}`, service: "nothing" })),
  }));
  return pipelineOf([{ name: "all", children: groups }]);
}

export async function measure(
  count = 200,
): Promise<{ actions: number; compile: number; run: number; perAction: number }> {
  const pipeline = job(count);
  const begun = performance.now();
  const machine = createJobMachine(pipeline, compileChart(pipeline), effects(), notices);
  const actor = createActor(machine, { systemId: "job" });
  const compiled = performance.now();
  await new Promise<void>((resolve, reject) => {
    actor.subscribe({ complete: resolve, error: reject });
    actor.start();
  });
  const ended = performance.now();
  return { actions: count, compile: compiled - begun, run: ended - compiled, perAction: (ended - begun) / count };
}

const results = [];
for (let i = 0; i < 5; i++) results.push(await measure());
results.sort((a, b) => a.perAction - b.perAction);
console.log(JSON.stringify({ name: "actions", ...results[2], first: results.at(-1)?.perAction }));
