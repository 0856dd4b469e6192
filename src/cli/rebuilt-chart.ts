/** The chart of an output directory that has lost its own: built again from the job and the device that stand in it. */
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Json } from "../base/json.js";
import { explain } from "../pipeline/explain.js";
import { compileChart } from "../statechart/compile-chart.js";
import type { RunChart } from "../visualize/read-run.js";
import type { JournalHeader } from "../visualize/timeline.js";
import type { VisualizeOptions } from "./commands/visualize.js";
import type { CliContext } from "./context.js";
import { buildInputs, readInputs } from "./load-inputs.js";
import { maskerOf } from "./view-sources.js";

/**
 * Undefined where there is a chart, where the job or the device is missing, and where they cannot be built. Whether what
 * is built is that of the run, who reads the run finds out.
 */
export async function rebuiltChart(
  directory: string,
  { job_id, job_file }: JournalHeader,
  options: VisualizeOptions,
  context: CliContext,
): Promise<RunChart | undefined> {
  const found = (name: string, ...folders: string[]) =>
    folders.map((folder) => join(folder, name)).find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
  const job = found("job.yaml", directory);
  const device = options.device ?? found("device.yaml", directory);
  const dispatcher = options.dispatcher ?? found("dispatcher.yaml", directory, dirname(directory));
  if (job === undefined || device === undefined) return undefined;
  try {
    const texts = readInputs(job, { ...options, device, ...(dispatcher && { dispatcher }) }, context);
    // Places in the job are told by the name that the run knew it by.
    const { pipeline, jobMap, device: deviceMap } = await buildInputs({ ...texts, jobFile: job_file }, job_id, context);
    const masker = maskerOf(jobMap, deviceMap);
    return {
      chart: masker.json(compileChart(pipeline) as unknown as Json) as unknown as RunChart["chart"],
      explanation: masker.json(explain(pipeline) as unknown as Json) as unknown as RunChart["explanation"],
    };
  } catch {
    return undefined;
  }
}
