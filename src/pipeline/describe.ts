import type { ActionNode, Pipeline } from "./action-tree.js";

/** One action as `description.yaml` and `describe` show it; keys in LAVA's order (spec pipeline.md §1). */
export interface DescribedAction {
  class?: string;
  name: string;
  level: string;
  max_retries: number;
  description: string;
  summary: string;
  /** Whole seconds. */
  timeout: number;
  /** Only downloads. */
  url?: string;
  pipeline?: DescribedAction[];
}

const describeNode = (node: ActionNode): DescribedAction => ({
  ...(node.className && { class: node.className }),
  name: node.name,
  level: node.level,
  max_retries: node.maxRetries,
  description: node.description,
  summary: node.summary,
  timeout: node.timeout.seconds,
  ...(node.url !== undefined && { url: node.url }),
  ...(node.children.length > 0 && { pipeline: node.children.map(describeNode) }),
});

/** The tree of a pipeline, ready to be printed; LAVA's file holds it under the key `pipeline`. */
export const describe = (pipeline: Pipeline): DescribedAction[] => pipeline.actions.map(describeNode);

/** Texts that YAML reads as themselves without quotes: a word first, no `: `, ` #` or indicator. */
const PLAIN = /^[A-Za-z][\w./-]*(?: [\w./(),;'-]+)*$/;
const WORDS = /^(?:true|false|yes|no|on|off|null|y|n)$/i;

const scalar = (value: string | number): string =>
  typeof value === "number" || (PLAIN.test(value) && !WORDS.test(value)) ? String(value) : JSON.stringify(value);

function lines(actions: DescribedAction[], indent: string, into: string[]): string[] {
  for (const action of actions) {
    let lead = `${indent}- `;
    for (const [key, value] of Object.entries(action)) {
      if (Array.isArray(value)) {
        into.push(`${lead}${key}:`);
        lines(value as DescribedAction[], `${indent}  `, into);
      } else into.push(`${lead}${key}: ${scalar(value as string | number)}`);
      lead = `${indent}  `;
    }
  }
  return into;
}

/** The tree as YAML in LAVA's form; levels are texts. */
export function describeYaml(actions: DescribedAction[]): string {
  if (actions.length === 0) return "pipeline: []\n";
  return `pipeline:\n${lines(actions, "", []).join("\n")}\n`;
}
