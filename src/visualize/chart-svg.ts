/** The graph as one SVG file: no script, no font, no link; light or dark as the reader's screen is. */
import { markupText } from "../base/markup-text.js";
import { roundedPath } from "./edge-path.js";
import type { Box, Layout } from "./elk-layout.js";
import { EDGE_KINDS } from "./graph-types.js";
import { chips, edgeText, shorten } from "./node-size.js";
import { EDGE_LOOKS } from "./palette.js";
import type { VisibleGraph, VisibleNode } from "./visible-graph.js";

const STYLE = `
svg{background:#f8fafc;color:#0f172a;font:12.5px system-ui,sans-serif}
.box{fill:#fff;stroke:#cbd5e1}.group{fill:#0f172a08;stroke:#94a3b8}.aside{fill:none;stroke-dasharray:4 3}
text{fill:currentColor}.dim{fill:#64748b;font-size:11px}.level{fill:#64748b}
path{fill:none}.label{font-size:10.5px;paint-order:stroke;stroke:#f8fafc;stroke-width:3px}
${EDGE_KINDS.map((kind) => `.${kind}{stroke:${EDGE_LOOKS[kind].light}}.t-${kind},.a-${kind}{fill:${EDGE_LOOKS[kind].light}}`).join("")}
@media(prefers-color-scheme:dark){
svg{background:#0b1220;color:#e2e8f0}.box{fill:#131c2e;stroke:#334155}.group{fill:#e2e8f008;stroke:#475569}
.dim,.level{fill:#94a3b8}.label{stroke:#0b1220}
${EDGE_KINDS.map((kind) => `.${kind}{stroke:${EDGE_LOOKS[kind].dark}}.t-${kind},.a-${kind}{fill:${EDGE_LOOKS[kind].dark}}`).join("")}}`;

/** Draws a graph where its layout has put it. */
export function chartSvg({ root, edges }: VisibleGraph, layout: Layout, name: string): string {
  const out: string[] = [];
  const draw = (seen: VisibleNode) => {
    const box = layout.boxes.get(seen.node.id);
    if (!box) return;
    out.push(drawNode(seen, box, name));
    for (const child of seen.children) draw(child);
  };
  draw(root);
  for (const { id, kind, label } of edges) {
    const placed = layout.edges.get(id);
    if (!placed) continue;
    const { dash, width } = EDGE_LOOKS[kind];
    const style = `stroke-width="${width}"${dash && ` stroke-dasharray="${dash}"`}`;
    out.push(`<path class="${kind}" d="${roundedPath(placed.points)}" ${style} marker-end="url(#a-${kind})"/>`);
    if (placed.label)
      out.push(
        `<text class="label t-${kind}" x="${placed.label.x + 4}" y="${placed.label.y + 12}">${markupText(edgeText(label))}</text>`,
      );
  }
  const markers = EDGE_KINDS.map(
    (kind) =>
      `<marker id="a-${kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="a-${kind}" d="M0 0L8 4L0 8Z"/></marker>`,
  ).join("");
  const [width, height] = [Math.ceil(layout.width), Math.ceil(layout.height)];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${markupText(name)}">
<style>${STYLE}</style><defs>${markers}</defs>
${out.join("\n")}
</svg>
`;
}

function drawNode({ node, open }: VisibleNode, { x, y, width, height }: Box, name: string): string {
  const rect = (className: string, radius: number, more = "") =>
    `<rect class="${className}" x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}"${more}/>`;
  const text = (className: string, dx: number, dy: number, value: string) =>
    `<text${className && ` class="${className}"`} x="${x + dx}" y="${y + dy}">${markupText(value)}</text>`;
  const middle = (value: string, dy: number, className = "") =>
    `<text${className && ` class="${className}"`} text-anchor="middle" x="${x + width / 2}" y="${y + dy}">${markupText(value)}</text>`;
  const tip = node.detail ? `<title>${markupText(node.detail)}</title>` : "";
  switch (node.kind) {
    case "initial":
      return `<circle cx="${x + 7}" cy="${y + 7}" r="6" fill="currentColor"/>`;
    case "final":
      return `${rect("box", 14)}<rect class="box" x="${x + 3}" y="${y + 3}" width="${width - 6}" height="${height - 6}" rx="11"/>${middle(node.label, 18.5)}`;
    case "deadline":
    case "watch":
    case "cancel": {
      const kind = ({ deadline: "timeout", watch: "watcher", cancel: "cancel" } as const)[node.kind];
      const clock = `<path class="${kind}" d="M${x + 18} ${y + 14}m-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0M${x + 18} ${y + 10}v4l3 2"/>`;
      return `${rect(`aside ${kind}`, 14)}${node.kind === "deadline" ? clock : ""}${text(`t-${kind}`, node.kind === "deadline" ? 30 : 16, 18.5, node.label)}`;
    }
    case "state":
      return `<g>${tip}${rect("box", 8)}${middle(node.label, node.detail ? 18 : 19.5)}${node.detail ? middle(shorten(node.detail, 38), 33, "dim") : ""}</g>`;
    default: {
      const title = node.kind === "job" ? name : node.label;
      const line = `<text x="${x + 14}" y="${y + 21}"><tspan class="level">${markupText(node.level ?? "")}</tspan>${node.level ? " " : ""}<tspan font-weight="600">${markupText(title)}</tspan></text>`;
      const below = [...chips(node), ...(open && node.detail ? [shorten(node.detail, 48)] : [])].join("  ·  ");
      return `<g>${tip}${rect(open ? "group" : "box", 10)}${line}${text("dim", 14, 39, below)}</g>`;
    }
  }
}
