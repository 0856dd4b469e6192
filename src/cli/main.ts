/** The way in: the process is handed to the commands from here, and ends here. */
import { RealClock } from "../base/clock.js";
import { trustLater } from "../base/http-client.js";
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
  onWarning: (callback) => {
    const printers = process.listeners("warning");
    const tell = ({ message }: Error) => callback(message);
    process.removeAllListeners("warning").on("warning", tell);
    return () => {
      process.off("warning", tell);
      for (const printer of printers) process.on("warning", printer);
    };
  },
  exitNow: (code) => process.exit(code),
  setTitle: (title) => {
    process.title = title;
  },
});

/** The executables start Node without NODE_EXTRA_CA_CERTS and hand it over under this name (scripts/build.mjs). */
const HANDED_OVER = "LAVA_DISPATCH_EXTRA_CA_CERTS";

function takeCertificates(env: NodeJS.ProcessEnv): void {
  const file = env[HANDED_OVER];
  if (!file) return;
  env.NODE_EXTRA_CA_CERTS = file;
  delete env[HANDED_OVER];
  trustLater(file);
}

/** Variables that the executables' shell sets (scripts/build.mjs): nothing that is started from here inherits them. */
const OF_THE_SHELL = ["PWD", "OLDPWD", "SHLVL", "_"];

/** Runs the command line of this process as `name`, and ends it with its exit code. */
export async function main(name: string): Promise<void> {
  takeCertificates(process.env);
  for (const name of OF_THE_SHELL) delete process.env[name];
  const stdout = new ProcessOutput(1);
  const stderr = new ProcessOutput(2);
  const code = await runCli(process.argv.slice(2), context(name, stdout, stderr));
  await Promise.all([stdout.drained(), stderr.drained()]);
  process.exit(code);
}
