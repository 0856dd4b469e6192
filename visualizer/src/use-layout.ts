import { useCallback, useEffect, useRef, useState } from "react";
import { visibleGraph } from "../../src/visualize/visible-graph.js";
import type { Drawn } from "./flow-elements.js";
import type { LayoutClient } from "./layout-client.js";
import { useTheViewer, useViewer } from "./viewer.js";

/** After so long the page has drawn what it shows first, in ms. */
const IDLE = 500;

/** Lays out what is open; the last drawing stays until the next one is there. */
export function useLayout(client: LayoutClient): { drawn: Drawn | undefined; failure: string | undefined } {
  const viewer = useTheViewer();
  const open = useViewer(({ open }) => open);
  const [drawn, setDrawn] = useState<Drawn>();
  const [failure, setFailure] = useState<string>();
  const latest = useRef(0);
  const busy = useRef(false);
  const wanted = useRef(open);
  wanted.current = open;
  const run = useCallback(async () => {
    if (busy.current) return;
    busy.current = true;
    try {
      for (let of: ReadonlySet<string> | undefined; of !== wanted.current; ) {
        of = wanted.current;
        const turn = ++latest.current;
        const graph = visibleGraph(viewer.graph, of);
        const layout = await client.layout(graph);
        if (turn === latest.current) setDrawn({ graph, layout });
      }
    } catch (error) {
      setFailure((error as Error).message);
    } finally {
      busy.current = false;
    }
  }, [client, viewer]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another set of open boxes is what asks for a layout
  useEffect(() => void run(), [open, run]);
  const isDrawn = drawn !== undefined;
  useEffect(() => {
    if (!isDrawn) return;
    const later = setTimeout(() => void client.warmUp().catch(() => {}), IDLE);
    return () => clearTimeout(later);
  }, [client, isDrawn]);
  return { drawn, failure };
}
