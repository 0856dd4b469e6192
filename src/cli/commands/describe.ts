import type { Command } from "commander";
import { examples, type InputOptions, withColour, withInputs } from "../options.js";
import type { Finish } from "../program.js";

export const DESCRIBE_FORMATS = ["yaml", "json", "text"] as const;

export interface DescribeOptions extends InputOptions {
  format: (typeof DESCRIBE_FORMATS)[number];
  color: boolean;
}

export function addDescribe(program: Command, finish: Finish): void {
  const command = program
    .command("describe")
    .argument("<job>", "job definition (YAML)")
    .description("print the tree of actions that a job becomes");
  withColour(withInputs(command))
    .addOption(
      command.createOption("-f, --format <format>", "form of the tree").choices(DESCRIBE_FORMATS).default("yaml"),
    )
    .addHelpText(
      "after",
      examples({
        "lava-dispatch describe --device board.yaml job.yaml": "levels, names, retries and timeouts",
        "lava-dispatch describe --format text --device board.yaml job.yaml": "the same for reading",
      }),
    )
    .action((job: string, options: DescribeOptions) =>
      finish(async (context) => (await import("../execute-describe.js")).executeDescribe(job, options, context)),
    );
}
