import { useEffect, useMemo, useRef, useState } from "react";
import type { GraphNode } from "../../src/visualize/graph-types.js";
import { Icon } from "./icons.js";
import { useTheViewer } from "./viewer.js";

const MOST = 12;

/** Finds states by level, name or service. */
export function Search() {
  const viewer = useTheViewer();
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const found = useMemo(() => find([...viewer.graph.nodes.values()], query), [viewer, query]);

  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      const typing = (event.target as HTMLElement).closest("input, select, textarea");
      if ((event.key === "/" && !typing) || (event.key === "k" && (event.ctrlKey || event.metaKey))) {
        event.preventDefault();
        input.current?.focus();
        input.current?.select();
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);

  const go = (node: GraphNode | undefined) => {
    if (!node) return;
    viewer.set({ follow: false });
    viewer.select(node.id);
    setQuery("");
    input.current?.blur();
  };
  return (
    <search className="search">
      <Icon name="search" />
      <input
        ref={input}
        type="search"
        placeholder="Find a state  ( / )"
        aria-label="Find a state"
        role="combobox"
        aria-expanded={found.length > 0}
        aria-controls="found"
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
          else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
          else if (event.key === "Enter") go(found[at]);
          else if (event.key === "Escape") {
            setQuery("");
            input.current?.blur();
          } else return;
          event.preventDefault();
        }}
      />
      {query.trim() !== "" && (
        <ul id="found" className="found">
          {found.map((node, i) => (
            <li key={node.id}>
              <button
                type="button"
                className={i === at ? "at" : ""}
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => go(node)}
              >
                <span className="level">{node.level ?? levelAround(viewer.graph.nodes, node)}</span> {node.label}
                {node.detail && <small>{node.detail}</small>}
              </button>
            </li>
          ))}
          {found.length === 0 && <li className="none">No state is named so.</li>}
        </ul>
      )}
    </search>
  );
}

/** What begins with the words comes first, actions before what is in them. */
function find(nodes: GraphNode[], query: string): GraphNode[] {
  const words = query.trim().toLowerCase();
  if (words === "") return [];
  const rank = ({ kind, level, label, detail }: GraphNode) => {
    if (kind !== "action" && kind !== "state" && kind !== "watch") return undefined;
    const name = label.toLowerCase();
    const later = kind === "action" ? 0 : 10;
    if (level === words || name === words) return later;
    if (level?.startsWith(words) || name.startsWith(words)) return later + 1;
    if (name.includes(words)) return later + 2;
    return detail?.toLowerCase().includes(words) ? later + 3 : undefined;
  };
  return nodes
    .flatMap((node) => {
      const value = rank(node);
      return value === undefined ? [] : [{ node, value }];
    })
    .sort((a, b) => a.value - b.value)
    .slice(0, MOST)
    .map(({ node }) => node);
}

function levelAround(nodes: Map<string, GraphNode>, node: GraphNode): string {
  for (let at: GraphNode | undefined = node; at; at = nodes.get(at.parent ?? "")) if (at.level) return at.level;
  return "";
}
