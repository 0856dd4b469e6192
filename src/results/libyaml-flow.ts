/** YAML's flow style in the byte shape of libyaml with double quotes everywhere: the form of LAVA's logs (spec output.md §1). */
import type { Json } from "../base/json.js";
import { YAML_SPECIALS, yamlEscape } from "../base/yaml-escape.js";

/** A text of which each character stands for itself between the quotes: ASCII but for quotes and backslashes. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** A lone surrogate is no character: readers refuse its escape. */
const escapeChar = (char: string): string => (/[\ud800-\udfff]/u.test(char) ? "\\uFFFD" : yamlEscape(char));

/** Whether all of a text may stand between the quotes as it is. */
export const isPlain = (text: string): boolean => PLAIN.test(text);

/** A text as a double-quoted scalar; the result is ASCII. */
export const quote = (text: string): string =>
  isPlain(text) ? `"${text}"` : `"${text.replace(YAML_SPECIALS, escapeChar)}"`;

/** A number as Python writes a float, with YAML's dot: `42.0`, `1.0e-05`, `.inf`. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const [digits = "", power = "0"] = value.toExponential().split("e");
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 16) {
    const text =
      exponent < 0 ? value.toFixed(Math.max(0, digits.replace(/[-.]/g, "").length - 1 - exponent)) : `${value}`;
    return text.includes(".") ? text : `${text}.0`;
  }
  const sign = exponent < 0 ? "-" : "+";
  return `${digits.includes(".") ? digits : `${digits}.0`}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

const integerText = (value: number) => (Number.isInteger(value) ? BigInt(value).toString() : floatText(value));

/** libyaml takes a key for a simple one up to this many bytes, and only on one line. */
const SIMPLE_KEY = 128;

function keyText(key: string): string {
  const simple =
    key.length <= SIMPLE_KEY && !/[\n\r\x85\u2028\u2029]/.test(key) && Buffer.byteLength(key) <= SIMPLE_KEY;
  return simple ? `${quote(key)}: ` : `? ${quote(key)} : `;
}

/**
 * A JSON value as one line of flow YAML. JSON does not tell 42 from 42.0: `floats` names the keys whose numbers are floats.
 */
export function flowYaml(value: Json, floats?: ReadonlySet<string>): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "number") return `! "${integerText(value)}"`;
  if (typeof value === "boolean" || value === null) return `! "${value}"`;
  if (Array.isArray(value)) return `[${value.map((item) => flowYaml(item, floats)).join(", ")}]`;
  let text = "";
  for (const key in value) {
    const item = value[key];
    if (item === undefined) continue;
    const shown = typeof item === "number" && floats?.has(key) ? `! "${floatText(item)}"` : flowYaml(item, floats);
    text += `${text && ", "}${keyText(key)}${shown}`;
  }
  return `{${text}}`;
}
