import type { Command } from "commander";
import { examples, type InputOptions, withColour, withInputs } from "../options.js";
import type { Finish } from "../program.js";

export interface DoctorOptions extends InputOptions {
  color: boolean;
}

export function addDoctor(program: Command, finish: Finish): void {
  const command = program
    .command("doctor")
    .argument("[job]", "job definition (YAML)")
    .description("tell what is installed here, and what a job would miss");
  withColour(withInputs(command))
    .addHelpText(
      "after",
      examples({
        "lava-dispatch doctor": "programs, their versions and Debian packages",
        "lava-dispatch doctor --device board.yaml job.yaml": "also everything that this job would miss",
      }),
    )
    .action((job: string | undefined, options: DoctorOptions) =>
      finish(async (context) => (await import("../execute-doctor.js")).executeDoctor(job, options, context)),
    );
}
