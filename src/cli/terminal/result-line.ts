/** A test's result as one line of text, the same live and in the summary. */
import type { JsonMap } from "../../base/json.js";
import type { JournalRecord } from "../../interpreter/journal-format.js";
import { RESULT_WORDS, type ResultWord } from "../../results/report-model.js";
import { harmless, mark, type Paint } from "./paint.js";

export type ActionRecord = Extract<JournalRecord, { kind: "action" }>;

interface Shown {
  suite?: string;
  name: string;
  result: ResultWord;
  set?: string | undefined;
  measurement?: number | undefined;
  units?: string | undefined;
  reference?: string | undefined;
}

export function caseLine({ suite, set, name, result, measurement, units, reference }: Shown, paint: Paint): string {
  const path = [suite, set, name].filter((part) => part !== undefined).join("/");
  const value = measurement === undefined ? "" : `  ${measurement}${units ? ` ${units}` : ""}`;
  const link = reference === undefined ? "" : `  ${paint("dim", harmless(reference))}`;
  const word = result === "pass" ? "" : `  ${result}`;
  return `${mark(paint, result)} ${harmless(`${path}${value}${word}`)}${link}`;
}

/** The line of a result record of a test suite; undefined for LAVA's own results. */
export function resultLine(result: JsonMap, paint: Paint): string | undefined {
  const { definition, case: name, result: word } = result;
  if (typeof definition !== "string" || definition === "lava" || typeof name !== "string") return undefined;
  if (!RESULT_WORDS.includes(word as ResultWord)) return undefined;
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  return caseLine(
    {
      suite: definition,
      name,
      result: word as ResultWord,
      set: text(result.set),
      units: text(result.units),
      reference: text(result.reference),
      measurement:
        result.measurement === undefined || result.measurement === null ? undefined : Number(result.measurement),
    },
    paint,
  );
}

/** The line of a retry: which attempt begins, and why. */
export function retryLine({ level, name, attempt, error }: ActionRecord, paint: Paint): string {
  const why = error ? `: ${harmless(error.message.split("\n", 1)[0]!)}` : "";
  return `${paint("yellow", "↻")} ${level} ${name}, attempt ${attempt}${why}`;
}
