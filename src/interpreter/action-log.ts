/** The lines that LAVA's log has around every action (spec runtime.md §2), in one place. */
import type { ErrorRecord } from "../base/errors.js";
import { own } from "../base/json.js";
import type { ActionNode } from "../pipeline/action-tree.js";

/** Seconds as HH:MM:SS, to the nearest one. */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** Top-level actions are told at info, the others at debug. */
export const actionLogLevel = (level: string): "info" | "debug" => (level.includes(".") ? "debug" : "info");

export const startLine = (node: ActionNode, seconds: number): string =>
  `start: ${node.level} ${node.name} (timeout ${clockText(seconds)}) [${node.namespace}]`;
export const endLine = (node: ActionNode, seconds: number): string =>
  `end: ${node.level} ${node.name} (duration ${clockText(seconds)}) [${node.namespace}]`;

/** An error as lines for the log: what happened, where, what to do. */
export function errorLines(error: ErrorRecord): string[] {
  const lines = [`${error.class}: ${error.message}`];
  if (error.location) lines.push(`  at ${error.location.file}:${error.location.line}:${error.location.column}`);
  if (error.advice) lines.push(`  ${error.advice}`);
  for (const line of error.stuck ?? []) lines.push(`  stuck: ${line}`);
  return lines;
}

/** One sentence for the last error line of a job, by class. */
const HELP: { [type: string]: string } = {
  Infrastructure: "the lab or the device failed, not the job: tell the lab's administrators.",
  Job: "the job could not be done as it is written.",
  Test: "a test did not keep to the test protocol.",
  Bug: "a bug in lava-dispatch: please report it with the journal.",
  Configuration: "the device or dispatcher configuration is wrong: tell the lab's administrators.",
  Canceled: "the job was canceled.",
  LAVATimeout: "the test shell used up its time.",
  MultinodeTimeout: "another member of the group did not answer in time.",
};
export const errorHelp = (error: ErrorRecord): string =>
  `${error.class}: ${own(HELP, error.type) ?? "the job failed."}`;
