import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { memo } from "react";
import { durationText, type GraphNode } from "../../src/visualize/graph-types.js";
import { shorten } from "../../src/visualize/node-size.js";
import { innerActions, isBox } from "../../src/visualize/visible-graph.js";
import { Icon, type IconName } from "./icons.js";
import { type NodeStatus, useTheViewer, useViewer } from "./viewer.js";

export type ChartNodeData = { node: GraphNode; open: boolean };
export type FlowNode = Node<ChartNodeData, "chart">;

const STATUS_ICONS: { [status in NodeStatus]?: IconName } = {
  done: "check",
  failed: "cross",
  skipped: "skip",
  active: "dot",
  within: "dot",
};
const STATUS_WORDS: { [status in NodeStatus]: string } = {
  idle: "not entered",
  active: "active",
  within: "active inside",
  done: "done",
  failed: "failed",
  skipped: "skipped",
};

/** Arrows end where the layout says; React Flow wants places to hold on to all the same. */
const Holds = () => (
  <>
    <Handle type="target" position={Position.Top} isConnectable={false} />
    <Handle type="source" position={Position.Bottom} isConnectable={false} />
  </>
);

export const ChartNode = memo(function ChartNode({ data: { node, open } }: NodeProps<FlowNode>) {
  const status = useViewer((viewer) => viewer.statusOf(node, open));
  const selected = useViewer((viewer) => viewer.selected === node.id);
  const className = ["node", `kind-${node.kind}`, open ? "open" : "", `is-${status}`, selected ? "selected" : ""].join(
    " ",
  );
  return (
    <div className={className} data-id={node.id} title={node.detail ?? ""}>
      <Holds />
      <Content node={node} open={open} status={status} />
    </div>
  );
});

function Content({ node, open, status }: ChartNodeData & { status: NodeStatus }) {
  switch (node.kind) {
    case "initial":
      return <span className="sr-only">start</span>;
    case "deadline":
      return (
        <>
          <Icon name="clock" size={12} /> <span>{node.label}</span>
        </>
      );
    case "watch":
      return (
        <>
          <Icon name="eye" size={12} /> <span>{node.label}</span>
        </>
      );
    case "cancel":
      return (
        <>
          <Icon name="stop" size={12} /> <span>{node.label}</span>
        </>
      );
    case "state":
    case "final":
      return (
        <>
          <span className="name">{node.label}</span>
          {node.detail && <span className="detail">{shorten(node.detail, 38)}</span>}
        </>
      );
    default:
      return <BoxContent node={node} open={open} status={status} />;
  }
}

function BoxContent({ node, open, status }: ChartNodeData & { status: NodeStatus }) {
  const viewer = useTheViewer();
  const inside = innerActions(node);
  const title = node.kind === "job" ? viewer.view.title : node.label;
  const icon = STATUS_ICONS[status];
  return (
    <>
      <div className="title">
        {node.kind !== "group" && (
          <span className={`status ${status}`} role="img" aria-label={STATUS_WORDS[status]}>
            {icon && <Icon name={icon} size={11} />}
          </span>
        )}
        {node.level && <span className="level">{node.level}</span>}
        <strong>{title}</strong>
        {isBox(node) && node.kind !== "job" && (
          <button
            type="button"
            className="toggle nodrag"
            aria-expanded={open}
            aria-label={`${open ? "Close" : "Open"} ${title}`}
            onClick={(event) => {
              event.stopPropagation();
              viewer.toggle(node.id);
            }}
          >
            <Icon name={open ? "open" : "close"} />
          </button>
        )}
      </div>
      <div className="chips">
        {node.timeout !== undefined && (
          <span>
            <Icon name="clock" size={10} />
            {durationText(node.timeout)}
          </span>
        )}
        <Attempts node={node} />
        {inside > 0 && !open && (
          <span>
            {inside} action{inside === 1 ? "" : "s"}
          </span>
        )}
        {open && node.detail && <span className="detail">{shorten(node.detail, 48)}</span>}
      </div>
      <Used node={node} />
    </>
  );
}

/** Attempts that there are, and which one it is. */
function Attempts({ node }: { node: GraphNode }) {
  const attempt = useViewer(({ moment }) => (node.level ? moment?.actions.get(node.level)?.attempt : undefined));
  if (!node.maxRetries || node.maxRetries < 2) return null;
  return (
    <span className={attempt !== undefined && attempt > 1 ? "again" : ""}>
      <Icon name="retry" size={10} />
      {attempt === undefined ? `×${node.maxRetries}` : `${attempt} of ${node.maxRetries}`}
    </span>
  );
}

/** Time used of time allowed. */
function Used({ node }: { node: GraphNode }) {
  // In steps of half a percent: a drawing for each is enough.
  const used = useViewer((viewer) => {
    const part = viewer.usedOf(node);
    return part === undefined ? undefined : Math.round(part * 200) / 2;
  });
  if (used === undefined) return null;
  return (
    <div className={used > 80 ? "used late" : "used"} role="img" aria-label={`${Math.round(used)} % of its time used`}>
      <div style={{ width: `${used}%` }} />
    </div>
  );
}
