import { resolve } from "node:path";
import { readReport, writeReports } from "../results/write-reports.js";
import type { ReportOptions } from "./commands/report.js";
import type { CliContext } from "./context.js";
import { EXIT } from "./exit-codes.js";
import { paintFor } from "./screen.js";
import { summaryLines } from "./terminal/summary.js";
import { UsageError } from "./usage-error.js";

/** `lava-dispatch report`. */
export async function executeReport(directory: string, options: ReportOptions, context: CliContext): Promise<number> {
  const path = resolve(context.cwd, directory);
  const report = await readReport(path).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      `Cannot read the journal of ${directory}: ${error.message}.`,
      "Give the output directory of a run: the one that holds journal.jsonl.",
    );
  });
  await writeReports(path, report);
  const paint = paintFor(options.color, context, context.stdout);
  if (!options.quiet)
    context.stdout.write(
      `${summaryLines(report, { paint, directory, verbose: options.verbose === true }).join("\n")}\n`,
    );
  return EXIT.passed;
}
