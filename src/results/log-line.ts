/** One line of logs.yaml (spec output.md §1). */
import type { Json } from "../base/json.js";
import type { LogLevel } from "../base/log.js";
import { flowYaml, isPlain, quote } from "./libyaml-flow.js";

/** A dumped line of this many characters or more is replaced. */
const TOO_LONG = 100_000;

/** Python's floats among the fields of a result. */
const FLOATS: ReadonlySet<string> = new Set(["measurement"]);

/** The last whole ms that was written: many events come within one. */
let known = { ms: Number.NaN, text: "" };

/** `2026-08-01T10:00:00.123456+00:00` of ms since the Unix epoch; fractions of a ms give the last digits. */
export function isoTime(t: number): string {
  const ms = Math.floor(t);
  if (ms !== known.ms) known = { ms, text: new Date(ms).toISOString().slice(0, 23) };
  const micros = Math.floor((t - ms) * 1000);
  return `${known.text}${String(micros).padStart(3, "0")}+00:00`;
}

/**
 * Makes the writer of log lines: a line's mapping in flow YAML, between two texts of the caller's. What stands before the
 * message is kept from line to line, as many lines come within one millisecond.
 */
export function logLineWriter(
  before = "",
  after = "",
): (t: number, level: LogLevel, message: Json, ns?: string) => string {
  let time = Number.NaN;
  let of: LogLevel | undefined;
  let start = "";
  const end = `"}${after}`;
  const plainLength = (text: string) => start.length - before.length + text.length + 2;
  return (t, level, message, ns) => {
    if (t !== time || level !== of) {
      time = t;
      of = level;
      start = `${before}{"dt": "${isoTime(t)}", "lvl": "${level}", "msg": "`;
    }
    // The usual line of a board: nothing in it is to be written differently.
    if (typeof message === "string" && ns === undefined && isPlain(message) && plainLength(message) < TOO_LONG)
      return start + message + end;
    const text =
      typeof message === "string" ? quote(message) : flowYaml(message, level === "results" ? FLOATS : undefined);
    const tail = ns === undefined ? "}" : `, "ns": ${quote(ns)}}`;
    const length = plainLength(text) - 3 + tail.length;
    const short = typeof message === "string" ? '"<line way too long ...>"' : '{"skip": "line way too long ..."}';
    return `${start.slice(0, -1)}${length < TOO_LONG ? text : short}${tail}${after}`;
  };
}
