import type { CliContext } from "./context.js";
import { executeValidate } from "./execute-validate.js";
import { lavaExitCode } from "./exit-codes.js";
import type { LavaRunOptions } from "./lava-run-program.js";
import { buildInputs, readInputs } from "./load-inputs.js";
import { makePlace } from "./output-directory.js";
import { runSession } from "./run-session.js";
import { linePrinter } from "./screen.js";
import { LogLines } from "./terminal/log-lines.js";
import { UsageError } from "./usage-error.js";

const SHORTEST = 100;

/** ms of an option in seconds. Throws UsageError. */
function seconds(text: string): number {
  const ms = Number(text) * 1000;
  if (!(ms >= 0)) throw new UsageError(`--job-log-interval ${text}: this is no number of seconds.`);
  return Math.max(SHORTEST, ms);
}

/** `lava-run` (spec output.md §4): exit code 0 when the job came to its end, else 1. */
export async function executeLavaRun(job: string, options: LavaRunOptions, context: CliContext): Promise<number> {
  const { cwd, clock, stderr } = context;
  const { jobId, outputDir, token } = options;
  for (const stream of [context.stdout, stderr]) stream.unblock?.();
  const texts = readInputs(job, options, context);
  const { output } = makePlace({ jobId, outputDir, cwd, now: clock.now() });
  context.setTitle(`lava-run [job: ${jobId}]`);
  if (options.validate)
    return (await executeValidate(job, { ...options, color: false }, context, output)) === 0 ? 0 : 1;
  const inputs = await buildInputs(texts, jobId, context);
  // Whoever starts it reads standard error: with a server, what stands there is the job's failure comment; without one, the
  // log's records without the list's dashes, and nothing else. So everything that is to be said is said in the log.
  const { print, flush } = linePrinter(stderr);
  const { url, jobLogInterval } = options;
  const lines = new LogLines("yaml", (line) => url === undefined && print(line.slice(2)));
  const report = await runSession(
    {
      inputs,
      output,
      ...(token !== undefined && { secrets: [token] }),
      ...(url !== undefined && { upload: { url, token: token ?? "", interval: seconds(jobLogInterval) } }),
      screen: { sink: lines },
      asLava: true,
      signals: ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2"],
    },
    context,
  );
  flush();
  return lavaExitCode(report);
}
