/** A recording of a job, replayed in virtual time into an output directory that can be shown. */
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMasker } from "../results/mask.js";
import { writeChartFiles } from "./chart-files.js";
import type { VisualizeOptions } from "./commands/visualize.js";
import type { CliContext } from "./context.js";
import { executeReplay } from "./execute-replay.js";
import { loadReplay } from "./execute-replay-inputs.js";

/**
 * Replays and gives the directory, which is the caller's to remove. What replay says goes to standard error: the run may
 * have left what was recorded, and is shown as far as it came.
 */
export async function replayedRun(recording: string, options: VisualizeOptions, context: CliContext): Promise<string> {
  const { inputs, secrets } = await loadReplay(recording, options, context);
  const directory = join(mkdtempSync(join(tmpdir(), "lava-dispatch-replay-")), "run");
  mkdirSync(directory);
  await executeReplay(recording, { ...options, outputDir: directory }, { ...context, stdout: context.stderr });
  writeChartFiles(directory, inputs.pipeline, createMasker(secrets));
  return directory;
}
