/** The way in: the process is handed to the commands from here, and ends here. */
import { RealClock } from "../base/clock.js";
import type { CliContext } from "./context.js";
import { runCli } from "./run-cli.js";

declare const LAVA_DISPATCH_VERSION: string;

const context = (name: string): CliContext => ({
  name,
  version: LAVA_DISPATCH_VERSION,
  env: process.env,
  cwd: process.cwd(),
  clock: new RealClock(),
  stdout: process.stdout,
  stderr: process.stderr,
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
  // A reader that went away (`| head`) ends the output, not the job: the board must still be powered off.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const code = await runCli(process.argv.slice(2), context(name));
  process.exitCode = code;
  // Standard output may be a pipe that is still being read.
  const drained = (stream: NodeJS.WriteStream) =>
    new Promise<void>((resolve) => (stream.writableLength ? stream.write("", () => resolve()) : resolve()));
  await Promise.all([drained(process.stdout), drained(process.stderr)]);
  process.exit(code);
}
