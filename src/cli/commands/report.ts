import type { Command } from "commander";
import { examples, withColour } from "../options.js";
import type { Finish } from "../program.js";

export interface ReportOptions {
  color: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

export function addReport(program: Command, finish: Finish): void {
  const command = program
    .command("report")
    .argument("<dir>", "output directory of a run")
    .description("make every report again from the journal of a run, also of one that was killed");
  withColour(command)
    .option("-q, --quiet", "no summary")
    .option("-v, --verbose", "every case in the summary")
    .addHelpText(
      "after",
      examples({
        "lava-dispatch report lava-out/42": "report.html, results.json, results.junit.xml, results.tap, result.yaml",
      }),
    )
    .action((directory: string, options: ReportOptions) =>
      finish(async (context) => (await import("../execute-report.js")).executeReport(directory, options, context)),
    );
}
