/** What is said of a replay on a terminal. */

import { messageOf, outcomeOf } from "../replay/golden.js";
import type { Recording } from "../replay/recording.js";
import type { ReplayResult } from "../replay/run-replay.js";
import { stateText } from "../replay/trace.js";
import type { Inputs } from "./load-inputs.js";
import { harmless, type Paint } from "./terminal/paint.js";

const FORMATS = {
  own: "console.cast and journal",
  "lava-log": "LAVA job log",
  console: "console log without times",
} as const;

const COLOURS = { ended: "bold", diverged: "red", unfinished: "yellow", stopped: "cyan" } as const;

function recordedText({ facts }: Recording): string {
  const { verdict, complete, timed } = facts;
  if (!verdict) return !timed ? "no verdict in a console log" : complete ? "no verdict" : "broken off before its end";
  if (!verdict.error) return verdict.result;
  const [message] = verdict.error.message.split(/\r?\n/);
  return `${verdict.result}, ${verdict.error.class ?? verdict.error.type}: ${message}`;
}

/** Seconds, or ms when there are few of them. */
const timeText = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

export function replayLines(recording: Recording, inputs: Inputs, result: ReplayResult, paint: Paint): string[] {
  const { status, trace, divergence, stuck, notes, virtual, real, report } = result;
  const row = (name: string, text: string) => `${paint("dim", name.padEnd(10))} ${harmless(text)}`;
  const last = trace.at(-1);
  const message = messageOf(result);
  const outcome = harmless(`${outcomeOf(result)}${status === "ended" && message ? `: ${message}` : ""}`);
  const ratio = real > 0 ? ` (${Math.round(virtual / real)} x)` : "";
  const lines = [
    row("recording", `${recording.name} (${FORMATS[recording.format]})`),
    row("job", `${inputs.jobName} (job ${inputs.jobId})`),
    `${paint("dim", "outcome".padEnd(10))} ${paint(COLOURS[status], outcome)}`,
    row("recorded", recordedText(recording)),
  ];
  if (divergence) {
    const where = divergence.place ? `, ${divergence.place}` : "";
    lines.push(row("expected", `${divergence.expected ?? "nothing more"}${where}`), row("sent", divergence.got));
  }
  const tests = testsText(report.counts, recording.facts.results);
  if (tests !== "") lines.push(row("tests", tests));
  if (last) lines.push(row("state", `${stateText(last)}, after ${plural(trace.length, "state", "states")}`));
  lines.push(row("inputs", inputsText(notes)));
  lines.push(row("time", `${timeText(virtual)} of virtual time in ${timeText(real)}${ratio}`));
  if (stuck.length > 0) lines.push("", ...stuck.map((line) => `  ${harmless(line)}`));
  return lines;
}

/** The results of tests, in the order of the report; and those of the recording where they are others. */
function testsText(counts: object, recorded: { [result: string]: number } | undefined): string {
  const words = Object.keys(counts).filter((word) => word !== "incomplete_suites");
  const text = (some: { [word: string]: number }) =>
    words.flatMap((word) => (some[word] ? [`${some[word]} ${word}`] : [])).join(", ");
  const now = text(counts as { [word: string]: number });
  const then = recorded && text(recorded);
  if (then === undefined) return now;
  if (now === then) return now && `${now}, as recorded`;
  return `${now || "none"}; recorded: ${then || "none"}`;
}

function inputsText({ inputs, otherwise, skipped, unheard, dropped }: ReplayResult["notes"]): string {
  return [
    `${inputs} as recorded`,
    otherwise && `${otherwise} with other addresses or options of the device`,
    skipped && `${plural(skipped, "recorded wake-up line", "recorded wake-up lines")} not needed`,
    unheard && `${plural(unheard, "wake-up line", "wake-up lines")} that the recording does not answer`,
    dropped && `${dropped} recorded after the machine had reset the board`,
  ]
    .filter(Boolean)
    .join(", ");
}
