/** The way in: the process is handed to the commands from here, and ends here. */
import { RealClock } from "../base/clock.js";
import type { CliContext } from "./context.js";
import { ProcessOutput } from "./process-output.js";
import { runCli } from "./run-cli.js";

declare const LAVA_DISPATCH_VERSION: string;

const context = (name: string, stdout: ProcessOutput, stderr: ProcessOutput): CliContext => ({
  name,
  version: LAVA_DISPATCH_VERSION,
  env: process.env,
  cwd: process.cwd(),
  clock: new RealClock(),
  get stdin() {
    return process.stdin;
  },
  stdout,
  stderr,
  onSignals: (names, callback) => {
    for (const signal of names) process.on(signal, callback);
    return () => {
      for (const signal of names) process.off(signal, callback);
    };
  },
  onUncaught: (callback) => {
    process.on("uncaughtException", callback);
    return () => void process.off("uncaughtException", callback);
  },
  exitNow: (code) => process.exit(code),
  setTitle: (title) => {
    process.title = title;
  },
});

/** Runs the command line of this process as `name`, and ends it with its exit code. */
export async function main(name: string): Promise<void> {
  const stdout = new ProcessOutput(1);
  const stderr = new ProcessOutput(2);
  const code = await runCli(process.argv.slice(2), context(name, stdout, stderr));
  await Promise.all([stdout.drained(), stderr.drained()]);
  process.exit(code);
}
