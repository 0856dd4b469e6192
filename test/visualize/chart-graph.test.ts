import { describe, expect, test } from "vitest";
import { compileChart } from "../../src/statechart/compile-chart.js";
import { chartGraph } from "../../src/visualize/chart-graph.js";
import type { ChartGraph, GraphNode } from "../../src/visualize/graph-types.js";
import { allOpen, firstOpen, nodeOfState, visibleGraph } from "../../src/visualize/visible-graph.js";
import { pipelineOf } from "../statechart/action-nodes.js";
import { largePipeline, ubootChart, ubootPipeline } from "./charts.js";

const last = (id: string) => id.split(".").at(-1);
const arrows = (graph: ChartGraph, from: RegExp) =>
  graph.edges.filter((edge) => from.test(edge.from)).map(({ kind, to, label }) => [kind, last(to), label]);
function* all(node: GraphNode): Generator<GraphNode> {
  yield node;
  for (const child of node.children) yield* all(child);
}

describe("a retry action with two steps", () => {
  const graph = chartGraph(
    compileChart(
      pipelineOf([
        {
          name: "boot",
          retry: true,
          maxRetries: 3,
          seconds: 90,
          children: [
            { name: "one", service: "a" },
            { name: "two", service: "b" },
          ],
        },
      ]),
    ),
  );

  test("is a box that holds its steps, its deadline and its ways out, and none of the states that only order them", () => {
    const box = graph.nodes.get("working.1_boot") as GraphNode;
    expect(box).toMatchObject({ kind: "action", level: "1", label: "boot", timeout: 90, maxRetries: 3, parent: "job" });
    expect(box.children.map(({ kind, label }) => `${kind} ${label}`)).toEqual([
      "initial ",
      "action one",
      "action two",
      "final done",
      "deadline 1 min 30 s",
      "state failing",
      "state retrying",
    ]);
  });
  test("has its transitions drawn: in order, timeout, failure, retry", () => {
    expect(arrows(graph, /1_boot#initial$/)).toEqual([["next", "1-1_one", ""]]);
    expect(arrows(graph, /1-1_one$/)).toEqual([["next", "1-2_two", ""]]);
    expect(arrows(graph, /1-2_two$/)).toEqual([["next", "done", ""]]);
    expect(arrows(graph, /1_boot#deadline$/)).toEqual([["timeout", "failing", ""]]);
    expect(arrows(graph, /1_boot\.failing$/)).toEqual([
      ["retry", "retrying", "try again"],
      ["failure", "finalize", ""],
    ]);
    expect(arrows(graph, /1_boot\.retrying$/)).toEqual([["retry", "1-1_one", ""]]);
  });
  test("closed, it leads where what is in it leads", () => {
    const { edges, nodes } = visibleGraph(graph, new Set());
    const box = edges.filter(({ from }) => from === "working.1_boot");
    expect(box.map(({ kind, to }) => [kind, last(to)])).toEqual([
      ["next", "finalize"],
      ["failure", "finalize"],
    ]);
    expect([...nodes.keys()].filter((id) => id.startsWith("working.1_boot"))).toEqual(["working.1_boot"]);
  });
  test("state paths of the journal find their node", () => {
    const found = (path: string) => nodeOfState(graph, path)?.id;
    expect(found("working.1_boot.running.1-1_one.running.run")).toBe("working.1_boot.running.1-1_one.running.run");
    expect(found("working.1_boot.running")).toBe("working.1_boot");
    expect(found("finalizing.finalize.running")).toBe("finalizing.finalize");
    expect(found("of.another.chart")).toBe("job");
  });
});

describe("a job with everything", () => {
  const pipeline = ubootPipeline();
  const graph = chartGraph(ubootChart());

  test("every action is a box with its level, inside the box of the level above", () => {
    const boxes = [...all(graph.root)].filter(({ kind }) => kind === "action");
    const levels = (actions: typeof pipeline.actions): string[] =>
      actions.flatMap((node) => [node.level, ...levels(node.children)]);
    expect(boxes.map(({ level }) => level).sort()).toEqual(levels(pipeline.actions).sort());
    for (const { level = "", parent = "" } of boxes) {
      const above = graph.nodes.get(parent)?.level ?? "";
      expect(level.slice(0, Math.max(0, level.lastIndexOf(".")))).toBe(above);
    }
  });
  test("retries, timeouts, diagnoses, prompts and watchers are arrows", () => {
    const kinds = new Set(graph.edges.map(({ kind }) => kind));
    for (const kind of ["next", "retry", "timeout", "prompt", "watcher", "failure", "cancel"])
      expect(kinds).toContain(kind);
    const login = graph.edges.filter(({ from, kind }) => from.includes("login-action") && kind === "prompt");
    expect(login.some(({ label }) => label.startsWith("prompt "))).toBe(true);
  });
  test("nothing leads nowhere, and every transition between drawn states is there", () => {
    for (const { from, to } of graph.edges) {
      expect(graph.nodes.has(from)).toBe(true);
      expect(graph.nodes.has(to)).toBe(true);
    }
    // Whatever is drawn and is no start can be reached.
    const reached = new Set(graph.edges.map(({ to }) => to));
    const loose = [...graph.nodes.values()].filter(
      ({ id, kind }) => !reached.has(id) && !["job", "initial", "deadline", "cancel", "watch"].includes(kind),
    );
    expect(loose.map(({ id }) => id)).toEqual([]);
  });
  test("seen with any boxes open, arrows stay within one box", () => {
    for (const open of [new Set<string>(), firstOpen(graph), allOpen(graph, "actions"), allOpen(graph, "states")]) {
      const seen = visibleGraph(graph, open);
      for (const { from, to, parent } of seen.edges) {
        const [a, b] = [seen.nodes.get(from), seen.nodes.get(to)];
        expect([a?.node.parent, b?.node.parent]).toEqual([parent, parent]);
      }
    }
  });
});

describe("a diagnosis", () => {
  const step = { kind: "service" as const, service: "look", with: {} };
  const graph = chartGraph(compileChart(pipelineOf([{ name: "boot", service: "a", diagnose: [step] }])));
  test("stands between the failure and the decision", () => {
    expect(arrows(graph, /1_boot\.failing$/)).toEqual([
      ["diagnose", "0", ""],
      ["diagnose", "deciding", ""],
    ]);
    expect(graph.nodes.get("working.1_boot.diagnosing.0")).toMatchObject({ label: "diagnose 1", detail: "look" });
    expect(arrows(graph, /diagnosing\.0$/)).toEqual([["diagnose", "deciding", ""]]);
  });
});

test("what cannot be named is drawn as it is: an unknown state and transition", () => {
  const chart = compileChart(pipelineOf([]));
  chart.states!.working!.states!.odd = { on: { strange: [{ target: "finished" }, { target: "nowhere" }] } };
  const graph = chartGraph(chart);
  expect(graph.nodes.get("working.odd")).toMatchObject({ kind: "state", label: "odd" });
  expect(arrows(graph, /odd$/)).toEqual([["next", "finalize", ""]]);
});

test("193 actions: few boxes at first, all of them when asked", () => {
  const graph = chartGraph(compileChart(largePipeline()));
  expect([...all(graph.root)].filter(({ kind }) => kind === "action")).toHaveLength(193);
  const first = visibleGraph(graph, firstOpen(graph, 60));
  expect(first.nodes.size).toBeLessThanOrEqual(61);
  expect(first.nodes.size).toBeGreaterThan(10);
  const seen = visibleGraph(graph, allOpen(graph, "actions"));
  expect([...seen.nodes.values()].filter(({ node }) => node.kind === "action")).toHaveLength(193);
});
