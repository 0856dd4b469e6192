import { createRequire } from "node:module";
import { type ElkNode, elkGraph, type Layout, layoutOf } from "./elk-layout.js";
import type { VisibleGraph } from "./visible-graph.js";

interface Elk {
  layout(graph: ElkNode): Promise<ElkNode>;
}

/** Lays a graph out in this process; elkjs is loaded for it. */
export async function layoutHere(graph: VisibleGraph): Promise<Layout> {
  const load = createRequire(import.meta.url);
  const name = "elkjs/lib/elk.bundled.js";
  const Elk = load(name) as new () => Elk;
  return layoutOf(await new Elk().layout(elkGraph(graph)));
}
