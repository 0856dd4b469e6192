import type { Command } from "commander";
import { examples, type InputOptions, withColour, withInputs } from "../options.js";
import type { Finish } from "../program.js";

export const EXPLAIN_FORMATS = ["text", "json"] as const;

export interface ExplainOptions extends InputOptions {
  format: (typeof EXPLAIN_FORMATS)[number];
  color: boolean;
}

export function addExplain(program: Command, finish: Finish): void {
  const command = program
    .command("explain")
    .argument("<job>", "job definition (YAML)")
    .description("tell where every timeout comes from, whether retries fit, and which strategies were chosen");
  withColour(withInputs(command))
    .addOption(
      command.createOption("-f, --format <format>", "form of the explanation").choices(EXPLAIN_FORMATS).default("text"),
    )
    .addHelpText(
      "after",
      examples({ "lava-dispatch explain --device board.yaml job.yaml": "why it will run as it will" }),
    )
    .action((job: string, options: ExplainOptions) =>
      finish(async (context) => (await import("../execute-explain.js")).executeExplain(job, options, context)),
    );
}
