/**
 * What an unquoted word of YAML is: YAML 1.1 as Python's safe loader reads it, which LAVA's users rely on
 * (`yes`, `0755`, `1:30`). Dates stay text.
 */

const WORDS = new Map<string, null | boolean>([
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, null] as const),
  ...["yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map((word) => [word, true] as const),
  ...["no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map((word) => [word, false] as const),
]);
const INTEGER = /^[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]+|0|[1-9][0-9_]*(?::[0-5]?[0-9])*)$/;
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)$/;
const NOT_FINITE = /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/;

/** A number that JavaScript's numbers cannot hold exactly: it stays the text that was written. */
export interface OversizedNumber {
  oversized: string;
}

/** Value of a plain (unquoted) scalar. */
export function resolvePlain(text: string): null | boolean | number | string | OversizedNumber {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (!/^[-+.0-9]/.test(text)) return text;
  if (INTEGER.test(text)) {
    const value = integer(text);
    return Number.isSafeInteger(value) ? value : { oversized: text };
  }
  if (FLOAT.test(text)) {
    const value = float(text);
    return Number.isFinite(value) ? value : { oversized: text };
  }
  return NOT_FINITE.test(text) ? { oversized: text } : text;
}

function integer(text: string): number {
  const digits = text.replace(/^[-+]|_/g, "");
  const sign = text.startsWith("-") ? -1 : 1;
  if (digits.startsWith("0b")) return sign * Number.parseInt(digits.slice(2), 2);
  if (digits.startsWith("0x")) return sign * Number.parseInt(digits.slice(2), 16);
  if (digits.includes(":")) return sign * sexagesimal(digits);
  return sign * (digits.startsWith("0") ? Number.parseInt(digits, 8) : Number(digits));
}

function float(text: string): number {
  const digits = text.replace(/^[-+]|_/g, "");
  const sign = text.startsWith("-") ? -1 : 1;
  return sign * (digits.includes(":") ? sexagesimal(digits) : Number.parseFloat(digits));
}

/** `1:30` is 90: hours, minutes and seconds, or degrees. */
const sexagesimal = (digits: string): number => digits.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);

/** A fraction as Python shows it: `6.0`, `5.1`, `1e+16`. */
export function floatText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e16 || (size < 1e-4 && size > 0))
    return value.toExponential().replace(/e([+-])(\d)$/, (_, sign: string, digit: string) => `e${sign}0${digit}`);
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
