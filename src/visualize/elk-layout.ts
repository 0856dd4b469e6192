/** Visible graph ⇄ ELK's JSON: where everything stands. Layout itself is done by elkjs, wherever the caller runs it. */

import { directions } from "./box-directions.js";
import type { EdgeKind, NodeKind } from "./graph-types.js";
import { BOX_PADDING, edgeText, edgeTextSize, nodeSize } from "./node-size.js";
import type { VisibleGraph, VisibleNode } from "./visible-graph.js";

export interface Point {
  x: number;
  y: number;
}
export interface Box extends Point {
  width: number;
  height: number;
}
export interface PlacedEdge {
  /** From start to end; absolute. */
  points: Point[];
  label?: Box;
}
export interface Layout {
  width: number;
  height: number;
  /** By node id: absolute. */
  boxes: Map<string, Box>;
  /** By edge id. */
  edges: Map<string, PlacedEdge>;
}

export interface ElkLabel extends Partial<Box> {
  text: string;
}
export interface ElkEdge {
  id: string;
  sources: string[];
  targets: string[];
  labels?: ElkLabel[];
  sections?: { startPoint: Point; endPoint: Point; bendPoints?: Point[] }[];
  layoutOptions?: { [option: string]: string };
}
export interface ElkPort {
  id: string;
  layoutOptions: { [option: string]: string };
}
export interface ElkNode extends Partial<Box> {
  id: string;
  ports?: ElkPort[];
  children?: ElkNode[];
  edges?: ElkEdge[];
  layoutOptions?: { [option: string]: string };
}

const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.layered.cycleBreaking.strategy": "MODEL_ORDER",
  // The order of the job's actions is the order on the page.
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  "elk.layered.crossingMinimization.strategy": "NONE",
  "elk.layered.crossingMinimization.greedySwitch.type": "OFF",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.layered.mergeEdges": "false",
  "elk.spacing.nodeNode": "26",
  "elk.spacing.edgeNode": "16",
  "elk.spacing.edgeEdge": "9",
  "elk.spacing.edgeLabel": "3",
  "elk.layered.spacing.nodeNodeBetweenLayers": "30",
  "elk.layered.spacing.edgeNodeBetweenLayers": "14",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "9",
};

/** Arrows of one kind share their way in and their way out; the way on goes straight through, ways out leave aside. */
function side(end: "in" | "out", kind: EdgeKind, from: NodeKind, down: boolean): string {
  const [before, after, aside] = down ? ["NORTH", "SOUTH", "EAST"] : ["WEST", "EAST", "SOUTH"];
  if (end === "in") return before as string;
  const straight = kind === "next" || kind === "prompt" || from !== "action";
  return (straight ? after : aside) as string;
}

const isListed = ({ node, open }: VisibleNode) => node.kind === "action" && !open;

/** What ELK is asked. */
export function elkGraph({ root, nodes, edges }: VisibleGraph): ElkNode {
  const downward = directions(root);
  const isDown = (id: string) => downward.get(id) ?? true;
  const ports = new Map<string, Map<string, ElkPort>>();
  const port = (id: string, end: "in" | "out", kind: EdgeKind, down: boolean): string => {
    const group = kind === "prompt" ? "next" : kind;
    const portId = `${id} ${end} ${group}`;
    const own = ports.get(id) ?? new Map<string, ElkPort>();
    ports.set(id, own);
    const from = nodes.get(id)?.node.kind ?? "state";
    own.set(portId, { id: portId, layoutOptions: { "elk.port.side": side(end, kind, from, down) } });
    return portId;
  };
  const byParent = new Map<string, ElkEdge[]>();
  for (const { id, from, to, parent, label, kind } of edges) {
    const down = isDown(parent);
    const text = edgeText(label);
    const elk: ElkEdge = {
      id,
      sources: [port(from, "out", kind, down)],
      targets: [port(to, "in", kind, down)],
      ...(text && { labels: [{ text, ...edgeTextSize(label) }] }),
      layoutOptions: { "elk.layered.priority.straightness": kind === "next" ? "10" : "0" },
    };
    const list = byParent.get(parent);
    if (list) list.push(elk);
    else byParent.set(parent, [elk]);
  }
  const make = (seen: VisibleNode, width?: number): ElkNode => {
    const { node, children, open } = seen;
    const least = nodeSize(seen);
    const size = { ...least, width: Math.max(least.width, width ?? 0) };
    const own = ports.get(node.id);
    const about = { id: node.id, ...(own && { ports: [...own.values()] }) };
    const fixed = { "elk.portConstraints": "FIXED_SIDE" };
    if (!open) return { ...about, ...size, layoutOptions: fixed };
    const { top, side: beside, bottom } = BOX_PADDING;
    // The closed actions of a list are as wide as the widest of them.
    const column = Math.max(0, ...children.filter(isListed).map((child) => nodeSize(child).width));
    return {
      ...about,
      children: children.map((child) => make(child, isDown(node.id) && isListed(child) ? column : undefined)),
      edges: byParent.get(node.id) ?? [],
      layoutOptions: {
        ...OPTIONS,
        ...fixed,
        "elk.direction": isDown(node.id) ? "DOWN" : "RIGHT",
        "elk.padding": `[top=${top},left=${beside},bottom=${bottom},right=${beside}]`,
        "elk.nodeSize.constraints": "MINIMUM_SIZE",
        "elk.nodeSize.minimum": `(${size.width},${size.height})`,
      },
    };
  };
  return make(root);
}

/** Reads ELK's answer. */
export function layoutOf(elk: ElkNode): Layout {
  const boxes = new Map<string, Box>();
  const edges = new Map<string, PlacedEdge>();
  const read = (node: ElkNode, x: number, y: number) => {
    const at = { x: x + (node.x ?? 0), y: y + (node.y ?? 0) };
    boxes.set(node.id, { ...at, width: node.width ?? 0, height: node.height ?? 0 });
    const move = (point: Point): Point => ({ x: point.x + at.x, y: point.y + at.y });
    for (const edge of node.edges ?? []) {
      const [section] = edge.sections ?? [];
      if (!section) continue;
      const points = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint].map(move);
      const [label] = edge.labels ?? [];
      edges.set(edge.id, {
        points,
        ...(label?.x !== undefined && {
          label: { ...move({ x: label.x, y: label.y ?? 0 }), width: label.width ?? 0, height: label.height ?? 0 },
        }),
      });
    }
    for (const child of node.children ?? []) read(child, at.x, at.y);
  };
  read(elk, 0, 0);
  return { width: elk.width ?? 0, height: elk.height ?? 0, boxes, edges };
}
