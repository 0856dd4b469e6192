import { expect, test } from "vitest";
import { compileChart } from "../../src/statechart/compile-chart.js";
import { chartGraph } from "../../src/visualize/chart-graph.js";
import { layoutOf } from "../../src/visualize/elk-layout.js";
import { FirstLayouts } from "../../src/visualize/first-layouts.js";
import { layoutHere } from "../../src/visualize/layout-here.js";
import { fingerprint, firstQuestion } from "../../src/visualize/made-layout.js";
import { firstOpen, visibleGraph } from "../../src/visualize/visible-graph.js";
import { largePipeline, ubootChart } from "./charts.js";

const chart = compileChart(largePipeline());

test("the layout that is made in a thread is that which the page would make, also of a chart that came as JSON", async () => {
  const made = await new FirstLayouts().of(JSON.parse(JSON.stringify(chart)));
  expect(made?.of).toBe(fingerprint(firstQuestion(chart)));
  const graph = chartGraph(chart);
  const own = await layoutHere(visibleGraph(graph, firstOpen(graph)));
  expect(layoutOf(JSON.parse(JSON.stringify(made?.elk)))).toEqual(own);
});

test("it is made once for a chart", async () => {
  const layouts = new FirstLayouts();
  const first = layouts.of(chart);
  expect(layouts.of(chart)).toBe(first);
  expect(layouts.of(ubootChart())).not.toBe(first);
  await first;
});

test("a chart that cannot be drawn has none", async () => {
  expect(await new FirstLayouts().of({ id: "job", states: { a: null } } as never)).toBeUndefined();
});

test("another question has another fingerprint", () => {
  const questions = [chart, ubootChart(), { ...chart, states: {} }].map((each) => fingerprint(firstQuestion(each)));
  expect(new Set(questions).size).toBe(3);
  const question = firstQuestion(chart);
  const before = fingerprint(question);
  Object.assign(question.children?.[0] ?? {}, { width: 1 });
  expect(fingerprint(question)).not.toBe(before);
});
