/** The statechart and the explanation of its timeouts, in an output directory: what viewers of the run need beside the journal. */
import { join } from "node:path";
import { writeFresh } from "../base/fresh-file.js";
import type { Json } from "../base/json.js";
import type { Pipeline } from "../pipeline/action-tree.js";
import { explain } from "../pipeline/explain.js";
import { writeFailure } from "../results/append-file.js";
import type { Masker } from "../results/mask.js";
import { compileChart } from "../statechart/compile-chart.js";
import { CHART_FILE, EXPLANATION_FILE } from "../visualize/read-run.js";

/** Throws InfrastructureError when they cannot be written. */
export function writeChartFiles(output: string, pipeline: Pipeline, masker: Masker): void {
  const files = { [CHART_FILE]: compileChart(pipeline), [EXPLANATION_FILE]: explain(pipeline) };
  for (const [name, value] of Object.entries(files)) {
    const path = join(output, name);
    try {
      writeFresh(path, `${JSON.stringify(masker.json(value as unknown as Json))}\n`);
    } catch (error) {
      throw writeFailure(path, error);
    }
  }
}
