/** The command line of `lava-run` (spec output.md §4), as LAVA's worker calls it. */
import { Command } from "commander";
import type { CliContext } from "./context.js";
import { type Finish, quietErrors } from "./program.js";

export interface LavaRunOptions {
  jobId: string;
  outputDir: string;
  device: string;
  dispatcher?: string;
  envDut?: string;
  validate?: boolean;
  url?: string;
  token?: string;
  jobLogInterval: string;
  debug?: boolean;
  skipSudoWarning?: boolean;
}

export function createLavaRun(context: CliContext, finish: Finish): Command {
  return quietErrors(new Command("lava-run"), context)
    .description("Runs one LAVA job, with the flags and exit codes of LAVA's lava-run.")
    .argument("<definition>", "job definition (YAML)")
    .version(context.version, "--version", "print the version")
    .helpOption("-h, --help", "print help")
    .requiredOption("--job-id <id>", "id of the job")
    .requiredOption("--output-dir <dir>", "where logs and results go")
    .requiredOption("--device <file>", "device configuration")
    .option("--dispatcher <file>", "settings of the dispatcher")
    .option("--env-dut <file>", "environment of the board")
    .option("--validate", "describe and validate only")
    .option("--url <url>", "LAVA server that takes the log while the job runs")
    .option("--token <token>", "token for that server; masked in every output")
    .option("--job-log-interval <seconds>", "seconds between uploads", "5")
    .option("--debug", "accepted; has no effect")
    .option("--skip-sudo-warning", "accepted; root is not needed")
    .action((job: string, options: LavaRunOptions) =>
      finish(async (context) => (await import("./execute-lava-run.js")).executeLavaRun(job, options, context)),
    );
}
