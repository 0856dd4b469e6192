import type { Command } from "commander";
import { examples, type InputOptions, withColour, withInputs } from "../options.js";
import type { Finish } from "../program.js";

export interface VisualizeOptions extends InputOptions {
  job?: string;
  live?: boolean;
  html?: string;
  port?: string;
  color: boolean;
}

export function addVisualize(program: Command, finish: Finish): void {
  const command = program
    .command("visualize")
    .argument("[what]", "job definition (with --device), output directory of a run, or recording (with --job)")
    .description("show the statechart of a job, and what a run does or did, in a browser");
  withColour(withInputs(command))
    .option("-j, --job <file>", "job that was recorded, when a recording of another program is shown")
    .option("--live", "follow a run that goes on (default: the newest one below lava-out), or is about to begin")
    .option("--html <file>", "write one self-contained file instead, to attach to a bug report")
    .option("-p, --port <number>", "port on 127.0.0.1 (default: any free one)")
    .addHelpText(
      "after",
      `${examples({
        "lava-dispatch visualize --device board.yaml job.yaml": "the statechart that the job becomes",
        "lava-dispatch visualize lava-out/42": "time travel through a run, or a live view while it goes on",
        "lava-dispatch visualize --live": "the run that has begun last",
        "lava-dispatch visualize --html run.html lava-out/42": "the same as one file",
        "lava-dispatch visualize --job job.yaml --device board.yaml logs.yaml": "a job that a LAVA server ran",
      })}

The page is served on the loopback interface, to any number of viewers, until Ctrl-C; none of them touches the job.
Its WebSocket /inspect speaks the protocol of @statelyai/inspect; over HTTP it is one JSON object a line.`,
    )
    .action((what: string | undefined, options: VisualizeOptions) =>
      finish(async (context) => (await import("../execute-visualize.js")).executeVisualize(what, options, context)),
    );
}
