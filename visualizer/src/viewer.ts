/** What the page knows and shows; components subscribe to the parts that they draw. */
import { createContext, useContext, useSyncExternalStore } from "react";
import type { ExplainedAction } from "../../src/pipeline/explain.js";
import { chartGraph } from "../../src/visualize/chart-graph.js";
import { ConsoleTape } from "../../src/visualize/console-tape.js";
import type { ChartGraph, EdgeKind, GraphNode } from "../../src/visualize/graph-types.js";
import { type LogLine, parseLogLine } from "../../src/visualize/log-lines.js";
import { type Moment, Timeline } from "../../src/visualize/timeline.js";
import type { StreamPiece, ViewData } from "../../src/visualize/view-data.js";
import { allOpen, firstOpen, innerActions, isBox, nodeOfState, pathTo } from "../../src/visualize/visible-graph.js";
import { keepChoice, readChoice } from "./choices.js";
import type { StreamState } from "./load.js";

export type NodeStatus = "idle" | "active" | "within" | "done" | "failed" | "skipped";
export type Theme = "auto" | "light" | "dark";
export type Panel = "state" | "data" | "timeouts" | "results" | "source";
export type Dock = "console" | "log";

export class Viewer {
  readonly view: ViewData;
  readonly graph: ChartGraph;
  readonly byLevel = new Map<string, GraphNode>();
  readonly timeline = new Timeline();
  readonly tape = new ConsoleTape();
  readonly logs: LogLine[] = [];
  /** Bytes of each file that are not here. */
  skipped: { [stream: string]: number } = {};

  stream: StreamState = "loading";
  /** Whether the chart is on the screen: all that a page can do without comes after it. */
  painted = false;
  open: ReadonlySet<string>;
  /** Opened by following, closed again when left. */
  #followed = new Set<string>();
  selected: string | undefined;
  hidden: ReadonlySet<EdgeKind> = new Set();
  theme: Theme = (readChoice("theme") as Theme) ?? "auto";
  panel: Panel = "state";
  dock: Dock = "console";
  source: { file: string; line: number } | undefined;

  /** Whether the end is followed as it comes; and whether the chart follows what is active. */
  atEnd = true;
  follow: boolean;
  playing = false;
  speed = 1;
  t = 0;
  moment: Moment | undefined;
  #active = new Set<string>();
  #leaves = new Set<string>();
  #before = new Set<string>();

  #version = 0;
  #scheduled = false;
  readonly #listeners = new Set<() => void>();

  constructor(view: ViewData) {
    this.view = view;
    this.graph = chartGraph(view.chart);
    for (const node of this.graph.nodes.values()) if (node.level) this.byLevel.set(node.level, node);
    this.open = firstOpen(this.graph);
    this.follow = view.run === "live";
  }

  get hasRun(): boolean {
    return this.view.run !== "none";
  }
  get live(): boolean {
    return this.hasRun && this.stream !== "ended" && this.stream !== "stale" && this.timeline.verdict === undefined;
  }
  get start(): number {
    return this.timeline.start;
  }
  get end(): number {
    return Math.max(this.timeline.end, this.logs.at(-1)?.t ?? 0, this.timeline.start + 1);
  }

  // ---- subscription

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
  get version(): number {
    return this.#version;
  }
  changed(): void {
    this.#version++;
    for (const listener of this.#listeners) listener();
  }
  set(
    values: Partial<
      Pick<
        Viewer,
        "panel" | "dock" | "hidden" | "theme" | "follow" | "playing" | "speed" | "source" | "stream" | "painted"
      >
    >,
  ) {
    Object.assign(this, values);
    if (values.theme) keepChoice("theme", values.theme);
    this.changed();
  }

  // ---- the run

  take({ stream, lines, skipped }: StreamPiece): void {
    if (skipped) this.skipped = { ...this.skipped, [stream]: skipped };
    for (const line of lines) {
      if (stream === "journal") this.timeline.addLine(line);
      else if (stream === "console") this.tape.addLine(line, this.timeline.start);
      else if (line !== "") this.logs.push(parseLogLine(line, this.logs.length, this.logs.at(-1)?.t ?? this.start));
    }
    // One drawing for all that comes at once.
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      if (this.atEnd) this.#go(this.live ? Math.max(this.end, this.t) : this.end);
      else this.#go(this.t);
      this.changed();
    });
  }

  /** To a moment; going to the end means staying there. */
  seek(t: number): void {
    this.atEnd = t >= this.end;
    this.#go(Math.min(Math.max(t, this.start), this.end));
    this.changed();
  }
  toEnd(): void {
    this.atEnd = true;
    this.follow = true;
    this.#go(this.end);
    this.changed();
  }
  /** To a moment that was pointed at: playing and following end there. */
  jump(t: number): void {
    this.playing = false;
    this.seek(t);
  }
  /** To the event before or after. */
  step(by: number): void {
    const { timeline } = this;
    let index = timeline.countAt(this.t) - 1;
    do index += by;
    while (index > 0 && index < timeline.records.length && !isStep(timeline.records[index]?.kind));
    this.playing = false;
    this.seek(timeline.timeOf(index));
  }
  /** Wall-clock time goes on while a live run is followed. */
  tick(now: number): void {
    if (!this.live || !this.atEnd || this.timeline.records.length === 0) return;
    this.#go(Math.max(now, this.end));
    this.changed();
  }

  #go(t: number): void {
    this.t = t;
    if (!this.hasRun || this.timeline.records.length === 0) return;
    const moment = this.timeline.at(t);
    this.moment = moment;
    const nodes = (paths: string[]) => new Set(paths.map((path) => nodeOfState(this.graph, path)?.id ?? ""));
    this.#leaves = nodes(moment.active);
    this.#before = nodes(moment.before);
    this.#active = new Set([...this.#leaves].flatMap((id) => pathTo(this.graph, id)));
    if (this.follow) this.#followActive();
  }

  /** Opens what holds the active actions, and closes what following had opened before. */
  #followActive(): void {
    const wanted = new Set<string>();
    for (const id of this.#leaves)
      for (const step of pathTo(this.graph, id)) {
        const node = this.graph.nodes.get(step);
        if (node && isBox(node) && innerActions(node) > 0) wanted.add(step);
      }
    const left = [...this.#followed].filter((id) => !wanted.has(id));
    const more = [...wanted].filter((id) => !this.open.has(id));
    if (left.length === 0 && more.length === 0) return;
    const open = new Set(this.open);
    for (const id of left) {
      open.delete(id);
      this.#followed.delete(id);
    }
    for (const id of more) {
      open.add(id);
      this.#followed.add(id);
    }
    this.open = open;
  }

  // ---- what nodes look like

  isActive(id: string): boolean {
    return this.#active.has(id);
  }
  /** The node that stands for what is going on: the innermost one. */
  get activeLeaf(): string | undefined {
    let best: string | undefined;
    for (const id of this.#leaves) if (best === undefined || id.length > best.length) best = id;
    return best;
  }
  statusOf(node: GraphNode, isOpen: boolean): NodeStatus {
    const { moment } = this;
    if (!moment) return "idle";
    if (this.#active.has(node.id)) return isOpen || node.kind === "job" ? "within" : "active";
    const own = node.level === undefined ? undefined : moment.actions.get(node.level);
    if (own) return own.status === "running" ? (isOpen ? "within" : "active") : own.status;
    return "idle";
  }
  /** Whether the last event may have gone along this arrow: from what was active to what is. */
  wasTaken(from: string, to: string): boolean {
    const reaches = (ids: Set<string>, end: string) =>
      ids.has(end) || [...ids].some((id) => id.startsWith(`${end}.`) || id.startsWith(`${end}#`));
    return (
      this.moment !== undefined &&
      from !== to &&
      reaches(this.#before, from) &&
      !reaches(this.#leaves, from) &&
      reaches(this.#leaves, to)
    );
  }
  /** Part of an action's time that is used up, 0 to 1; undefined where it does not run. */
  usedOf(node: GraphNode): number | undefined {
    const own = node.level === undefined ? undefined : this.moment?.actions.get(node.level);
    if (own?.status !== "running" || !node.timeout || !this.moment) return undefined;
    return Math.min(1, Math.max(0, (this.t - own.entered) / (node.timeout * 1000)));
  }

  explained(level: string): ExplainedAction | undefined {
    const walk = (actions: ExplainedAction[]): ExplainedAction | undefined => {
      for (const action of actions) {
        const found = action.level === level ? action : walk(action.pipeline ?? []);
        if (found) return found;
      }
      return undefined;
    };
    return walk(this.view.explanation?.actions ?? []);
  }

  // ---- boxes

  toggle(id: string): void {
    const open = new Set(this.open);
    this.#followed.delete(id);
    if (!open.delete(id)) {
      open.add(id);
      // A step is a part of its action, and is seen with it.
      for (const child of this.graph.nodes.get(id)?.children ?? []) if (child.kind === "group") open.add(child.id);
    }
    this.open = open;
    this.changed();
  }
  openAll(detail: "actions" | "states" | "first" | "none"): void {
    this.#followed.clear();
    this.follow = false;
    this.open =
      detail === "first" ? firstOpen(this.graph) : detail === "none" ? new Set() : allOpen(this.graph, detail);
    this.changed();
  }
  /** Selects a node and opens what is around it. */
  select(id: string | undefined, reveal = true): void {
    this.selected = id;
    if (id !== undefined) {
      if (reveal) {
        const closed = pathTo(this.graph, id)
          .slice(0, -1)
          .filter((step) => !this.open.has(step));
        if (closed.length > 0) this.open = new Set([...this.open, ...closed]);
      }
      const location = this.graph.nodes.get(id)?.location;
      if (location) this.source = { file: location.file, line: location.line };
    }
    this.changed();
  }
  showSource(file: string, line: number): void {
    this.source = { file, line };
    this.panel = "source";
    this.changed();
  }
}

const isStep = (kind: string | undefined) => kind === "event" || kind === "verdict" || kind === "header";

export const ViewerContext = createContext<Viewer | undefined>(undefined);
export function useTheViewer(): Viewer {
  const viewer = useContext(ViewerContext);
  if (!viewer) throw new Error("The page has no data yet.");
  return viewer;
}
/** A part of what is known; the component is drawn again when it is another value. */
export function useViewer<T>(select: (viewer: Viewer) => T): T {
  const viewer = useTheViewer();
  return useSyncExternalStore(viewer.subscribe, () => select(viewer));
}
