/** What React Flow is given for a layout. */
import type { Box, Layout } from "../../src/visualize/elk-layout.js";
import type { ChartGraph } from "../../src/visualize/graph-types.js";
import { pathTo, type VisibleGraph } from "../../src/visualize/visible-graph.js";
import type { FlowEdge } from "./chart-edge.js";
import type { FlowNode } from "./chart-node.js";

export interface Drawn {
  graph: VisibleGraph;
  layout: Layout;
}

export function flowNodes({ graph, layout }: Drawn): FlowNode[] {
  const nodes: FlowNode[] = [];
  const walk = (seen: VisibleGraph["root"], depth: number) => {
    const box = layout.boxes.get(seen.node.id);
    if (!box) return;
    const { x, y, width, height } = box;
    nodes.push({
      id: seen.node.id,
      type: "chart",
      position: { x, y },
      width,
      height,
      style: { width, height },
      zIndex: depth * 2,
      data: { node: seen.node, open: seen.open },
    });
    for (const child of seen.children) walk(child, depth + 1);
  };
  walk(graph.root, 0);
  return nodes;
}

export function flowEdges({ graph, layout }: Drawn): FlowEdge[] {
  return graph.edges.flatMap((edge) => {
    const placed = layout.edges.get(edge.id);
    if (!placed) return [];
    let depth = 0;
    for (let at = graph.nodes.get(edge.parent); at?.node.parent !== undefined; at = graph.nodes.get(at.node.parent))
      depth++;
    return [
      {
        id: edge.id,
        source: edge.from,
        target: edge.to,
        type: "chart",
        zIndex: depth * 2 + 1,
        data: { edge, placed, depth },
      },
    ];
  });
}

/** The box that is drawn for a node: its own, or the closed one that it is in. */
export function seenBox(drawn: Drawn | undefined, graph: ChartGraph, id: string): Box | undefined {
  const seen = pathTo(graph, id)
    .filter((step) => drawn?.layout.boxes.has(step))
    .at(-1);
  return seen === undefined || seen === graph.root.id ? undefined : drawn?.layout.boxes.get(seen);
}

/** A box of both drawings that should not seem to move: what was opened or closed, else the selected one. */
export function anchorOf(from: Drawn, to: Drawn, selected: string | undefined): { from: Box; to: Box } | undefined {
  const toggled = [...to.graph.nodes.values()].find(
    ({ node, open }) => (from.graph.nodes.get(node.id)?.open ?? open) !== open,
  );
  for (const id of [toggled?.node.id, selected]) {
    const [a, b] = id === undefined ? [] : [from.layout.boxes.get(id), to.layout.boxes.get(id)];
    if (a && b) return { from: a, to: b };
  }
  return undefined;
}
