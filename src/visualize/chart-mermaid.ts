/** The graph as a Mermaid state diagram. Mermaid knows no arrows between the insides of two boxes; the graph has none. */
import { sayable } from "../base/markup-text.js";
import { durationText, type GraphNode } from "./graph-types.js";
import { edgeText } from "./node-size.js";
import type { VisibleGraph, VisibleNode } from "./visible-graph.js";

/** Characters that end or mean something in a state's text are written as Mermaid's entities. */
const entities = (text: string) =>
  sayable(text)
    .replace(/\s+/g, " ")
    .replace(/["#;:<>{}[\]()`\\%&]/g, (char) => `#${char.charCodeAt(0)};`);

function title({ kind, level, label, timeout, maxRetries, detail }: GraphNode): string {
  if (kind === "deadline") return `deadline ${label}`;
  const limits = [
    ...(timeout === undefined ? [] : [durationText(timeout)]),
    ...(maxRetries && maxRetries > 1 ? [`${maxRetries} attempts`] : []),
  ].join(", ");
  const name = [level, label].filter(Boolean).join(" ");
  return limits ? `${name} (${limits})` : kind === "state" && detail ? `${name} (${detail})` : name;
}

/** A `stateDiagram-v2`. Timeouts, watchers and cancellation are dashed states that lead to the failure. */
export function chartMermaid({ root, nodes, edges }: VisibleGraph): string {
  const ids = new Map([...nodes.keys()].map((id, i) => [id, `s${i}`]));
  const lines = ["stateDiagram-v2"];
  const write = ({ node, children, open }: VisibleNode, indent: string) => {
    const id = ids.get(node.id);
    if (node.kind === "initial") return;
    if (!open) {
      lines.push(`${indent}state "${entities(title(node))}" as ${id}`);
      return;
    }
    if (node.kind !== "job") lines.push(`${indent}state "${entities(title(node))}" as ${id} {`);
    const inner = node.kind === "job" ? indent : `${indent}  `;
    lines.push(`${inner}direction TB`);
    for (const child of children) write(child, inner);
    for (const { from, to, kind, label } of edges.filter(({ parent }) => parent === node.id)) {
      const text = kind === "next" ? label : [kind, label].filter(Boolean).join(" ");
      const start = nodes.get(from)?.node.kind === "initial" ? "[*]" : ids.get(from);
      lines.push(`${inner}${start} --> ${ids.get(to)}${text ? ` : ${entities(edgeText(text))}` : ""}`);
    }
    if (node.kind !== "job") lines.push(`${indent}}`);
  };
  write(root, "  ");
  const classes: { [name: string]: GraphNode["kind"][] } = { aside: ["deadline", "watch", "cancel"], ends: ["final"] };
  lines.push("  classDef aside stroke-dasharray: 4 3", "  classDef ends stroke-width: 3px");
  for (const [name, kinds] of Object.entries(classes)) {
    const members = [...nodes.values()]
      .filter(({ node }) => kinds.includes(node.kind))
      .map(({ node }) => ids.get(node.id));
    if (members.length > 0) lines.push(`  class ${members.join(",")} ${name}`);
  }
  return `${lines.join("\n")}\n`;
}
