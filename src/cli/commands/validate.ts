import type { Command } from "commander";
import { examples, type InputOptions, withColour, withInputs } from "../options.js";
import type { Finish } from "../program.js";

export interface ValidateOptions extends InputOptions {
  offline?: boolean;
  color: boolean;
  quiet?: boolean;
}

export function addValidate(program: Command, finish: Finish): void {
  const command = program
    .command("validate")
    .argument("<job>", "job definition (YAML)")
    .description("check a job for a device, without running anything");
  withColour(withInputs(command))
    .option("--offline", "do not look for programs and URLs")
    .option("-q, --quiet", "only problems")
    .addHelpText(
      "after",
      examples({
        "lava-dispatch validate --device board.yaml job.yaml": "job, device, programs and URLs",
        "lava-dispatch validate --offline --strict --device board.yaml job.yaml": "what an editor would check",
      }),
    )
    .action((job: string, options: ValidateOptions) =>
      finish(async (context) => (await import("../execute-validate.js")).executeValidate(job, options, context)),
    );
}
