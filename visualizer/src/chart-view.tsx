import "@xyflow/react/dist/style.css";
import {
  Background,
  BackgroundVariant,
  MiniMap,
  Panel,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef } from "react";
import { Arrowheads, ChartEdge, type FlowEdge } from "./chart-edge.js";
import { ChartNode, type FlowNode } from "./chart-node.js";
import { anchorOf, type Drawn, flowEdges, flowNodes, seenBox } from "./flow-elements.js";
import { Icon } from "./icons.js";
import type { LayoutClient } from "./layout-client.js";
import { Legend } from "./legend.js";
import { neighbour } from "./neighbours.js";
import { useLayout } from "./use-layout.js";
import { useTheViewer, useViewer } from "./viewer.js";

const NODE_TYPES = { chart: ChartNode };
const EDGE_TYPES = { chart: ChartEdge };
/** From so many things on only those are drawn that are seen. */
const MANY = 250;
/** Fewer are seen at a glance. */
const MINIMAP_FROM = 60;
/** What is written must be readable when the page opens. */
const LEAST_ZOOM_AT_FIRST = 0.6;
/** How long a frame is waited for, in ms. */
const UNSEEN = 1000;
const MOVE = { duration: 250 };

export function ChartView({ client }: { client: LayoutClient }) {
  return (
    <ReactFlowProvider>
      <Chart client={client} />
    </ReactFlowProvider>
  );
}

function Chart({ client }: { client: LayoutClient }) {
  const viewer = useTheViewer();
  const flow = useReactFlow<FlowNode, FlowEdge>();
  const hidden = useViewer(({ hidden }) => hidden);
  const { drawn, failure } = useLayout(client);
  usePainted(drawn !== undefined || failure !== undefined);
  const frame = useRef<HTMLDivElement>(null);
  const before = useRef<Drawn>(undefined);

  const nodes = useMemo(() => (drawn ? flowNodes(drawn) : []), [drawn]);
  const edges = useMemo(
    () => (drawn ? flowEdges(drawn).filter(({ data }) => data && !hidden.has(data.edge.kind)) : []),
    [drawn, hidden],
  );

  const fitAll = useCallback(
    (least = 0) => {
      const size = frame.current?.getBoundingClientRect();
      if (!drawn || !size) return;
      const { width, height } = drawn.layout;
      const zoom = Math.min(1.2, Math.max(least, Math.min((size.width - 24) / width, (size.height - 24) / height)));
      const x = Math.max(12, (size.width - width * zoom) / 2);
      const y = Math.max(12, (size.height - height * zoom) / 2);
      void flow.setViewport({ x, y, zoom }, least ? {} : MOVE);
    },
    [drawn, flow],
  );

  /** Moves only when it must: what is asked for is to be seen. */
  const show = useCallback(
    (id: string) => {
      const box = seenBox(drawn, viewer.graph, id);
      const size = frame.current?.getBoundingClientRect();
      if (!box || !size) return;
      const { x, y, zoom } = flow.getViewport();
      const left = box.x * zoom + x;
      const top = box.y * zoom + y;
      // Of what is larger than the page its beginning is to be seen.
      const right = left + Math.min(box.width * zoom, size.width * 0.7);
      const bottom = top + Math.min(box.height * zoom, size.height * 0.7);
      if (left > 0 && top > 0 && right < size.width && bottom < size.height && zoom > 0.35) return;
      const next = Math.max(zoom, 0.6);
      const place = (start: number, length: number, room: number) =>
        length * next > room ? 24 - start * next : room / 2 - (start + length / 2) * next;
      void flow.setViewport(
        { x: place(box.x, box.width, size.width), y: place(box.y, box.height, size.height), zoom: next },
        MOVE,
      );
    },
    [drawn, flow, viewer],
  );

  // At first everything, as far as it can be read; later what was opened stays where it is.
  useEffect(() => {
    if (!drawn) return;
    const last = before.current;
    before.current = drawn;
    if (!last) return fitAll(LEAST_ZOOM_AT_FIRST);
    const anchor = anchorOf(last, drawn, viewer.selected);
    if (anchor) {
      const { x, y, zoom } = flow.getViewport();
      void flow.setViewport({
        x: x + (anchor.from.x - anchor.to.x) * zoom,
        y: y + (anchor.from.y - anchor.to.y) * zoom,
        zoom,
      });
    }
  }, [drawn, fitAll, flow, viewer]);

  const selected = useViewer(({ selected }) => selected);
  useEffect(() => {
    if (selected !== undefined) show(selected);
  }, [selected, show]);
  const leaf = useViewer(({ follow, hasRun, activeLeaf }) => (follow && hasRun ? activeLeaf : undefined));
  useEffect(() => {
    if (leaf === undefined || !before.current) return;
    // A run that is over is seen as a whole.
    if (viewer.graph.nodes.get(leaf)?.kind === "final" && !leaf.includes(".")) fitAll();
    else show(leaf);
  }, [leaf, show, fitAll, viewer]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = selected ?? viewer.graph.root.id;
    const actions: { [key: string]: () => void } = {
      f: () => fitAll(),
      "+": () => void flow.zoomIn(MOVE),
      "=": () => void flow.zoomIn(MOVE),
      "-": () => void flow.zoomOut(MOVE),
      e: () => viewer.openAll("actions"),
      a: () => viewer.openAll("states"),
      c: () => viewer.openAll("none"),
      Enter: () => viewer.toggle(at),
      " ": () => viewer.toggle(at),
      Escape: () => viewer.select(undefined),
      ArrowUp: () => viewer.select(neighbour(viewer.graph, at, "before") ?? at),
      ArrowDown: () => viewer.select(neighbour(viewer.graph, at, "after") ?? at),
      ArrowLeft: () => viewer.select(neighbour(viewer.graph, at, "out") ?? at),
      ArrowRight: () => viewer.select(neighbour(viewer.graph, at, "in") ?? at),
    };
    const action = actions[event.key];
    if (!action || (event.target as HTMLElement).closest("button, input, select")) return;
    event.preventDefault();
    action();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the chart is moved about in with the keys
    <div className="chart" ref={frame} onKeyDown={onKeyDown} tabIndex={-1} data-nodes={nodes.length}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        minZoom={0.03}
        maxZoom={2.5}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        zoomOnDoubleClick={false}
        deleteKeyCode={null}
        onlyRenderVisibleElements={nodes.length > MANY}
        onNodeClick={(_, { id }) => viewer.select(id, false)}
        onNodeDoubleClick={(_, { id, data }) => data.node.children.length > 0 && viewer.toggle(id)}
        onPaneClick={() => viewer.select(undefined)}
        proOptions={{ hideAttribution: true }}
        aria-label="Statechart of the job"
      >
        <Arrowheads />
        <Background variant={BackgroundVariant.Dots} gap={22} size={1.2} />
        {nodes.length > MINIMAP_FROM && (
          <MiniMap
            pannable
            zoomable
            ariaLabel="Overview"
            nodeClassName={({ data }) => `mini-${(data as FlowNode["data"]).open ? "open" : "closed"}`}
          />
        )}
        <Panel position="bottom-left" className="chart-tools">
          <Tool label="Fit (f)" icon="fit" onClick={() => fitAll()} />
          <Tool label="Zoom in (+)" icon="plus" onClick={() => void flow.zoomIn(MOVE)} />
          <Tool label="Zoom out (-)" icon="minus" onClick={() => void flow.zoomOut(MOVE)} />
          <Tool label="Open all actions (e)" icon="layers" onClick={() => viewer.openAll("actions")} />
          <Tool label="Close all (c)" icon="collapse" onClick={() => viewer.openAll("none")} />
          <FollowTool />
          <Legend />
        </Panel>
      </ReactFlow>
      {!drawn && !failure && <div className="waiting">Laying out…</div>}
      {failure && <div className="waiting failure">The chart cannot be laid out: {failure}</div>}
    </div>
  );
}

/** Tells when the browser has painted what was given to it. */
function usePainted(given: boolean): void {
  const viewer = useTheViewer();
  useEffect(() => {
    if (!given || viewer.painted) return;
    let told: ReturnType<typeof setTimeout>;
    const frame = requestAnimationFrame(() => {
      told = setTimeout(() => viewer.set({ painted: true }));
    });
    // A page that nobody sees has no frames.
    const anyhow = setTimeout(() => viewer.set({ painted: true }), UNSEEN);
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(told);
      clearTimeout(anyhow);
    };
  }, [given, viewer]);
}

function Tool({
  label,
  icon,
  onClick,
  pressed,
}: {
  label: string;
  icon: Parameters<typeof Icon>[0]["name"];
  onClick: () => void;
  pressed?: boolean;
}) {
  return (
    <button type="button" title={label} aria-label={label} aria-pressed={pressed} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

function FollowTool() {
  const viewer = useTheViewer();
  const follow = useViewer(({ follow }) => follow);
  if (!viewer.hasRun) return null;
  return (
    <Tool
      label="Follow what is active"
      icon="follow"
      pressed={follow}
      onClick={() => viewer.set({ follow: !follow })}
    />
  );
}
