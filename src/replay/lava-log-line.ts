/** One record of a LAVA job log, in any of the forms in which servers of all ages serve them. */
import { parse } from "yaml";
import { isMap, type Json } from "../base/json.js";

export interface LavaLogRecord {
  /** ms since the Unix epoch. */
  t: number;
  level: string;
  message: Json;
  /** Namespace of a line of another board than that of the action. */
  ns?: string;
}

/** The usual form: flow mapping of double-quoted scalars on one line. */
const USUAL =
  /^- ?\{ ?"?dt"?: ?"?([-\dT: .+Z]+?)"?, ?"?lvl"?: ?"?(\w+)"?, ?"?msg"?: ?"((?:[^"\\]|\\.)*)"(?:, ?"?ns"?: ?"?([\w.-]*)"?)? ?\}\s*$/;

/** The same with single quotes, as other writers of YAML have it. */
const SINGLE =
  /^- ?\{ ?'?dt'?: ?'([-\dT: .+Z]+?)', ?'?lvl'?: ?'?(\w+)'?, ?'?msg'?: ?'((?:[^'\n]|'')*)'(?:, ?'?ns'?: ?'?([\w.-]*)'?)? ?\}\s*$/;

/** YAML's escapes that JSON does not have. */
const YAML_ESCAPES: { [letter: string]: string } = {
  "0": "\0",
  a: "\x07",
  v: "\v",
  e: "\x1b",
  " ": " ",
  _: "\u00a0",
  N: "\u0085",
  L: "\u2028",
  P: "\u2029",
};
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gs;
const JSON_ESCAPES: { [letter: string]: string } = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };

/** What a double-quoted YAML scalar of one line says. */
function unquote(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(ESCAPE, (_, x, u, U, letter: string) => {
    const code = x ?? u ?? U;
    if (code !== undefined) return codePoint(Number.parseInt(code, 16));
    return JSON_ESCAPES[letter] ?? YAML_ESCAPES[letter] ?? letter;
  });
}

const codePoint = (code: number): string => (code > 0x10ffff ? "\ufffd" : String.fromCodePoint(code));

/** LAVA's times are UTC, with or without saying so. */
export function timeOf(text: string): number {
  const iso = text.trim().replace(" ", "T");
  const t = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(iso) ? iso : `${iso}Z`);
  const micros = /\.\d{3}(\d{1,3})/.exec(iso)?.[1];
  return micros ? t + Number(`0.${micros}`) : t;
}

/** Reads one list item (its lines joined). Undefined when it is none. */
export function parseLavaRecord(item: string): LavaLogRecord | undefined {
  const double = USUAL.exec(item);
  const usual = double ?? SINGLE.exec(item);
  if (usual) {
    const t = timeOf(usual[1] as string);
    const [, , level = "", message = "", ns] = usual;
    return Number.isNaN(t)
      ? undefined
      : { t, level, message: double ? unquote(message) : message.replaceAll("''", "'"), ...(ns && { ns }) };
  }
  if (!item.startsWith("-")) return undefined;
  let value: unknown;
  try {
    // Python writes its numbers as `!!int "3"` and `! "3"`: the texts are taken as they are.
    value = parse(item.replace(/: !(?:!\w+)? "/g, ': "'), { version: "1.1", logLevel: "silent", maxAliasCount: 10 });
  } catch {
    return undefined;
  }
  const [record] = Array.isArray(value) ? value : [];
  if (!isMap(record)) return undefined;
  const { dt, lvl, msg, ns } = record as { dt?: unknown; lvl?: unknown; msg?: Json; ns?: unknown };
  const t = typeof dt === "string" ? timeOf(dt) : dt instanceof Date ? dt.getTime() : Number.NaN;
  if (Number.isNaN(t) || typeof lvl !== "string") return undefined;
  return { t, level: lvl, message: msg ?? "", ...(typeof ns === "string" && ns !== "" && { ns }) };
}
