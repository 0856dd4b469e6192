/** Sizes of what is drawn, in pixels. Estimated from the number of characters: no font is measured. */
import { durationText, type GraphNode } from "./graph-types.js";
import { innerActions, isBox, type VisibleNode } from "./visible-graph.js";

export interface Size {
  width: number;
  height: number;
}

const LETTER = 7.7;
const SMALL_LETTER = 6;
/** Space that an open box leaves for its title, and around what is in it. */
export const BOX_PADDING = { top: 58, side: 18, bottom: 18 };
const LABEL_LETTERS = 30;

export const shorten = (text: string, letters: number): string =>
  text.length > letters ? `${text.slice(0, letters - 1)}…` : text;

/** The text of an arrow, as it is drawn. */
export const edgeText = (label: string): string => shorten(label, LABEL_LETTERS);
export const edgeTextSize = (label: string): Size => ({
  width: edgeText(label).length * SMALL_LETTER + 10,
  height: 16,
});

/** What stands below an action's name. */
export function chips(node: GraphNode): string[] {
  const inside = innerActions(node);
  return [
    ...(node.timeout === undefined ? [] : [durationText(node.timeout)]),
    ...(node.maxRetries && node.maxRetries > 1 ? [`×${node.maxRetries}`] : []),
    ...(inside > 0 ? [`${inside} action${inside === 1 ? "" : "s"}`] : []),
  ];
}

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, Math.ceil(value)));
const titleWidth = ({ level, label }: GraphNode) => `${level ?? ""} ${label}`.length * LETTER + 68;

/** Size of a node without children; an open box must be at least this wide. */
export function nodeSize({ node, open }: VisibleNode): Size {
  if (node.kind === "initial") return { width: 14, height: 14 };
  if (node.kind === "action" || node.kind === "job" || isBox(node)) {
    const chipWidth = chips(node).reduce((sum, chip) => sum + chip.length * SMALL_LETTER + 26, 24);
    const detail = open && node.detail ? Math.min(node.detail.length, 48) * SMALL_LETTER + 56 : 0;
    return { width: clamp(Math.max(titleWidth(node), chipWidth, detail), 150, 460), height: 52 };
  }
  if (node.kind === "deadline" || node.kind === "cancel" || node.kind === "watch")
    return { width: clamp(node.label.length * SMALL_LETTER + 42, 72, 200), height: 28 };
  if (node.kind === "final") return { width: 64, height: 28 };
  const width = Math.max(node.label.length * LETTER, (node.detail?.length ?? 0) * SMALL_LETTER) + 28;
  return { width: clamp(width, 74, 260), height: node.detail ? 42 : 30 };
}
