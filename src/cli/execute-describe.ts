import { type DescribedAction, describe, describeYaml } from "../pipeline/describe.js";
import type { DescribeOptions } from "./commands/describe.js";
import type { CliContext } from "./context.js";
import { buildInputs, readInputs } from "./load-inputs.js";
import { exitCodeOfProblems, printProblems } from "./problems.js";
import { paintFor } from "./screen.js";
import { type Paint, plain } from "./terminal/paint.js";

/** `lava-dispatch describe`: prints what can be built, and the problems beside it. */
export async function executeDescribe(job: string, options: DescribeOptions, context: CliContext): Promise<number> {
  const { stdout, stderr } = context;
  const inputs = await buildInputs(readInputs(job, options, context), options.jobId ?? "0", context);
  const actions = describe(inputs.pipeline);
  const paint = paintFor(options.color, context, stdout);
  stdout.write(
    {
      yaml: () => describeYaml(actions),
      json: () => `${JSON.stringify({ pipeline: actions }, null, 2)}\n`,
      text: () => `${textLines(actions, "", paint).join("\n")}\n`,
    }[options.format](),
  );
  printProblems(inputs.problems, context, paintFor(options.color, context, stderr) !== plain);
  // As in LAVA, a pipeline does not depend on the schema: only what kept it from being built counts here.
  return exitCodeOfProblems(inputs.buildProblems);
}

function textLines(actions: DescribedAction[], indent: string, paint: Paint): string[] {
  return actions.flatMap(({ level, name, timeout, max_retries, pipeline = [] }) => {
    const retries = max_retries > 1 ? `, up to ${max_retries} attempts` : "";
    const line = `${indent}${paint("dim", level)} ${paint("bold", name)}  ${paint("dim", `${timeout} s${retries}`)}`;
    return [line, ...textLines(pipeline, `${indent}  `, paint)];
  });
}
