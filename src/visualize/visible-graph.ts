/** What is seen of a chart when some boxes are closed: every arrow is drawn between two things of the same box. */
import { type ChartGraph, type EdgeKind, type GraphNode, ROOT_ID } from "./graph-types.js";

export interface VisibleNode {
  node: GraphNode;
  /** Only of an open box. */
  children: VisibleNode[];
  open: boolean;
}

export interface VisibleEdge {
  id: string;
  from: string;
  to: string;
  /** The box in which it is drawn. */
  parent: string;
  kind: EdgeKind;
  label: string;
  /** Ids of the chart's transitions that it stands for. */
  of: string[];
}

export interface VisibleGraph {
  root: VisibleNode;
  nodes: Map<string, VisibleNode>;
  edges: VisibleEdge[];
}

export const isBox = (node: GraphNode): boolean => node.children.length > 0;
/** Actions in this box, itself not counted. */
export const innerActions = (node: GraphNode): number =>
  node.children.reduce((sum, child) => sum + (child.kind === "action" ? 1 : 0) + innerActions(child), 0);

/** The ids from the job's box down to this node. */
export function pathTo(graph: ChartGraph, id: string): string[] {
  const path: string[] = [];
  for (let at = graph.nodes.get(id); at; at = at.parent === undefined ? undefined : graph.nodes.get(at.parent))
    path.unshift(at.id);
  return path;
}

/** The node that stands for a state path: its own, that of the state it is a part of, or undefined. */
export function nodeOfState(graph: ChartGraph, path: string): GraphNode | undefined {
  for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const node = graph.nodes.get(at) ?? graph.nodes.get(graph.alias.get(at) ?? "");
    if (node) return node;
  }
  return graph.nodes.get(ROOT_ID);
}

/**
 * Boxes to open at first: level by level as long as not more than `budget` boxes are seen, and none of the actions that
 * hold no others: what is in them is the same everywhere.
 */
export function firstOpen(graph: ChartGraph, budget = 40): Set<string> {
  const open = new Set<string>([ROOT_ID]);
  let seen = graph.root.children.length;
  let level: GraphNode[] = graph.root.children;
  while (level.length > 0) {
    const next: GraphNode[] = [];
    for (const node of level) {
      if (innerActions(node) === 0 || seen + node.children.length > budget) continue;
      open.add(node.id);
      seen += node.children.length;
      next.push(...node.children);
    }
    level = next;
  }
  return open;
}

/** All boxes that hold actions (`actions`), or all boxes (`states`). */
export const allOpen = (graph: ChartGraph, detail: "actions" | "states"): Set<string> =>
  new Set(
    [...graph.nodes.values()]
      .filter((node) => isBox(node) && (detail === "states" || innerActions(node) > 0))
      .map(({ id }) => id),
  );

/** The graph as seen with these boxes open. The job's box always is. */
export function visibleGraph(graph: ChartGraph, open: ReadonlySet<string>): VisibleGraph {
  const nodes = new Map<string, VisibleNode>();
  const see = (node: GraphNode): VisibleNode => {
    const isOpen = isBox(node) && (node.id === ROOT_ID || open.has(node.id));
    const seen: VisibleNode = { node, open: isOpen, children: isOpen ? node.children.map(see) : [] };
    nodes.set(node.id, seen);
    return seen;
  };
  const root = see(graph.root);
  const seenPaths = new Map<string, string[]>();
  const seenPath = (id: string) => {
    const path = seenPaths.get(id) ?? pathTo(graph, id).filter((step) => nodes.has(step));
    seenPaths.set(id, path);
    return path;
  };
  const edges = new Map<string, VisibleEdge>();
  for (const edge of graph.edges) {
    const a = seenPath(edge.from);
    const b = seenPath(edge.to);
    let depth = 0;
    while (depth < a.length && depth < b.length && a[depth] === b[depth]) depth++;
    // One holds the other, or both are in the same closed box: nothing to be seen, but a state that leads to itself.
    const loops = edge.from === edge.to && nodes.has(edge.from);
    const from = loops ? edge.from : a[depth];
    const to = loops ? edge.to : b[depth];
    const parent = a[loops ? depth - 2 : depth - 1];
    if (from === undefined || to === undefined || parent === undefined) continue;
    const lifted = from !== edge.from;
    const label = lifted && edge.kind === "failure" ? "" : edge.label;
    const id = `${from} -> ${to} ${edge.kind} ${label}`;
    const known = edges.get(id);
    if (known) known.of.push(edge.id);
    else edges.set(id, { id, from, to, parent, kind: edge.kind, label, of: [edge.id] });
  }
  return { root, nodes, edges: [...edges.values()] };
}
