import { isMap, type Json } from "../base/json.js";
import { certainReads } from "../strategies/check-cel.js";
import type { CelTree } from "../strategies/machines-types.js";
import type { ActionNode, Step } from "./action-tree.js";

/** Namespace data that each service gives, as `overlay.tarball`; what none of them gives is not checked. */
export interface ServiceOutputs {
  [service: string]: string[];
}

export interface MissingData {
  action: ActionNode;
  /** Below `data`. */
  read: string;
  /** Services that would have given it. */
  givenBy: string[];
}

const touches = (a: string, b: string): boolean => a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);

/**
 * Inputs that read what no action before them gives (docs/machines.md "Namespace data"): such an action fails whenever
 * it runs. Told is only what is certain: of actions that nothing leaves out, and data that known services alone give.
 */
export function missingData(actions: readonly ActionNode[], outputs: ServiceOutputs): MissingData[] {
  const known = Object.values(outputs).flat();
  const given = new Map<string, Set<string>>();
  const missing: MissingData[] = [];

  const check = (action: ActionNode, step: Step, made: Set<string>): void => {
    for (const read of Object.values(step.with).flatMap(readsOf)) {
      if (!known.some((output) => touches(read, output)) || [...made].some((each) => touches(read, each))) continue;
      const givenBy = Object.keys(outputs).filter((service) => outputs[service]?.some((each) => touches(read, each)));
      missing.push({ action, read, givenBy });
    }
  };
  const visit = (action: ActionNode, leftOut: boolean): void => {
    const made = given.get(action.namespace) ?? new Set();
    given.set(action.namespace, made);
    const { run, conclude, children } = action;
    const uncertain = leftOut || (run?.kind === "service" && run.skips === true);
    // an action may read what it gives itself: which of both comes first is its service's business
    for (const step of [run, conclude]) if (step) for (const output of outputsOf(step, outputs)) made.add(output);
    if (!uncertain) for (const step of [run, conclude]) if (step) check(action, step, made);
    for (const child of children) visit(child, uncertain);
  };
  for (const action of actions) visit(action, false);
  return missing;
}

function outputsOf(step: Step, outputs: ServiceOutputs): string[] {
  if (step.kind === "service") return [...(outputs[step.service] ?? []), ...savedBy(step.with.save)];
  return step.dialogue.states ? savedIn(step.dialogue as unknown as Json) : [];
}

/** The keys that `save` names; of an expression, they are in its text. */
const savedBy = (save: CelTree | undefined): string[] =>
  isMap(save) ? Object.keys(save) : typeof save === "string" ? (save.match(/\w+/g) ?? []) : [];

/** All that a dialogue saves, wherever in it. */
function savedIn(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(savedIn);
  if (!isMap(value)) return [];
  return Object.entries(value).flatMap(([key, each]) => [
    ...(key === "save" ? savedBy(each as CelTree) : []),
    ...savedIn(each),
  ]);
}

function readsOf(tree: CelTree): string[] {
  if (typeof tree === "string") return certainReads(tree, "data");
  if (Array.isArray(tree)) return tree.flatMap(readsOf);
  return isMap(tree) ? Object.values(tree).flatMap((each) => readsOf(each as CelTree)) : [];
}
