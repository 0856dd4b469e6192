import { useEffect, useMemo, useRef, useState } from "react";
import type { LogLine } from "../../src/visualize/log-lines.js";
import { clockText } from "./times.js";
import { useTheViewer, useViewer } from "./viewer.js";

const ROW = 19;
const AROUND = 30;
/** What is said to the board and by it, and what the dispatcher says. */
const GROUPS: { [name: string]: (level: string) => boolean } = {
  all: () => true,
  console: (level) => level === "target" || level === "input" || level === "feedback",
  dispatcher: (level) => level !== "target" && level !== "input" && level !== "feedback",
  problems: (level) => level === "error" || level === "warning" || level === "exception",
};

/** logs.yaml: only the lines that are seen are drawn, so that a long one scrolls as a short one does. */
export function LogPanel() {
  const viewer = useTheViewer();
  const count = useViewer(({ logs }) => logs.length);
  const [group, setGroup] = useState("all");
  const [query, setQuery] = useState("");
  const [top, setTop] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const [height, setHeight] = useState(300);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the list grows in place; its length says so
  const lines = useMemo(() => {
    const wanted = query.toLowerCase();
    const inGroup = GROUPS[group] ?? (() => true);
    return viewer.logs.filter(
      ({ level, text }) => inGroup(level) && (wanted === "" || text.toLowerCase().includes(wanted)),
    );
  }, [viewer, count, group, query]);
  const now = useViewer(({ t }) => lastBefore(lines, t));

  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const resize = new ResizeObserver(() => setHeight(element.clientHeight));
    resize.observe(element);
    return () => resize.disconnect();
  }, []);
  useEffect(() => {
    const element = list.current;
    if (!element || now < 0) return;
    const y = now * ROW;
    if (y < element.scrollTop + ROW || y > element.scrollTop + element.clientHeight - 2 * ROW)
      element.scrollTop = y - element.clientHeight * 0.6;
  }, [now]);

  const first = Math.max(0, Math.floor(top / ROW) - AROUND);
  const shown = lines.slice(first, Math.ceil((top + height) / ROW) + AROUND);
  return (
    <div className="log">
      <div className="log-tools">
        <select aria-label="Which lines" value={group} onChange={(event) => setGroup(event.target.value)}>
          {Object.keys(GROUPS).map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <input
          type="search"
          placeholder="Filter the log"
          aria-label="Filter the log"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
        <span>{lines.length === count ? `${count} lines` : `${lines.length} of ${count} lines`}</span>
      </div>
      <div className="log-lines" ref={list} onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
        <div style={{ height: lines.length * ROW }}>
          {shown.map((line, i) => (
            <button
              type="button"
              key={line.number}
              className={`log-line level-${line.level} ${first + i > now ? "later" : ""} ${first + i === now ? "now" : ""}`}
              style={{ top: (first + i) * ROW }}
              title={`line ${line.number} of logs.yaml`}
              onClick={() => {
                viewer.set({ playing: false });
                viewer.seek(line.t);
              }}
            >
              <time>{clockText(line.t - viewer.start)}</time>
              <b>{line.level}</b>
              <span>{line.text}</span>
            </button>
          ))}
        </div>
      </div>
    </div>
  );
}

function lastBefore(lines: LogLine[], t: number): number {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.t ?? 0) <= t) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
