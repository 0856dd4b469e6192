import { type ChartGraph, type GraphNode, ROOT_ID } from "../../src/visualize/graph-types.js";

/** Starts and deadlines are passed over: there is nothing to be said of them. */
const isPlace = ({ kind }: GraphNode) => !["initial", "deadline", "cancel"].includes(kind);

/** Where an arrow key leads: to the sibling before or after, to the box around, into the box. */
export function neighbour(graph: ChartGraph, id: string, way: "before" | "after" | "in" | "out"): string | undefined {
  const node = graph.nodes.get(id);
  if (!node) return ROOT_ID;
  if (way === "in") return node.children.find(isPlace)?.id;
  if (way === "out") return node.parent === ROOT_ID ? undefined : node.parent;
  const siblings = graph.nodes.get(node.parent ?? "")?.children.filter(isPlace) ?? [];
  return siblings[siblings.indexOf(node) + (way === "after" ? 1 : -1)]?.id;
}
