import type { Command } from "commander";
import { examples, type InputOptions, withColour, withInputs } from "../options.js";
import type { Finish } from "../program.js";

export const CHART_FORMATS = ["xstate", "mermaid", "dot", "svg"] as const;
export const CHART_DETAILS = ["actions", "states"] as const;

export interface ChartOptions extends InputOptions {
  format: (typeof CHART_FORMATS)[number];
  detail: (typeof CHART_DETAILS)[number];
  color: boolean;
}

export function addChart(program: Command, finish: Finish): void {
  const command = program
    .command("chart")
    .argument("<job>", "job definition (YAML)")
    .description("print the statechart that a job becomes");
  withColour(withInputs(command))
    .addOption(
      command
        .createOption("-f, --format <format>", "xstate: the whole chart as JSON; the others: a drawing of it")
        .choices(CHART_FORMATS)
        .default("xstate"),
    )
    .addOption(
      command
        .createOption("--detail <detail>", "what is drawn: the actions, or every state in them")
        .choices(CHART_DETAILS)
        .default("actions"),
    )
    .addHelpText(
      "after",
      examples({
        "lava-dispatch chart --device board.yaml job.yaml > chart.json":
          "for XState's createMachine, and for Stately Studio (import, from JSON)",
        "lava-dispatch chart --format svg --device board.yaml job.yaml > chart.svg": "a drawing",
        "lava-dispatch chart --format dot --detail states --device board.yaml job.yaml | dot -Tpdf -o chart.pdf":
          "every state, drawn by Graphviz",
      }),
    )
    .action((job: string, options: ChartOptions) =>
      finish(async (context) => (await import("../execute-chart.js")).executeChart(job, options, context)),
    );
}
