import { JobError } from "../base/errors.js";
import type { Problem } from "../base/problem.js";
import type { ActionNode, Step } from "../pipeline/action-tree.js";
import type { ServiceRegistry } from "../services/types.js";

const ADVICE = "An action that connects (a boot) has to come before, in the same namespace.";

/** What an action that finds no console to talk on ends with. */
export const noConsole = (name: string): JobError =>
  new JobError(`No connection to the device: ${name} has no console to talk on`, { advice: ADVICE });

/**
 * Actions that will find no console to talk on, as none before them opens one: each would end the job, after all that stands
 * before it was done. Warnings, as LAVA starts such a job; one for each block.
 */
export function withoutConsole(actions: ActionNode[], services: ServiceRegistry): Problem[] {
  const open = new Set<string>();
  const found = new Map<string, Problem>();
  const look = (node: ActionNode, step: Step | undefined) => {
    if (!step) return;
    const { level, name, namespace, console, borrows, location, parameters } = node;
    if (step.kind === "service") {
      if (services[step.service]?.opensConsole) open.add(console ?? namespace);
      return;
    }
    const shared = parameters["connection-namespace"];
    if (typeof shared === "string" && open.has(shared)) open.add(namespace);
    const [block = ""] = level.split(".");
    if (open.has(console ?? namespace) || (borrows && open.size > 0) || found.has(block)) return;
    found.set(block, {
      severity: "warning",
      message: `${level} ${name} will end the job: no action before it opens a console in the namespace "${namespace}"`,
      hint: ADVICE,
      ...(location && { location }),
    });
  };
  const visit = (node: ActionNode) => {
    look(node, node.run);
    for (const child of node.children) visit(child);
    look(node, node.conclude);
  };
  for (const action of actions) visit(action);
  return [...found.values()];
}
