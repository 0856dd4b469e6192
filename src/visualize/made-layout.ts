/** A layout that was made where a page is served: the page shows it first, without loading the layouter. */
import type { Chart } from "../statechart/chart-types.js";
import { chartGraph } from "./chart-graph.js";
import { type ElkNode, elkGraph } from "./elk-layout.js";
import { firstOpen, visibleGraph } from "./visible-graph.js";

export interface MadeLayout {
  /** Fingerprint of what was laid out. */
  of: string;
  elk: ElkNode;
}

/** What a page asks first for this chart. */
export function firstQuestion(chart: Chart): ElkNode {
  const graph = chartGraph(chart);
  return elkGraph(visibleGraph(graph, firstOpen(graph)));
}

/** Tells one question to ELK from another: 64 bits, as text. ELK writes into what it is asked: take it before. */
export function fingerprint(question: ElkNode): string {
  const text = JSON.stringify(question);
  let a = 0x811c9dc5;
  let b = 0x1b873593;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b);
  }
  const hex = (number: number) => (number >>> 0).toString(16).padStart(8, "0");
  return hex(a) + hex(b);
}
