import { explain } from "../pipeline/explain.js";
import { explainText } from "../pipeline/explain-text.js";
import type { ExplainOptions } from "./commands/explain.js";
import type { CliContext } from "./context.js";
import { buildInputs, readInputs } from "./load-inputs.js";
import { exitCodeOfProblems, printProblems } from "./problems.js";
import { paintFor } from "./screen.js";
import { plain } from "./terminal/paint.js";

/** `lava-dispatch explain`: tells of what can be built, and prints the problems beside it. */
export async function executeExplain(job: string, options: ExplainOptions, context: CliContext): Promise<number> {
  const { stdout, stderr } = context;
  const inputs = await buildInputs(readInputs(job, options, context), options.jobId ?? "0", context);
  const explanation = explain(inputs.pipeline);
  stdout.write(
    options.format === "json" ? `${JSON.stringify(explanation, null, 2)}\n` : `${explainText(explanation).trimEnd()}\n`,
  );
  printProblems(inputs.problems, context, paintFor(options.color, context, stderr) !== plain);
  return exitCodeOfProblems(inputs.buildProblems);
}
