/** A recording of a job, replayed in virtual time into an output directory that can be shown. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VisualizeOptions } from "./commands/visualize.js";
import type { CliContext } from "./context.js";
import { executeReplay } from "./execute-replay.js";

/**
 * Replays and gives the directory; its parent is the caller's to remove. What replay says goes to standard error: the run
 * may have left what was recorded, and is shown as far as it came.
 */
export async function replayedRun(recording: string, options: VisualizeOptions, context: CliContext): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "lava-dispatch-replay-"));
  const directory = join(folder, "run");
  mkdirSync(directory);
  try {
    await executeReplay(recording, { ...options, outputDir: directory }, { ...context, stdout: context.stderr });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return directory;
}
