import { createRequire } from "node:module";
import type { Machines, StrategyDefinition } from "./machines-types.js";

type Late<T> = { [Key in keyof T]: () => T[Key] };

/** Strategies' pipelines, fragments and dialogues are functions that give them: of these, a job needs few. */
interface Packed extends Omit<Machines, "strategies" | "fragments" | "dialogues"> {
  strategies: (Omit<StrategyDefinition, "pipeline"> & Late<Pick<StrategyDefinition, "pipeline">>)[];
  fragments: Late<Machines["fragments"]>;
  dialogues: Late<Machines["dialogues"]>;
}

/** Defines a property that is made when it is first read. */
function madeLate(target: object, key: string, make: () => unknown): void {
  Object.defineProperty(target, key, {
    configurable: true,
    enumerable: true,
    get() {
      const value = make();
      Object.defineProperty(target, key, { value, enumerable: true });
      return value;
    },
  });
}

function allMadeLate<T>(makers: { [name: string]: () => T }): { [name: string]: T } {
  const values = {};
  for (const [name, make] of Object.entries(makers)) madeLate(values, name, make);
  return values;
}

let machines: Machines | undefined;

/** The machines of this project, compiled by scripts/build-machines.mjs. Not to be changed by callers. */
export function builtInMachines(): Machines {
  if (machines) return machines;
  const packed = createRequire(import.meta.url)("./generated/machines.cjs") as Packed;
  for (const strategy of packed.strategies) madeLate(strategy, "pipeline", strategy.pipeline);
  machines = {
    ...packed,
    strategies: packed.strategies as unknown as StrategyDefinition[],
    fragments: allMadeLate(packed.fragments),
    dialogues: allMadeLate(packed.dialogues),
  };
  return machines;
}
