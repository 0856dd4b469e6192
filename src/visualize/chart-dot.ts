/** The graph in Graphviz' language: boxes are clusters, the arrows of an open box begin and end at its border. */
import { sayable } from "../base/markup-text.js";
import { durationText, type GraphNode } from "./graph-types.js";
import { chips, edgeText } from "./node-size.js";
import { EDGE_LOOKS } from "./palette.js";
import type { VisibleGraph, VisibleNode } from "./visible-graph.js";

/** A quoted string of dot: only quotes and backslashes mean something in it, and line breaks are `\n`. */
const quote = (text: string) => `"${sayable(text).replace(/[\\"]/g, "\\$&").replace(/\r?\n/g, "\\n")}"`;
const attributes = (values: { [name: string]: string }) =>
  `[${Object.entries(values)
    .map(([name, value]) => `${name}=${quote(value)}`)
    .join(", ")}]`;

const title = (node: GraphNode) => [node.level, node.label].filter(Boolean).join(" ");

const SHAPES: { [kind in GraphNode["kind"]]: { [name: string]: string } } = {
  job: { shape: "box" },
  action: { shape: "box", style: "rounded,filled", fillcolor: "#eef2f7" },
  group: { shape: "box", style: "rounded" },
  state: { shape: "box", style: "rounded,filled", fillcolor: "white" },
  initial: { shape: "point", width: "0.12" },
  final: { shape: "box", style: "rounded", peripheries: "2" },
  deadline: { shape: "box", style: "rounded,dashed", color: EDGE_LOOKS.timeout.light },
  watch: { shape: "box", style: "rounded,dashed", color: EDGE_LOOKS.watcher.light },
  cancel: { shape: "box", style: "rounded,dashed", color: EDGE_LOOKS.cancel.light },
};

/** A digraph for `dot`. */
export function chartDot({ root, edges }: VisibleGraph, name = "job"): string {
  const names = new Map<string, string>();
  /** For an open box: a node in it that its arrows hold on to. */
  const anchors = new Map<string, string>();
  const lines: string[] = [];
  const write = (seen: VisibleNode, indent: string): string => {
    const { node, children, open } = seen;
    const id = `n${names.size}`;
    names.set(node.id, id);
    if (!open) {
      const label = [title(node) || " ", chips(node).join("  ") || node.detail].filter(Boolean).join("\n");
      const time = node.kind === "deadline" ? `deadline ${node.label}` : label;
      lines.push(`${indent}${id} ${attributes({ label: node.kind === "initial" ? "" : time, ...SHAPES[node.kind] })};`);
      anchors.set(node.id, id);
      return id;
    }
    const own = node.kind === "job" ? [name] : [title(node), ...limits(node)];
    lines.push(`${indent}subgraph cluster_${id} {`);
    lines.push(`${indent}  ${`label=${quote(own.join("  "))}; style="rounded"; color="#94a3b8"; labeljust="l";`}`);
    const first = children.map((child) => write(child, `${indent}  `))[0];
    lines.push(`${indent}}`);
    anchors.set(node.id, first ?? id);
    return first ?? id;
  };
  write(root, "  ");
  const opened = (id: string) => anchors.get(id) !== names.get(id);
  for (const { from, to, kind, label } of edges) {
    const look = EDGE_LOOKS[kind];
    const style = look.dash === "" ? "solid" : look.dash.startsWith("2") ? "dotted" : "dashed";
    const values = {
      color: look.light,
      fontcolor: look.light,
      style,
      ...(label && { label: edgeText(label) }),
      ...(opened(from) && { ltail: `cluster_${names.get(from)}` }),
      ...(opened(to) && { lhead: `cluster_${names.get(to)}` }),
    };
    lines.push(`  ${anchors.get(from)} -> ${anchors.get(to)} ${attributes(values)};`);
  }
  return `digraph ${quote(name)} {
  compound=true; rankdir=TB; fontname="Helvetica"; fontsize=12;
  node [fontname="Helvetica", fontsize=11, color="#475569"];
  edge [fontname="Helvetica", fontsize=9];
${lines.join("\n")}
}
`;
}

const limits = ({ timeout, maxRetries }: GraphNode): string[] => [
  ...(timeout === undefined ? [] : [durationText(timeout)]),
  ...(maxRetries && maxRetries > 1 ? [`×${maxRetries}`] : []),
];
