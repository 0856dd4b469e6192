import type { Command } from "commander";
import { examples } from "../options.js";
import type { Finish } from "../program.js";

export const SCHEMAS = ["job", "device", "test-definition"] as const;

export interface SchemaOptions {
  strict?: boolean;
}

export function addSchema(program: Command, finish: Finish): void {
  const command = program.command("schema");
  command
    .addArgument(
      command
        .createArgument("<what>", "a job, a rendered device configuration, or a test definition in a file of its own")
        .choices(SCHEMAS),
    )
    .description("print the JSON Schema of jobs, for editors")
    .option("--strict", "it refuses unknown keys: editors underline what is misspelt")
    .addHelpText(
      "after",
      examples({
        "lava-dispatch schema job > job.schema.json": "what is an error without --strict is one in the editor",
        "lava-dispatch schema --strict job > job.schema.json":
          'VS Code (YAML extension): "yaml.schemas": { "./job.schema.json": "jobs/**/*.yaml" }',
      }),
    )
    .action((what: (typeof SCHEMAS)[number], options: SchemaOptions) =>
      finish(async (context) => (await import("../execute-schema.js")).executeSchema(what, options, context)),
    );
}
