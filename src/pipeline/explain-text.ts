import type { Location } from "../base/problem.js";
import type { ExplainedAction, Explanation, RetryFit } from "./explain.js";

const at = (location: Location | undefined): string => (location ? ` (${location.file}:${location.line})` : "");

const times = (count: number, one: number): string => `${count} × ${one} s = ${count * one} s`;

function retryLine({ attempts, budget, longest_step: step, whole_attempt, fits, short_by }: RetryFit): string {
  const alone = `one step alone (${step.level} ${step.name}) may take ${step.seconds} s`;
  switch (fits) {
    case "always":
      return `${attempts} attempts fit: ${times(attempts, whole_attempt)} of ${budget} s`;
    case "one-step":
      return `${attempts} attempts fit when one step of each hangs: ${times(attempts, step.seconds)} of ${budget} s; with every step at its limit an attempt takes ${whole_attempt} s`;
    case "no":
      return `${attempts} attempts do not fit: ${alone}, ${times(attempts, step.seconds)}, but there are ${budget} s: ${short_by} s too few`;
  }
}

function actionLines(actions: ExplainedAction[], indent: string, into: string[]): string[] {
  for (const action of actions) {
    const { level, name, timeout, effective, capped_by, retries, pipeline } = action;
    const cut =
      capped_by === undefined ? "" : `, cut to ${effective} s by ${capped_by === "0" ? "the job" : capped_by}`;
    into.push(`${indent}${level} ${name}: ${timeout.seconds} s, ${timeout.rule}${at(timeout.location)}${cut}`);
    if (retries) into.push(`${indent}  ${retries.fits === "no" ? "! " : ""}${retryLine(retries)}`);
    if (pipeline) actionLines(pipeline, `${indent}  `, into);
  }
  return into;
}

function blockLines({ blocks }: Explanation): string[] {
  return blocks.flatMap(({ index, family, location, chosen, refused }) => {
    const near = refused.filter(({ meant }) => meant);
    const others = refused.length - near.length;
    return [
      `  actions[${index}] ${family}${at(location)}: ${chosen ?? "no strategy"}`,
      ...near.map(({ strategy, reason, location: where }) => `    not ${strategy}: ${reason}${at(where)}`),
      ...(others > 0 ? [`    not ${others} ${near.length > 0 ? "others" : "strategies"} of other methods`] : []),
    ];
  });
}

/** The explanation for reading. */
export function explainText(explanation: Explanation): string {
  const { job_timeout: job, worst_case: worst, actions } = explanation;
  const cut = worst.actions > job.seconds ? `; the actions alone could take ${worst.actions} s` : "";
  return [
    `Job: at most ${job.seconds} s, ${job.rule}${at(job.location)}`,
    `Worst case: ${worst.seconds} s${cut}, then up to ${worst.cleanup} s of clean-up`,
    "",
    "Strategies",
    ...blockLines(explanation),
    "",
    "Timeouts",
    ...actionLines(actions, "  ", []),
    "",
  ].join("\n");
}
