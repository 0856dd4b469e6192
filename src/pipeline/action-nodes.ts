/** Ways through the action tree. */
import type { ActionNode, Step } from "./action-tree.js";

/** Every node of the tree by its level. */
export function nodesByLevel(actions: ActionNode[], into = new Map<string, ActionNode>()): Map<string, ActionNode> {
  for (const node of actions) {
    into.set(node.level, node);
    nodesByLevel(node.children, into);
  }
  return into;
}

/** The level around a level; `0` is the job. */
export const parentLevel = (level: string): string =>
  level.includes(".") ? level.slice(0, level.lastIndexOf(".")) : "0";

/** The dialogue that an action holds, if any. */
export const dialogueStep = (node: ActionNode): Extract<Step, { kind: "dialogue" }> | undefined =>
  node.run?.kind === "dialogue" ? node.run : node.conclude?.kind === "dialogue" ? node.conclude : undefined;

/** Whether an action, or one below it, brings the board to a known state. */
export const resetsBoard = (node: ActionNode): boolean => node.resets || node.children.some(resetsBoard);
