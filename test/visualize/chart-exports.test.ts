import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { type AnyStateNode, createMachine } from "xstate";
import { compileChart } from "../../src/statechart/compile-chart.js";
import { chartDot } from "../../src/visualize/chart-dot.js";
import { chartGraph } from "../../src/visualize/chart-graph.js";
import { chartMermaid } from "../../src/visualize/chart-mermaid.js";
import { chartSvg } from "../../src/visualize/chart-svg.js";
import type { ChartGraph } from "../../src/visualize/graph-types.js";
import { layoutHere } from "../../src/visualize/layout-here.js";
import { allOpen, firstOpen, type VisibleGraph, visibleGraph } from "../../src/visualize/visible-graph.js";
import { pipelineOf } from "../statechart/action-nodes.js";
import { largePipeline, ubootChart } from "./charts.js";

const NASTY = 'a"b\\<script>&; :#{}[]`%\n%% --> [*]';
const nastyChart = () =>
  compileChart(pipelineOf([{ name: NASTY, summary: NASTY, children: [{ name: NASTY, service: NASTY }] }]));
const seen = (graph: ChartGraph, detail: "actions" | "states") => visibleGraph(graph, allOpen(graph, detail));
const charts: [string, () => VisibleGraph][] = [
  ["everything, actions", () => seen(chartGraph(ubootChart()), "actions")],
  ["everything, states", () => seen(chartGraph(ubootChart()), "states")],
  ["193 actions", () => seen(chartGraph(compileChart(largePipeline())), "actions")],
  ["193 actions, states", () => seen(chartGraph(compileChart(largePipeline())), "states")],
  ["names that mean something elsewhere", () => seen(chartGraph(nastyChart()), "states")],
];

test("xstate: createMachine takes the JSON as it is, and every transition finds its target", () => {
  const machine = createMachine(JSON.parse(JSON.stringify(ubootChart())));
  let states = 0;
  let transitions = 0;
  const walk = (node: AnyStateNode) => {
    states++;
    for (const list of node.transitions.values()) for (const { target = [] } of list) transitions += target.length;
    for (const child of Object.values(node.states)) walk(child);
  };
  walk(machine.root);
  expect(states).toBeGreaterThan(200);
  expect(transitions).toBeGreaterThan(200);
});

describe("dot: Graphviz draws it without a word of complaint", () => {
  test.each(charts)("%s", (_, graph) => {
    const shown = graph();
    const { stdout, stderr, status } = spawnSync("dot", ["-Tjson0"], {
      input: chartDot(shown),
      encoding: "utf8",
      maxBuffer: 1 << 28,
    });
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    const drawn = JSON.parse(stdout);
    expect(drawn.edges).toHaveLength(shown.edges.length);
    const closed = [...shown.nodes.values()].filter(({ open }) => !open);
    expect(drawn.objects.filter(({ name }: { name: string }) => !name.startsWith("cluster_"))).toHaveLength(
      closed.length,
    );
    for (const { node } of closed.filter(({ node: { kind } }) => kind === "action"))
      expect(
        drawn.objects.some(({ label }: { label?: string }) =>
          label?.replaceAll("\\n", "\n").replaceAll("\\\\", "\\").replaceAll('\\"', '"').includes(node.label),
        ),
      ).toBe(true);
  });
});

describe("mermaid", () => {
  test.each(charts)("every state is declared once, in its box, and arrows stay in one box: %s", (_, graph) => {
    const shown = graph();
    const lines = chartMermaid(shown).split("\n");
    expect(lines[0]).toBe("stateDiagram-v2");
    const boxOf = new Map<string, string>();
    const open: string[] = [""];
    for (const line of lines.slice(1)) {
      const state = /^\s*state "[^"]*" as (s\d+)( \{)?$/.exec(line);
      const arrow = /^\s*(\[\*\]|s\d+) --> (s\d+)( : [^:;]+(;[^:;]*)*)?$/.exec(line);
      if (state) {
        expect(boxOf.has(state[1]!)).toBe(false);
        boxOf.set(state[1]!, open.at(-1)!);
        if (state[2]) open.push(state[1]!);
      } else if (/^\s*}$/.test(line)) open.pop();
      else if (arrow) {
        if (arrow[1] !== "[*]") expect(boxOf.get(arrow[1]!)).toBe(open.at(-1));
        expect(boxOf.get(arrow[2]!)).toBe(open.at(-1));
      } else expect(line).toMatch(/^(\s*direction TB| {2}classDef .*| {2}class [s\d,]+ \w+|)$/);
    }
    expect(open).toEqual([""]);
    expect(lines.filter((line) => line.includes("-->"))).toHaveLength(shown.edges.length);
  });
});

describe("svg", () => {
  test("is well-formed and shows every box inside the box around it, none over its neighbour", async () => {
    const graph = chartGraph(ubootChart());
    const shown = visibleGraph(graph, firstOpen(graph));
    const layout = await layoutHere(shown);
    for (const { node, children, open } of shown.nodes.values()) {
      const box = layout.boxes.get(node.id)!;
      if (!open) continue;
      const inner = children.map((child) => layout.boxes.get(child.node.id)!);
      for (const [i, a] of inner.entries()) {
        expect(
          a.x >= box.x && a.y >= box.y && a.x + a.width <= box.x + box.width && a.y + a.height <= box.y + box.height,
        ).toBe(true);
        for (const b of inner.slice(i + 1))
          expect(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(
            true,
          );
      }
    }
    for (const { id } of shown.edges) expect(layout.edges.get(id)?.points.length).toBeGreaterThan(1);
    const svg = chartSvg(shown, layout, "a job");
    for (const { node } of shown.nodes.values()) if (node.kind === "action") expect(svg).toContain(`>${node.label}<`);
    expect(svg.match(/marker-end/g)).toHaveLength(shown.edges.length);
  });
  test("escapes names, and holds no script and no address", async () => {
    const shown = seen(chartGraph(nastyChart()), "states");
    const svg = chartSvg(shown, await layoutHere(shown), NASTY);
    expect(svg).not.toContain("<script");
    expect(svg).toContain("&lt;script&gt;");
    expect(svg.match(/https?:/g)).toHaveLength(1); // the namespace
  });
});
