import { spawn } from "node:child_process";
import type { ErrorRecord } from "../base/errors.js";
import { findProgram, packageOf } from "../services/programs.js";
import packages from "../services/programs.json" with { type: "json" };
import type { DoctorOptions } from "./commands/doctor.js";
import type { CliContext } from "./context.js";
import { EXIT, type ExitCode } from "./exit-codes.js";
import { paintFor } from "./screen.js";
import { mark, type Paint, plain } from "./terminal/paint.js";
import { tftpRoot, tftpSettings } from "./tftp-root.js";
import { UsageError } from "./usage-error.js";

const PATIENCE_MS = 3000;
/** Programs asked for their version at a time. */
const AT_ONCE = 4;

/** `lava-dispatch doctor`: exit code 0 when nothing is missing for the job (without one: always). */
export async function executeDoctor(
  job: string | undefined,
  options: DoctorOptions,
  context: CliContext,
): Promise<ExitCode> {
  const { stdout, env, version } = context;
  const paint = paintFor(options.color, context, stdout);
  const print = (line: string) => stdout.write(`${line}\n`);
  if (job !== undefined && options.device === undefined)
    throw new UsageError("What a job would miss depends on its device.", "Give it: --device <file>.");

  print(paint("bold", "This program"));
  print(
    `  ${mark(paint, "pass")} lava-dispatch ${version}, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
  );
  for (const [name, load] of Object.entries(NATIVE)) print(await nativeLine(name, load, paint));
  const { directory, from, served } = tftpRoot({
    option: undefined,
    dispatcher: {},
    env,
    work: "",
    settings: tftpSettings(),
  });
  print(
    served
      ? `  ${mark(paint, "pass")} TFTP root ${directory} (${from})`
      : `  ${mark(paint, "skip")} no TFTP root is known: give --tftp-root, LAVA_DISPATCH_TFTP_ROOT, or install tftpd-hpa`,
  );

  print(paint("bold", "Programs that jobs may need"));
  for (const line of await programLines(env, paint)) print(line);
  return job === undefined ? EXIT.passed : examine(job, options, context, paint);
}

const NATIVE: { [name: string]: () => Promise<unknown> } = {
  serialport: () => import("serialport"),
  "node-pty": () => import("node-pty"),
};

async function nativeLine(name: string, load: () => Promise<unknown>, paint: Paint): Promise<string> {
  try {
    await load();
    return `  ${mark(paint, "pass")} ${name} loads`;
  } catch (error) {
    return `  ${mark(paint, "fail")} ${name} does not load (${(error as Error).message.split("\n", 1)[0]}): run npm ci`;
  }
}

async function programLines(env: NodeJS.ProcessEnv, paint: Paint): Promise<string[]> {
  const names = Object.keys(packages);
  const versions = new Map<string, string>();
  const queue = names.flatMap((name) => findProgram(name, env) ?? []);
  const work = async () => {
    for (let path = queue.shift(); path !== undefined; path = queue.shift())
      versions.set(path, await versionOf(path, env));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const longest = Math.max(...names.map((name) => name.length));
  return names.map((name) => {
    const path = findProgram(name, env);
    if (path === undefined)
      return `  ${mark(paint, "skip")} ${name.padEnd(longest)}  ${paint("dim", `not here: apt-get install ${packageOf(name)}`)}`;
    return `  ${mark(paint, "pass")} ${name.padEnd(longest)}  ${path}  ${paint("dim", versions.get(path) ?? "")}`;
  });
}

/** First line of `--version`; empty for programs that have no such option. */
function versionOf(path: string, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(path, ["--version"], { env, stdio: ["ignore", "pipe", "pipe"], timeout: PATIENCE_MS });
    let text = "";
    const take = (chunk: Buffer) => {
      if (text.length < 4096) text += chunk;
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", () => resolve(""));
    child.on("close", (code) => resolve(code === 0 ? (/^.*\d.*$/m.exec(text)?.[0].trim().slice(0, 70) ?? "") : ""));
  });
}

async function examine(job: string, options: DoctorOptions, context: CliContext, paint: Paint): Promise<ExitCode> {
  const { stdout, stderr } = context;
  const { buildInputs, readInputs } = await import("./load-inputs.js");
  const { lookOutside } = await import("./execute-validate.js");
  const { exitCodeOfProblems, printErrors, printProblems } = await import("./problems.js");
  const inputs = await buildInputs(readInputs(job, options, context), options.jobId ?? "0", context);
  const problems = [...inputs.problems, ...inputs.pipeline.validation];
  stdout.write(`${paint("bold", `${inputs.jobName} on ${inputs.deviceName}`)}\n`);
  printProblems(problems, context, paintFor(options.color, context, stderr) !== plain);
  const missing: ErrorRecord[] = await lookOutside(inputs, context);
  printErrors(missing, { stderr: stdout }, paint);
  const code = exitCodeOfProblems(problems, missing);
  if (code === EXIT.passed) stdout.write(`  ${mark(paint, "pass")} nothing is missing\n`);
  return code;
}
