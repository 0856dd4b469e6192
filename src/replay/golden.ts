/** What a recording led to, as a text file beside it; and what has changed since. */
import type { RunReport } from "../results/report-model.js";
import { RecordingError } from "./recording.js";
import type { ReplayResult } from "./run-replay.js";
import { stateText, traceLine } from "./trace.js";

/** A duration counts as another one from here on: ms, and share. */
const OTHER_MS = 100;
const OTHER_SHARE = 0.01;

export interface Golden {
  /** How and where it ended. */
  outcome: string;
  /** The error's or the divergence's own words, first line. */
  message: string;
  /** Results of each suite. */
  results: string;
  /** ms */
  duration: number;
  states: { t: number; text: string }[];
}

const firstLine = (text: string): string => text.split(/\r?\n/)[0]?.trim() ?? "";

const errorPlace = ({ level, action }: { level?: string; action?: string }): string =>
  level ? ` at ${[level, action].filter(Boolean).join(" ")}` : "";

/** `pass`, `job JobError at 2.4.4.1 login-action`, `diverged at 2.4.3 bootloader-commands typing`. */
export function outcomeOf({ status, report, trace }: ReplayResult): string {
  const last = trace.at(-1);
  const at = last ? ` at ${stateText(last)}` : "";
  if (status !== "ended") return `${status}${at}`;
  const { class: name, error } = report.verdict;
  return error ? `${name} ${error.class}${errorPlace(error)}` : name;
}

export function messageOf({ status, report, divergence, stuck }: ReplayResult): string {
  if (divergence) return `sent ${divergence.got}, recorded ${divergence.expected ?? "nothing more"}`;
  if (status === "ended") return report.verdict.error ? firstLine(report.verdict.error.message) : "";
  return firstLine(stuck[1] ?? "");
}

function resultsOf({ suites }: RunReport): string {
  return suites
    .filter(({ name }) => name !== "lava")
    .map(({ name, counts, state }) => {
      const words = Object.entries(counts).flatMap(([word, count]) => (count ? [`${count} ${word}`] : []));
      return `${name}: ${words.join(" ") || "nothing"}${state === "complete" ? "" : " incomplete"}`;
    })
    .join("; ");
}

export function goldenOf(result: ReplayResult): Golden {
  return {
    outcome: outcomeOf(result),
    message: messageOf(result),
    results: resultsOf(result.report),
    duration: result.virtual,
    states: result.trace.map((step) => ({ t: step.t, text: stateText(step) })),
  };
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3);

export function goldenText(result: ReplayResult): string {
  const { outcome, message, results, duration } = goldenOf(result);
  const head = { outcome, message, results, duration: seconds(duration) };
  const lines = Object.entries(head).map(([key, value]) => `${key}: ${value}`.trimEnd());
  return `${[...lines, "states:", ...result.trace.map(traceLine)].join("\n")}\n`;
}

/** Reads what `goldenText` wrote. Throws RecordingError. */
export function parseGolden(text: string, file: string): Golden {
  const [head = "", states] = text.split(/^states:\n/m);
  const fields = new Map(
    head
      .split("\n")
      .filter(Boolean)
      .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()] as const),
  );
  const duration = Number(fields.get("duration"));
  const outcome = fields.get("outcome");
  if (states === undefined || outcome === undefined || Number.isNaN(duration))
    throw new RecordingError(`${file} is no golden trace.`, "Write it again: --update");
  return {
    outcome,
    message: fields.get("message") ?? "",
    results: fields.get("results") ?? "",
    duration: duration * 1000,
    states: states
      .split("\n")
      .filter(Boolean)
      .map((line) => {
        const space = line.indexOf(" ");
        return { t: Number(line.slice(0, space)) * 1000, text: line.slice(space + 1) };
      }),
  };
}

export interface Change {
  kind: "outcome" | "path" | "duration";
  before: string;
  now: string;
  /** The first state that differs; undefined on either side where that way is over. */
  difference?: { t: number; before: string | undefined; now: string | undefined };
}

/** What has changed most: the outcome, else the way, else the time it takes; undefined: nothing. */
export function compareGolden(before: Golden, now: Golden): Change | undefined {
  const at = now.states.findIndex(({ text }, index) => text !== before.states[index]?.text);
  const index = at >= 0 ? at : before.states.length > now.states.length ? now.states.length : -1;
  const difference =
    index < 0
      ? {}
      : {
          difference: {
            t: (now.states[index] ?? before.states[index])?.t ?? 0,
            before: before.states[index]?.text,
            now: now.states[index]?.text,
          },
        };
  const told = ({ outcome, message, results }: Golden) =>
    [outcome, message && `: ${message}`, results && ` (${results})`].filter(Boolean).join("");
  // Seconds and addresses in a message change with every version.
  const words = ({ message }: Golden) => message.replace(/\d+/g, "0");
  if (before.outcome !== now.outcome || before.results !== now.results || words(before) !== words(now))
    return { kind: "outcome", before: told(before), now: told(now), ...difference };
  if (index >= 0) return { kind: "path", before: "", now: "", ...difference };
  const other = Math.abs(before.duration - now.duration);
  if (other >= OTHER_MS && other >= before.duration * OTHER_SHARE)
    return { kind: "duration", before: `${seconds(before.duration)} s`, now: `${seconds(now.duration)} s` };
  return undefined;
}
