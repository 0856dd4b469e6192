/** What a run's end means. */
import type { ErrorRecord, ErrorType } from "../base/errors.js";
import type { Verdict } from "../interpreter/journal-format.js";
import { type ActionReport, LAVA_SUITE, type RunReport, type SuiteReport, type VerdictClass } from "./report-model.js";

const CLASS_OF: { [type in ErrorType]: VerdictClass } = {
  Infrastructure: "infrastructure",
  Configuration: "infrastructure",
  Job: "job",
  Test: "test",
  LAVATimeout: "test",
  MultinodeTimeout: "test",
  Bug: "bug",
  Canceled: "canceled",
};

/** The verdict class of the error that ended a job. */
export const classOfError = (error: ErrorRecord): VerdictClass => CLASS_OF[error.type] ?? "bug";

/**
 * The verdict of a report.
 * @param verdict the journal's own; undefined when the run was broken off
 * @param running the innermost action that had not ended
 * @param ending whether an action is one of those that end the job: their failures are no verdict on the tests
 */
export function concludeRun(
  verdict: Verdict | undefined,
  suites: SuiteReport[],
  running: ActionReport | undefined,
  ending: (level: string) => boolean = () => false,
): RunReport["verdict"] {
  if (!verdict) {
    const error = brokenOff(running);
    return { class: "infrastructure", result: "fail", summary: error.message, error, further: [] };
  }
  const { error, further } = verdict;
  if (error) return { class: classOfError(error), result: verdict.result, summary: error.message, error, further };
  const missed = describeMissed(suites, ending);
  if (missed === "" && verdict.result === "pass")
    return { class: "pass", result: "pass", summary: "All passed.", further };
  return { class: "fail", result: verdict.result, summary: missed || "The job failed.", further };
}

function brokenOff(running: ActionReport | undefined): ErrorRecord {
  const where = running ? ` in action ${running.level} ${running.name}` : "";
  return {
    class: "InfrastructureError",
    type: "Infrastructure",
    message: `The run was broken off${where}: its journal has no verdict.`,
    ...(running && { level: running.level, action: running.name }),
    advice: "The dispatcher was killed or its machine went down: check that the board is off, then run the job again.",
  };
}

/** What kept a job that ran to its end from passing, in one sentence; empty when nothing did. */
function describeMissed(suites: SuiteReport[], ending: (level: string) => boolean): string {
  let fail = 0;
  let unknown = 0;
  const incomplete: string[] = [];
  for (const suite of suites) {
    for (const { final, result, level, count = 1 } of suite.cases)
      if (final && result === "fail" && !ending(level)) fail += count;
    unknown += suite.counts.unknown;
    if (suite.state === "incomplete" && suite.name !== LAVA_SUITE) incomplete.push(suite.name);
  }
  const parts = [
    fail && `${fail} ${fail === 1 ? "case" : "cases"} failed`,
    unknown && `${unknown} could not be read`,
    incomplete.length && `${incomplete.join(", ")} did not end`,
  ].filter(Boolean);
  return parts.length ? `${parts.join("; ")}.` : "";
}
