import type { Problem } from "../base/problem.js";
import type { ValidateOptions } from "./commands/validate.js";
import type { CliContext } from "./context.js";
import { buildInputs, type Inputs, readInputs } from "./load-inputs.js";
import { countText, errorsOf, exitCodeOfProblems, printErrors, printProblems, problemOfError } from "./problems.js";
import { paintFor } from "./screen.js";
import { plain } from "./terminal/paint.js";

/** `lava-dispatch validate`; with an output directory, description.yaml is written there. */
export async function executeValidate(
  job: string,
  options: ValidateOptions,
  context: CliContext,
  output?: string,
): Promise<number> {
  const { stdout, stderr } = context;
  const texts = readInputs(job, options, context);
  const inputs = await buildInputs(texts, options.jobId ?? "0", context);
  if (output !== undefined) await writeTree(inputs, output);
  const problems = [...inputs.problems, ...inputs.pipeline.validation];
  if (!options.offline && errorsOf(problems).length === 0) problems.push(...(await runProblems(inputs)));
  const paint = paintFor(options.color, context, stderr);
  printProblems(problems, context, paint !== plain);
  const errors = options.offline ? [] : await lookOutside(inputs, context);
  for (const error of errors) {
    const placed = problemOfError(error, { [texts.jobFile]: texts.job, [texts.deviceFile]: texts.device });
    if (placed) printProblems([placed], context, paint !== plain);
    else printErrors([error], context, paint);
  }
  const failed = errorsOf(problems).length + errors.length;
  const warnings = problems.filter(({ severity }) => severity === "warning").length;
  const counts = countText(failed, warnings);
  if (!failed && !options.quiet) stdout.write(`${job}: valid for ${inputs.deviceName}${counts ? `, ${counts}` : ""}\n`);
  else if (failed) stderr.write(`${job}: ${counts}\n`);
  return exitCodeOfProblems(problems, errors);
}

async function writeTree({ pipeline }: Inputs, output: string): Promise<void> {
  const { describe } = await import("../pipeline/describe.js");
  const { writeDescription } = await import("../results/description-yaml.js");
  writeDescription(output, { pipeline: describe(pipeline) });
}

/** What the run would end with. */
async function runProblems({ pipeline }: Inputs): Promise<Problem[]> {
  const { withoutConsole } = await import("../interpreter/console-check.js");
  const { services } = await import("../services/index.js");
  return withoutConsole(pipeline.actions, services);
}

/** Stands for the job's scratch folder: checks write nothing. */
const NO_FOLDER = "/lava-dispatch-scratch";

/** Programs and URLs; what stands in the files was told already. */
export async function lookOutside(inputs: Inputs, context: CliContext) {
  const { validateRun } = await import("../interpreter/validate-run.js");
  const { chooseTftpRoot, runOptionsOf } = await import("./run-session.js");
  const { makeWorkFolder } = await import("./work-folder.js");
  // Where somebody wants the scratch folders, one must be possible.
  if (inputs.dispatcher.dispatcher_download_dir) makeWorkFolder(inputs).remove();
  const work = NO_FOLDER;
  const tftp = chooseTftpRoot(inputs, undefined, work, context.env);
  const options = runOptionsOf(inputs, context, { output: work, work, tftp });
  const pipeline = { ...inputs.pipeline, problems: [], validation: [] };
  return await validateRun({ ...options, pipeline, sinks: [] });
}
