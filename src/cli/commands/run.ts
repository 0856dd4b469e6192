import type { Command } from "commander";
import { examples, type InputOptions, withColour, withInputs } from "../options.js";
import type { Finish } from "../program.js";
import { LOG_FORMATS, type LogFormat } from "../terminal/log-formats.js";

export interface RunCommandOptions extends InputOptions {
  outputDir?: string;
  tftpRoot?: string;
  color: boolean;
  quiet?: boolean;
  verbose?: boolean;
  logFormat?: LogFormat;
  lavaExit?: boolean;
}

export function addRun(program: Command, finish: Finish): void {
  const command = program.command("run").argument("<job>", "job definition (YAML)").description("run a job on a board");
  withColour(withInputs(command))
    .option("-o, --output-dir <dir>", "where logs and results go (default: lava-out/<job id>)")
    .option("--tftp-root <dir>", "folder that the TFTP server hands out")
    .option("-q, --quiet", "only errors and the verdict")
    .option("-v, --verbose", "the whole log as plain lines, every case in the summary")
    .addOption(
      command
        .createOption("--log-format <format>", "the log on standard output, the summary on standard error")
        .choices(LOG_FORMATS)
        .conflicts(["quiet", "verbose"]),
    )
    .option("--lava-exit", "exit code of lava-run: 0 when the job came to its end, whatever its tests say, else 1")
    .addHelpText(
      "after",
      `${examples({
        "lava-dispatch run --device board.yaml job.yaml":
          "runs the job; a live tree on a terminal, plain lines elsewhere",
        "lava-dispatch run --device board.yaml --log-format json job.yaml | jq .msg": "the log for another program",
        "lava-dispatch run --device board.yaml --set port=7002 job.yaml": "with another value of the device dictionary",
      })}

Exit codes:
  0 all passed   1 a test did not pass   2 job or usage error
  3 infrastructure error   4 cancelled   5 a bug

Ctrl-C cancels: the board is powered off and everything cleaned up; a second one hurries; a third one stops at once.`,
    )
    .action((job: string, options: RunCommandOptions) =>
      finish(async (context) => (await import("../execute-run.js")).executeRun(job, options, context)),
    );
}
