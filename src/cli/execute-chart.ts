import { compileChart } from "../statechart/compile-chart.js";
import { chartDot } from "../visualize/chart-dot.js";
import { chartGraph } from "../visualize/chart-graph.js";
import { chartMermaid } from "../visualize/chart-mermaid.js";
import { chartSvg } from "../visualize/chart-svg.js";
import { layoutHere } from "../visualize/layout-here.js";
import { allOpen, visibleGraph } from "../visualize/visible-graph.js";
import type { ChartOptions } from "./commands/chart.js";
import type { CliContext } from "./context.js";
import { buildInputs, readInputs } from "./load-inputs.js";
import { exitCodeOfProblems, printProblems } from "./problems.js";
import { paintFor } from "./screen.js";
import { plain } from "./terminal/paint.js";

/** `lava-dispatch chart`: prints the chart of what can be built, and the problems beside it. */
export async function executeChart(job: string, options: ChartOptions, context: CliContext): Promise<number> {
  const { stdout, stderr } = context;
  const inputs = await buildInputs(readInputs(job, options, context), options.jobId ?? "0", context);
  const chart = compileChart(inputs.pipeline);
  const seen = () => {
    const graph = chartGraph(chart);
    return visibleGraph(graph, allOpen(graph, options.detail));
  };
  const write = {
    xstate: async () => `${JSON.stringify(chart, null, 2)}\n`,
    mermaid: async () => chartMermaid(seen()),
    dot: async () => chartDot(seen(), inputs.jobName),
    svg: async () => {
      const graph = seen();
      return chartSvg(graph, await layoutHere(graph), inputs.jobName);
    },
  };
  stdout.write(await write[options.format]());
  printProblems(inputs.problems, context, paintFor(options.color, context, stderr) !== plain);
  return exitCodeOfProblems(inputs.buildProblems);
}
