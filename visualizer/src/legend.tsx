import { useState } from "react";
import { EDGE_KINDS, type EdgeKind } from "../../src/visualize/graph-types.js";
import { EDGE_LOOKS } from "../../src/visualize/palette.js";
import { Icon } from "./icons.js";
import { useTheViewer, useViewer } from "./viewer.js";

/** What the arrows mean; each kind can be hidden. */
export function Legend() {
  const viewer = useTheViewer();
  const hidden = useViewer(({ hidden }) => hidden);
  const [shown, setShown] = useState(false);
  const present = new Set(viewer.graph.edges.map(({ kind }) => kind));
  const toggle = (kind: EdgeKind) => {
    const next = new Set(hidden);
    if (!next.delete(kind)) next.add(kind);
    viewer.set({ hidden: next });
  };
  return (
    <>
      <button
        type="button"
        title="What the arrows mean"
        aria-label="What the arrows mean"
        aria-expanded={shown}
        onClick={() => setShown(!shown)}
      >
        <Icon name="route" />
      </button>
      {shown && (
        <fieldset className="legend">
          <legend>Arrows</legend>
          {EDGE_KINDS.filter((kind) => present.has(kind)).map((kind) => (
            <label key={kind}>
              <input type="checkbox" checked={!hidden.has(kind)} onChange={() => toggle(kind)} />
              <svg width="34" height="8" aria-hidden="true">
                <path
                  className={`edge-${kind}`}
                  d="M0 4H34"
                  strokeWidth={EDGE_LOOKS[kind].width + 0.4}
                  strokeDasharray={EDGE_LOOKS[kind].dash || undefined}
                />
              </svg>
              {EDGE_LOOKS[kind].name}
            </label>
          ))}
        </fieldset>
      )}
    </>
  );
}
