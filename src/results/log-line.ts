/** One line of logs.yaml (spec output.md §1). */
import type { Json } from "../base/json.js";
import type { LogLevel } from "../base/log.js";
import { flowYaml, quote } from "./libyaml-flow.js";

/** A dumped line of this many characters or more is replaced. */
const TOO_LONG = 100_000;

/** Python's floats among the fields of a result. */
const FLOATS: ReadonlySet<string> = new Set(["measurement"]);

/** `2026-08-01T10:00:00.123456+00:00` of ms since the Unix epoch; fractions of a ms give the last digits. */
export function isoTime(t: number): string {
  const ms = Math.floor(t);
  const micros = Math.floor((t - ms) * 1000);
  return `${new Date(ms).toISOString().slice(0, 23)}${String(micros).padStart(3, "0")}+00:00`;
}

/**
 * Makes the writer of log lines: a line's mapping in flow YAML, without the leading `- ` and the line end.
 * The time's text is kept from line to line, as many lines come within one millisecond.
 */
export function logLineWriter(): (t: number, level: LogLevel, message: Json, ns?: string) => string {
  let last = Number.NaN;
  let head = "";
  return (t, level, message, ns) => {
    if (t !== last) {
      last = t;
      head = `{"dt": "${isoTime(t)}", "lvl": "`;
    }
    const tail = ns === undefined ? "}" : `, "ns": ${quote(ns)}}`;
    const start = `${head}${level}", "msg": `;
    if (typeof message === "string") {
      const line = `${start}${quote(message)}${tail}`;
      return line.length < TOO_LONG ? line : `${start}"<line way too long ...>"${tail}`;
    }
    const line = `${start}${flowYaml(message, level === "results" ? FLOATS : undefined)}${tail}`;
    return line.length < TOO_LONG ? line : `${start}{"skip": "line way too long ..."}${tail}`;
  };
}
