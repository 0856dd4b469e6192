/** Names that break pages and pictures: the page as one file, what the server hands to a page, and the exported charts. */
import { gunzipSync } from "node:zlib";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { compileChart } from "../../src/statechart/compile-chart.js";
import { chartDot } from "../../src/visualize/chart-dot.js";
import { chartGraph } from "../../src/visualize/chart-graph.js";
import { chartMermaid } from "../../src/visualize/chart-mermaid.js";
import { chartSvg } from "../../src/visualize/chart-svg.js";
import { layoutHere } from "../../src/visualize/layout-here.js";
import { serveView, type ViewServer } from "../../src/visualize/server.js";
import { embeddedFiles, singleFile } from "../../src/visualize/single-file.js";
import type { ViewData } from "../../src/visualize/view-data.js";
import { allOpen, visibleGraph } from "../../src/visualize/visible-graph.js";
import { pipelineOf } from "../statechart/action-nodes.js";
import { makeWorkspace, removeWorkspace } from "../support/workspace.js";
import { journal, writeRun } from "./runs.js";

const NAMES = [
  "a\0b",
  "a\nb\r\n\r\ndata: c",
  "</script><script>alert(1)</script>",
  "<!--<script>",
  "</title></style><img src=x>",
  "]]>",
  "a\u2028b\u2029c\u0085d",
  "\x1b]52;c;aGk=\x07",
  "a\x9b2Jb",
  "\ud800",
  "\udc00\ud800",
  "a\uffffb",
  "'\"&",
];
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\uffff\ud800-\udfff]/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const RAW = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\uffff\ud800-\udfff]/u;

const folder = makeWorkspace();
let server: ViewServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});
afterAll(() => removeWorkspace(folder));

const page = new Map(
  ["/index.html", "/visualizer.js", "/visualizer.css", "/elk-worker.js"].map((path) => [
    path,
    { type: "text/html", content: Buffer.from("x") },
  ]),
);
const viewOf = (name: string): ViewData => ({
  version: 1,
  title: name,
  chart: chartOf(name),
  whole: true,
  sources: { [name]: name },
  problems: [{ severity: "warning", path: name, message: name } as never],
  run: "recorded",
});
const chartOf = (name: string) =>
  compileChart(pipelineOf([{ name, summary: name, children: [{ name, service: name }] }]));
/** What JSON says of a value. */
const said = (value: unknown) => JSON.parse(JSON.stringify(value));
/** A run whose job and device have this name; its journal as JSON says it. */
function runOf(name: string): { directory: string; lines: string[] } {
  const records = journal();
  Object.assign(records[0]!, { job_name: name, device: name, job_file: name });
  const directory = writeRun(`${folder}/${NAMES.indexOf(name)}`, { records });
  return { directory, lines: records.map((record) => JSON.stringify(record)) };
}

describe.each(NAMES)("%j", (name) => {
  test("the page as one file", async () => {
    const { directory, lines } = runOf(name);
    const html = singleFile(page, viewOf(name), await embeddedFiles(directory));
    expect(html).not.toMatch(RAW);
    expect(html).not.toContain("<!--");
    expect(html.match(/<\/title>|<\/style>|<img/g)).toHaveLength(2);
    const opened = html.match(/<script[^>]*>/g)!;
    expect(opened).toHaveLength(6);
    expect(html.match(/<\/script/g)).toHaveLength(6);
    // As the page reads it.
    const block = (id: string) => {
      const packed = new RegExp(`id="embedded-${id}">([A-Za-z0-9+/=]*)</script>`).exec(html)?.[1];
      return gunzipSync(Buffer.from(packed!, "base64")).toString("utf8");
    };
    expect(JSON.parse(block("view"))).toEqual(said(viewOf(name)));
    expect(block("journal").split("\n")).toEqual(lines);
  });

  test("what a page is told by the server", async () => {
    const { directory, lines } = runOf(name);
    server = await serveView({ files: page, view: () => viewOf(name), directory });
    const view = await fetch(`${server.url}view.json`);
    expect(view.headers.get("content-type")).toBe("application/json");
    expect(view.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await view.json()).toEqual(said(viewOf(name)));
    const events = await (await fetch(`${server.url}stream`)).text();
    const told = events
      .split(/\r\n|\r|\n/)
      .flatMap((line) => (line.startsWith("data: ") ? [JSON.parse(line.slice("data: ".length))] : []));
    expect(told.flatMap(({ stream, lines: some }) => (stream === "journal" ? some : []))).toEqual(lines);
  });

  test("pictures of the chart", async () => {
    const graph = chartGraph(chartOf(name));
    const visible = visibleGraph(graph, allOpen(graph, "states"));
    const svg = chartSvg(visible, await layoutHere(visible), name);
    expect(svg.match(/<(?:script|img|!)|<\/(?:title|style)><img/g)).toBeNull();
    for (const text of [svg, chartDot(visible), chartMermaid(visible)]) {
      expect(text).not.toMatch(CONTROL);
    }
  });
});
