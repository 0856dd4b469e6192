import type { Command } from "commander";
import { examples, type InputOptions, withColour, withInputs } from "../options.js";
import type { Finish } from "../program.js";

export interface ReplayCommandOptions extends InputOptions {
  job?: string;
  against?: string;
  update?: boolean;
  step?: boolean;
  until?: string;
  trace?: boolean;
  json?: boolean;
  outputDir?: string;
  color: boolean;
}

export function addReplay(program: Command, finish: Finish): void {
  const command = program
    .command("replay")
    .argument("[recording]", "output directory, console.cast, LAVA log (logs.yaml) or console log; gzip or not")
    .description("run a job against a recorded console, in virtual time");
  withColour(withInputs(command.option("-j, --job <file>", "job that was recorded (default: job.yaml beside it)")))
    .option("--until <state>", "stop at a level, an action, or action.state; says what it waits for")
    .option("--step", "stop at each state; Enter goes on")
    .option("--trace", "print each state with its time")
    .option("--json", "print the result as JSON")
    .option("-o, --output-dir <dir>", "write logs, journal and results as a run does")
    .option("--against <dir>", "replay every recording below a folder and print what changed")
    .option("--update", "with --against: write the golden traces")
    .addHelpText(
      "after",
      `${examples({
        "lava-dispatch replay lava-out/42": "runs job 42 again, against its own recording",
        "lava-dispatch replay --job job.yaml --device device.yaml logs.yaml": "a job that a LAVA server ran",
        "lava-dispatch replay --until login-action lava-out/42": "what is awaited there, and what came",
        "lava-dispatch replay --against test/recordings": "what a change of machines/ changes",
      })}

Exit codes:
  those of run, of the replayed job; 6 diverged from the recording, 7 the recording ends before the job does
  with --until 0 when the state was reached, 1 when not; with --against 0 when nothing changed, else 1`,
    )
    .action((recording: string | undefined, options: ReplayCommandOptions) =>
      finish(async (context) => (await import("../execute-replay.js")).executeReplay(recording, options, context)),
    );
}
