/** Runs the real program, `node dist/lava-dispatch.js`, in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inRoot, ROOT } from "./workspace.js";

export interface CliResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  program?: "lava-dispatch" | "lava-run";
}

export interface RunningCli {
  child: ChildProcess;
  done: Promise<CliResult>;
}

/** Starts it without a terminal (the bundle of another folder with LAVA_DISPATCH_DIST); `done` never rejects for what the program does. */
export function startCli(words: string[], options: CliOptions = {}): RunningCli {
  const { program = "lava-dispatch", cwd = ROOT, env = {} } = options;
  const child = spawn(
    process.execPath,
    [join(process.env.LAVA_DISPATCH_DIST ?? inRoot("dist"), `${program}.js`), ...words],
    {
      cwd,
      env: { ...process.env, NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const text = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (chunk: string) => {
      text[stream] += chunk;
    });
  }
  const done = once(child, "close").then(([code, signal]) => ({ code, signal, ...text }));
  return { child, done };
}

/** `run` of a job on a device, as far as all runs have it in common; the job itself comes last. */
export const runWords = (device: string, output: string, jobId: string): string[] => [
  ...["run", "--device", device],
  ...["--output-dir", output, "--job-id", jobId],
];

export const runCli = (words: string[], options?: CliOptions): Promise<CliResult> => startCli(words, options).done;

/** Resolves when `holds` does, asked every 20 ms; rejects with `what` when the program ends first. */
export async function until(what: string, running: RunningCli, holds: () => boolean | Promise<boolean>): Promise<void> {
  let ended: CliResult | undefined;
  running.done.then((result) => {
    ended = result;
  });
  while (!(await holds())) {
    if (ended)
      throw new Error(`The program ended before: ${what}\n${ended.stdout.slice(-2000)}${ended.stderr.slice(-2000)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether a file of the output directory holds a text by now. */
export const fileHolds = (folder: string, name: string, text: string | RegExp): boolean => {
  const file = join(folder, name);
  if (!existsSync(file)) return false;
  const content = readFileSync(file, "utf8");
  return typeof text === "string" ? content.includes(text) : text.test(content);
};
