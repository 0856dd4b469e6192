import generated from "./generated/machines.json" with { type: "json" };
import type { Machines, StrategyDefinition } from "./machines-types.js";

/** Strategies' pipelines, fragments and dialogues are JSON texts in it: of these, a job needs few. */
interface Packed extends Omit<Machines, "strategies" | "fragments" | "dialogues"> {
  strategies: (Omit<StrategyDefinition, "pipeline"> & { pipeline: string })[];
  fragments: { [name: string]: string };
  dialogues: { [name: string]: string };
}

/** Defines a property that is parsed when it is first read. */
function parsedLate(target: object, key: string, text: string): void {
  Object.defineProperty(target, key, {
    configurable: true,
    enumerable: true,
    get() {
      const value = JSON.parse(text);
      Object.defineProperty(target, key, { value, enumerable: true });
      return value;
    },
  });
}

function allParsedLate<T>(texts: { [name: string]: string }): { [name: string]: T } {
  const values = {};
  for (const [name, text] of Object.entries(texts)) parsedLate(values, name, text);
  return values;
}

let machines: Machines | undefined;

/** The machines of this project, compiled by scripts/build-machines.mjs. Not to be changed by callers. */
export function builtInMachines(): Machines {
  if (machines) return machines;
  const packed = generated as unknown as Packed;
  for (const strategy of packed.strategies) parsedLate(strategy, "pipeline", strategy.pipeline);
  machines = {
    ...packed,
    strategies: packed.strategies as unknown as StrategyDefinition[],
    fragments: allParsedLate(packed.fragments),
    dialogues: allParsedLate(packed.dialogues),
  };
  return machines;
}
