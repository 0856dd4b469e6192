/** Scripts of the package as commands: they stand beside the program, and use nothing of it. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { CliContext } from "./context.js";
import { packageRoot } from "./package-root.js";

const SIGNALS: NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
/** Their files. */
const SCRIPTS = { demo: "demo.mjs", setup: "setup.mjs", board: "board" };
export type ScriptName = keyof typeof SCRIPTS;
/** Exit code of a script that a signal ended. */
const KILLED = 130;

/** Runs a script with these words on the terminal of this process, and gives its exit code. */
export async function executeScript(
  name: ScriptName,
  words: string[],
  { cwd, env, stdin, onSignals }: CliContext,
): Promise<number> {
  const child = spawn(process.execPath, [join(packageRoot(), "scripts", SCRIPTS[name]), ...words], {
    cwd,
    env,
    stdio: "inherit",
  });
  const onTerminal = (stdin as { isTTY?: boolean } | undefined)?.isTTY === true;
  const release = onSignals(SIGNALS, (signal) => {
    // Ctrl-C on a terminal reaches the script by itself; a second one would hurry it.
    if (!(signal === "SIGINT" && onTerminal)) child.kill(signal);
  });
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code) => resolve(code ?? KILLED));
    });
  } finally {
    release();
  }
}
