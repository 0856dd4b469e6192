import type { RunCommandOptions } from "./commands/run.js";
import type { CliContext } from "./context.js";
import { exitCodeOfClass, lavaExitCode } from "./exit-codes.js";
import { buildInputs, readInputs } from "./load-inputs.js";
import { makePlace } from "./output-directory.js";
import { printProblems } from "./problems.js";
import { runSession } from "./run-session.js";
import { makeScreen, paintFor } from "./screen.js";
import { plain } from "./terminal/paint.js";

/** `lava-dispatch run`. */
export async function executeRun(job: string, options: RunCommandOptions, context: CliContext): Promise<number> {
  const { cwd, clock, stderr } = context;
  const { jobId, outputDir } = options;
  for (const stream of [context.stdout, stderr]) stream.unblock?.();
  const texts = readInputs(job, options, context);
  const place = makePlace({
    ...(jobId !== undefined && { jobId }),
    ...(outputDir !== undefined && { outputDir }),
    cwd,
    now: clock.now(),
  });
  const inputs = await buildInputs(texts, place.jobId, context);
  printProblems(inputs.problems, context, paintFor(options.color, context, stderr) !== plain);
  context.setTitle(`lava-dispatch [job: ${place.jobId}]`);
  const screen = makeScreen(options, context);
  const report = await runSession(
    {
      inputs,
      output: place.output,
      ...(options.tftpRoot !== undefined && { tftpRoot: options.tftpRoot }),
      screen,
      signals: ["SIGINT", "SIGTERM", "SIGHUP"],
    },
    context,
  );
  screen.summary(report, place.output);
  return options.lavaExit ? lavaExitCode(report) : exitCodeOfClass(report.verdict.class);
}
