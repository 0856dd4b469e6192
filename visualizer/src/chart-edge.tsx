import { BaseEdge, type Edge, EdgeLabelRenderer, type EdgeProps } from "@xyflow/react";
import { memo } from "react";
import { roundedPath } from "../../src/visualize/edge-path.js";
import type { PlacedEdge } from "../../src/visualize/elk-layout.js";
import { edgeText } from "../../src/visualize/node-size.js";
import { EDGE_LOOKS } from "../../src/visualize/palette.js";
import type { VisibleEdge } from "../../src/visualize/visible-graph.js";
import { useViewer } from "./viewer.js";

export type ChartEdgeData = { edge: VisibleEdge; placed: PlacedEdge; depth: number };
export type FlowEdge = Edge<ChartEdgeData, "chart">;

export const ChartEdge = memo(function ChartEdge({ id, data }: EdgeProps<FlowEdge>) {
  const edge = data?.edge;
  const taken = useViewer((viewer) => edge !== undefined && viewer.wasTaken(edge.from, edge.to));
  const near = useViewer(({ selected }) => edge !== undefined && (selected === edge.from || selected === edge.to));
  if (!data || !edge) return null;
  const { placed } = data;
  const { dash, width, name } = EDGE_LOOKS[edge.kind];
  const more = taken || near ? 1.4 : 0;
  return (
    <>
      <BaseEdge
        id={id}
        className={`edge-${edge.kind} ${taken ? "taken" : ""} ${near ? "near" : ""}`}
        path={roundedPath(placed.points)}
        style={{ strokeWidth: width + more, ...(dash && { strokeDasharray: dash }) }}
        markerEnd={`url(#arrow-${edge.kind})`}
      />
      {placed.label && (
        <EdgeLabelRenderer>
          <div
            className={`edge-label edge-${edge.kind}`}
            title={`${name}: ${edge.label}`}
            style={{
              transform: `translate(${placed.label.x}px, ${placed.label.y}px)`,
              width: placed.label.width,
              zIndex: data.depth * 2 + 1,
            }}
          >
            {edgeText(edge.label)}
          </div>
        </EdgeLabelRenderer>
      )}
    </>
  );
});

/** Arrowheads, one for each kind. */
export const Arrowheads = () => (
  <svg className="arrowheads" aria-hidden="true">
    <defs>
      {Object.keys(EDGE_LOOKS).map((kind) => (
        <marker
          key={kind}
          id={`arrow-${kind}`}
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerWidth="8"
          markerHeight="8"
          markerUnits="userSpaceOnUse"
          orient="auto"
        >
          <path className={`head-${kind}`} d="M0 0L8 4L0 8Z" />
        </marker>
      ))}
    </defs>
  </svg>
);
