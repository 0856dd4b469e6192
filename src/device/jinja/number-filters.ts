/** Jinja2's filters of numbers. */
import { parameters } from "./arguments.js";
import { type Filter, filter } from "./builtin.js";
import { asNumber } from "./compare.js";
import { JinjaError, typeError } from "./errors.js";
import { indexOf } from "./subscripts.js";
import { str } from "./text.js";
import { asText, needed, typeName, type Value } from "./values.js";
import { trim } from "./whitespace.js";

function numberOf(value: Value): number | bigint {
  const number = asNumber(needed(value));
  if (number === undefined) throw typeError(`must be real number, not ${typeName(value)}`);
  return number;
}

export const NUMBER_FILTERS: { [name: string]: Filter } = {
  abs: filter("abs", [], (value) => {
    const number = asNumber(needed(value));
    if (number === undefined) throw typeError(`bad operand type for abs(): '${typeName(value)}'`);
    return typeof number === "bigint" ? (number < 0n ? -number : number) : Math.abs(number);
  }),
  filesizeformat: filter("filesizeformat", parameters(["binary", false]), (value, [binary]) => {
    const bytes = floatOf(value);
    if (bytes === undefined) throw new JinjaError("runtime", `could not convert to float: ${str(value)}`);
    return fileSize(bytes, Boolean(binary));
  }),
  float: filter("float", parameters(["default", 0]), (value, [standard]) => floatOf(needed(value)) ?? standard!),
  int: filter("int", parameters(["default", 0n], ["base", 10n]), (value, [standard, base]) => {
    const text = asText(needed(value));
    const whole = text === undefined ? asNumber(value) : parseInteger(text, indexOf(base!));
    if (typeof whole === "bigint") return whole;
    const float = typeof whole === "number" ? whole : floatOf(value);
    return float === undefined || !Number.isFinite(float) ? standard! : BigInt(Math.trunc(float));
  }),
  round: filter("round", parameters(["precision", 0n], ["method", "common"]), (value, [precision, method]) => {
    if (!["common", "ceil", "floor"].includes(String(method))) {
      throw new JinjaError("runtime", "method must be common, ceil or floor");
    }
    const number = numberOf(value);
    const digits = indexOf(precision!);
    if (method === "common") return round(number, digits);
    const scale = 10 ** digits;
    const scaled = Number(number) * scale;
    return (method === "ceil" ? Math.ceil(scaled) : Math.floor(scaled)) / scale;
  }),
};

/** Python rounds to even where the number lies in the middle. */
function round(number: number | bigint, digits: number): number | bigint {
  if (typeof number === "bigint") {
    if (digits >= 0) return number;
    const unit = 10n ** BigInt(Math.min(-digits, 400));
    const rest = ((number % unit) + unit) % unit;
    const down = number - rest;
    const isUp = rest * 2n > unit || (rest * 2n === unit && (down / unit) % 2n !== 0n);
    return isUp ? down + unit : down;
  }
  if (!Number.isFinite(number)) return number;
  if (digits < 0) {
    const unit = 10 ** -digits;
    return halfToEven(number / unit) * unit;
  }
  if (digits > 20) return number;
  if (digits === 0) return halfToEven(number);
  const exact = exactDigits(number, digits);
  return Number(exact);
}

function halfToEven(number: number): number {
  const down = Math.floor(number);
  const rest = number - down;
  const rounded = rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
  return rounded === 0 && number < 0 ? -0 : rounded;
}

/** `toFixed` rounds exact halves up; Python to even. */
function exactDigits(number: number, digits: number): string {
  const text = number.toFixed(digits);
  const scale = 10 ** digits;
  const scaled = number * scale;
  const isHalf =
    Math.abs(scaled % 1) === 0.5 && scaled / scale === number && Math.abs(scaled) < 2 ** 52 && isDyadic(number);
  return isHalf ? (halfToEven(scaled) / scale).toFixed(digits) : text;
}

/** Whether the number is a whole count of a small power of two: only those can lie in the middle. */
const isDyadic = (number: number): boolean => Number.isInteger(number * 2 ** 20);

const FLOAT = /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+(?:_\d+)*)?$/;
const WORDS: { [word: string]: number } = { inf: Infinity, infinity: Infinity, nan: Number.NaN };

/** `float(value)`; undefined for what is none. */
export function floatOf(value: Value): number | undefined {
  const number = asNumber(value);
  if (number !== undefined) return Number(number);
  const text = asText(value);
  if (text === undefined) return undefined;
  const trimmed = trim(text);
  if (FLOAT.test(trimmed)) return Number(trimmed.replaceAll("_", ""));
  const word = WORDS[trimmed.replace(/^[+-]/, "").toLowerCase()];
  return word === undefined ? undefined : trimmed.startsWith("-") ? -word : word;
}

const PREFIXES: { [prefix: string]: number } = { "0x": 16, "0o": 8, "0b": 2 };

/** `int(text, base)`; undefined for what is none. */
function parseInteger(text: string, base: number): bigint | undefined {
  const trimmed = trim(text).toLowerCase();
  const sign = trimmed.startsWith("-") ? -1n : 1n;
  let digits = trimmed.replace(/^[+-]/, "");
  const named = PREFIXES[digits.slice(0, 2)];
  let radix = base;
  if (named !== undefined && (base === 0 || base === named)) {
    digits = digits.slice(2).replace(/^_/, "");
    radix = named;
  } else if (base === 0) {
    if (/^0[\d_]/.test(digits) && !/^[0_]+$/.test(digits)) return undefined;
    radix = 10;
  }
  if (!/^[\da-z]+(?:_[\da-z]+)*$/.test(digits) || digits.length > 4300) return undefined;
  let value = 0n;
  for (const digit of digits.replaceAll("_", "")) {
    const worth = Number.parseInt(digit, 36);
    if (!(worth < radix)) return undefined;
    value = value * BigInt(radix) + BigInt(worth);
  }
  return sign * value;
}

const UNITS = ["k", "M", "G", "T", "P", "E", "Z", "Y"];

function fileSize(bytes: number, isBinary: boolean): string {
  const base = isBinary ? 1024 : 1000;
  if (bytes === 1) return "1 Byte";
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
  let unit = base;
  for (const [index, letter] of UNITS.entries()) {
    unit = base ** (index + 2);
    const name = isBinary ? `${letter.toUpperCase()}iB` : `${letter}B`;
    if (bytes < unit || index === UNITS.length - 1) return `${((base * bytes) / unit).toFixed(1)} ${name}`;
  }
  return "";
}
