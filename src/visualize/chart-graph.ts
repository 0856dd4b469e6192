/**
 * Chart → what is drawn. Actions are boxes, nested as their levels are; the states that only order an action's steps
 * (`running`, regions, `finished`) have no box, and their transitions are drawn between what they lead to.
 */
import type { Json } from "../base/json.js";
import type { Location } from "../base/problem.js";
import type { Chart, ChartState, ChartTransition } from "../statechart/chart-types.js";
import {
  type ChartGraph,
  durationText,
  type EdgeKind,
  type GraphEdge,
  type GraphNode,
  ROOT_ID,
} from "./graph-types.js";

interface Found {
  path: string;
  key: string;
  state: ChartState;
  parent?: Found;
  children: Found[];
}

const isCompound = ({ children }: Found) => children.length > 0;
const isAction = ({ state }: Found) => state.meta?.level !== undefined;
const isFinal = ({ state }: Found) => state.type === "final";
const invokes = ({ state }: Found, src: string) => state.invoke?.some((invoke) => invoke.src === src) ?? false;
const text = (value: Json | undefined) => (typeof value === "string" ? value : undefined);
const place = (value: Json | undefined) => (value ? (value as unknown as Location) : undefined);

/** Whether a state has a box (or a mark) of its own. */
function isDrawn(found: Found): boolean {
  const { parent } = found;
  if (!parent || !isCompound(found) || isAction(found)) return !(isFinal(found) && parent && ordersOnly(parent));
  // A step that talks, beside other steps of its action.
  return found.state.type === "parallel" && parent.children.filter((child) => !isFinal(child)).length > 1;
}
/** Compound, and neither an action nor the job: its final state means only that what follows comes. */
const ordersOnly = (found: Found): boolean => found.parent !== undefined && isCompound(found) && !isAction(found);

/** Builds the graph of a compiled chart. Unknown states and transitions are drawn as plain ones. */
export function chartGraph(chart: Chart): ChartGraph {
  return new GraphBuilder(chart).build();
}

class GraphBuilder {
  readonly #root: Found;
  readonly #byPath = new Map<string, Found>();
  readonly #byId = new Map<string, Found>();
  readonly #nodes = new Map<string, GraphNode>();
  readonly #alias = new Map<string, string>();
  readonly #edges = new Map<string, GraphEdge>();

  constructor(chart: Chart) {
    this.#root = this.#find(chart, "", "", undefined);
  }

  build(): ChartGraph {
    const root = this.#draw(this.#root, undefined) as GraphNode;
    for (const found of this.#byPath.values()) this.#connect(found);
    return { root, nodes: this.#nodes, edges: [...this.#edges.values()], alias: this.#alias };
  }

  #find(state: ChartState, key: string, path: string, parent: Found | undefined): Found {
    const found: Found = { path, key, state, children: [], ...(parent && { parent }) };
    this.#byPath.set(path, found);
    if (state.id) this.#byId.set(state.id, found);
    for (const [name, inner] of Object.entries(state.states ?? {}))
      found.children.push(this.#find(inner, name, path ? `${path}.${name}` : name, found));
    return found;
  }

  // ---- nodes

  #add(node: GraphNode): GraphNode {
    this.#nodes.set(node.id, node);
    return node;
  }

  /** Draws a state, or what is in it where it has no box. */
  #draw(found: Found, parent: GraphNode | undefined): GraphNode | undefined {
    if (parent && !isDrawn(found)) {
      this.#alias.set(found.path, parent.id);
      this.#fill(found, parent);
      return undefined;
    }
    const node = this.#add({
      id: found.path || ROOT_ID,
      ...this.#describe(found),
      children: [],
      ...(parent && { parent: parent.id }),
    });
    parent?.children.push(node);
    if (isCompound(found)) {
      this.#mark(node, "initial", "");
      this.#fill(found, node);
    }
    return node;
  }

  /** What a box holds, in the order of the drawing: the way through it, its end, what ends it from outside, what goes wrong. */
  #fill(found: Found, node: GraphNode): void {
    const { state, children } = found;
    const isWay = (child: Found) => !isAction(found) || child.key === state.initial || isFinal(child);
    const way = children.filter(isWay);
    // What a job or a dialogue ends with stands last as it is.
    const ordered = isAction(found) ? way.sort((a, b) => Number(isFinal(a)) - Number(isFinal(b))) : way;
    for (const child of ordered) this.#draw(child, node);
    const seconds = state.meta?.timeout;
    if (invokes(found, "deadline"))
      this.#mark(node, "deadline", typeof seconds === "number" ? durationText(seconds) : "job timeout");
    if (state.on?.["job.cancel"]) this.#mark(node, "cancel", "cancel");
    for (const child of children) if (!isWay(child)) this.#draw(child, node);
  }

  #mark(parent: GraphNode, kind: "initial" | "deadline" | "cancel", label: string): void {
    parent.children.push(this.#add({ id: `${parent.id}#${kind}`, kind, label, children: [], parent: parent.id }));
  }

  #describe(found: Found): Omit<GraphNode, "id" | "children"> {
    const { state, key } = found;
    const { meta = {} } = state;
    const location = place(meta.location);
    const machine = place(meta.machine);
    const places = { ...(location && { location }), ...(machine && { machine }) };
    if (!found.parent) return { kind: "job", label: "job" };
    if (isAction(found)) {
      const summary = text(meta.summary);
      return {
        kind: "action",
        label: text(meta.name) ?? key,
        level: String(meta.level),
        ...(summary && { detail: summary }),
        ...(typeof meta.timeout === "number" && { timeout: meta.timeout }),
        ...(typeof meta.max_retries === "number" && { maxRetries: meta.max_retries }),
        ...places,
      };
    }
    if (isCompound(found)) return { kind: "group", label: key };
    if (invokes(found, "watch")) return { kind: "watch", label: "watchers" };
    const service = text(state.invoke?.[0]?.input.service);
    // Steps of a diagnosis have numbers for names.
    const label = found.parent.key === "diagnosing" ? `diagnose ${Number(key) + 1}` : key;
    return { kind: isFinal(found) ? "final" : "state", label, ...(service && { detail: service }), ...places };
  }

  // ---- transitions

  #connect(found: Found): void {
    const { state } = found;
    if (isCompound(found) && isDrawn(found))
      for (const to of this.#enter(found)) this.#edge(`${this.#nodeOf(found)}#initial`, to, "next", "");
    for (const [event, transitions] of Object.entries(state.on ?? {}))
      for (const transition of transitions) this.#transition(found, event, transition);
    for (const transition of state.always ?? []) this.#transition(found, "", transition);
    for (const invoke of state.invoke ?? []) {
      for (const transition of invoke.onDone ?? []) this.#transition(found, "done", transition);
      for (const transition of invoke.onError ?? []) this.#transition(found, "error", transition);
    }
    // The end of a state without a box is drawn from what leads to it.
    if (isDrawn(found)) for (const transition of state.onDone ?? []) this.#transition(found, "done", transition);
  }

  #transition(source: Found, event: string, transition: ChartTransition): void {
    if (!transition.target) return;
    const target = this.#resolve(source, transition.target);
    if (!target) return;
    const kind = kindOf(source, target, event, transition);
    for (const { to, via } of this.#arrive(target)) {
      const last = via ?? transition;
      const lastKind = via ? kindOf(target, target, "done", via, to) : "next";
      this.#edge(
        this.#origin(source, event),
        this.#nodeOf(to),
        kind === "next" ? lastKind : kind,
        labelOf(last, event, kind, source),
      );
    }
  }

  /** Where a transition ends in the drawing. Entering the end of a state without a box leads on to what follows it. */
  #arrive(target: Found): { to: Found; via?: ChartTransition }[] {
    if (isDrawn(target)) return [{ to: target }];
    if (!isCompound(target)) {
      const { parent } = target;
      const follow = parent?.state.onDone ?? [];
      // The end of the last region is the end of what holds the regions.
      if (parent && follow.length === 0 && parent.parent && !isDrawn(parent)) return [];
      return follow.flatMap((via) => {
        const next = this.#resolve(parent as Found, via.target ?? "");
        return next ? this.#arrive(next).map((end) => ({ via, ...end })) : [];
      });
    }
    return this.#enter(target).flatMap((id) => {
      const to = this.#byPath.get(id);
      return to ? [{ to }] : [];
    });
  }

  /** Paths of the drawn states that entering this compound state leads to: the first region's, where there are several. */
  #enter(found: Found): string[] {
    const { state } = found;
    const first =
      state.type === "parallel" ? found.children[0] : found.children.find(({ key }) => key === state.initial);
    return first ? this.#arrive(first).map(({ to }) => to.path) : [];
  }

  #origin(source: Found, event: string): string {
    const node = this.#nodeOf(source);
    if (event === "deadline") return `${node}#deadline`;
    if (event === "job.cancel") return `${node}#cancel`;
    if (isDrawn(source) || !isCompound(source)) return node;
    // What a step as a whole does is drawn from what watches its console.
    const watch = [...this.#byPath.values()].find(
      (each) => invokes(each, "watch") && each.path.startsWith(`${source.path}.`),
    );
    return watch ? watch.path : node;
  }

  #nodeOf(found: Found): string {
    for (let at: Found | undefined = found; at; at = at.parent) {
      if (this.#nodes.has(at.path || ROOT_ID)) return at.path || ROOT_ID;
    }
    return ROOT_ID;
  }

  #resolve(source: Found, target: string): Found | undefined {
    if (target.startsWith("#")) {
      const [id = "", ...rest] = target.slice(1).split(".");
      return walk(this.#byId.get(id), rest);
    }
    if (target.startsWith(".")) return walk(source, target.slice(1).split("."));
    return walk(source.parent, target.split("."));
  }

  #edge(from: string, to: string, kind: EdgeKind, label: string): void {
    if (!this.#nodes.has(from) || !this.#nodes.has(to)) return;
    const id = `${from} -> ${to} (${kind}: ${label})`;
    if (!this.#edges.has(id)) this.#edges.set(id, { id, from, to, kind, label });
  }
}

const walk = (from: Found | undefined, keys: string[]): Found | undefined =>
  keys.reduce<Found | undefined>((at, key) => at?.children.find((child) => child.key === key), from);

function kindOf(
  source: Found,
  target: Found,
  event: string,
  { guard, description }: ChartTransition,
  end = target,
): EdgeKind {
  if (event === "deadline") return "timeout";
  if (event === "job.cancel") return "cancel";
  if (event.startsWith("watch.") || event === "dialogue.failed") return "watcher";
  if (guard?.type === "mayRetry" || guard?.type === "repeats" || source.key === "retrying") return "retry";
  const inDiagnosis = [source.key, source.parent?.key, target.key].includes("diagnosing");
  if (inDiagnosis || target.key === "deciding") return "diagnose";
  if (event === "error" || end.key === "failing" || source.key === "failing" || source.key === "deciding")
    return "failure";
  if (guard?.type === "isInvalid" || description === "failed") return "failure";
  return event === "dialogue.take" ? "prompt" : "next";
}

function labelOf({ description, guard }: ChartTransition, event: string, kind: EdgeKind, source: Found): string {
  if (event === "dialogue.failed") return "console closed";
  if (kind === "retry" && source.key !== "retrying" && description !== "repeat") return "try again";
  // The deadline that it comes from says how much time there was.
  if (kind === "timeout" || kind === "cancel") return "";
  if (guard?.type === "isInvalid") return "invalid";
  if (description === "otherwise" || description === "failed") return event === "dialogue.take" ? "otherwise" : "";
  return description ?? "";
}
