/** From words to a command and back to an exit code. */

import type { Command } from "commander";
import type { CliContext } from "./context.js";
import { EXIT } from "./exit-codes.js";
import { modernArguments } from "./legacy-arguments.js";
import { COMMANDS, createProgram, type Finish } from "./program.js";
import { reportError } from "./report-error.js";
import { UsageError } from "./usage-error.js";

/** Runs a command line (without the program's own name) and gives its exit code. Never throws. */
export async function runCli(args: string[], context: CliContext): Promise<number> {
  let code: number = EXIT.passed;
  const finish: Finish = async (work) => {
    code = await work(context);
  };
  const lavaRun = context.name === "lava-run";
  try {
    const words = lavaRun ? args : modernArguments(args, COMMANDS);
    const program = lavaRun
      ? (await import("./lava-run-program.js")).createLavaRun(context, finish)
      : createProgram(context, finish, words[0]);
    await parse(program, words);
    return code;
  } catch (error) {
    const told = reportError(error, context);
    return lavaRun ? 1 : told;
  }
}

async function parse(program: Command, args: string[]): Promise<void> {
  if (args.length === 0) {
    program.outputHelp();
    throw new UsageError("No command was given.");
  }
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    const { code, message, exitCode } = error as { code?: string; message: string; exitCode?: number };
    if (!code?.startsWith("commander.")) throw error;
    if (exitCode !== 0) throw usageError(message, args);
  }
}

/** commander's sentence without its prefix; what it suggests becomes the hint. */
function usageError(message: string, args: string[]): UsageError {
  const [what = message, ...rest] = message.replace(/^error: /, "").split("\n");
  const suggestion = rest.join(" ").replace(/^\((.*)\)$/, "$1");
  const job = args.find((arg) => /\.ya?ml$/.test(arg));
  if (what.startsWith("unknown command") && job !== undefined && args[0] === job)
    return new UsageError(`${what}.`, `To run a job: lava-dispatch run --device <file> ${job}`);
  return new UsageError(what.endsWith(".") ? what : `${what}.`, suggestion || undefined);
}
