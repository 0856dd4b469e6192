/** Python's format specifications: `{:>8}`, `{:#06x}`, `{:.2f}`. */
import { asNumber } from "./compare.js";
import { JinjaError, typeError, unsupported } from "./errors.js";
import { floatText } from "./float-text.js";
import { textLength } from "./iterate.js";
import { str } from "./text.js";
import { asText, typeName, type Value } from "./values.js";

const SPEC = /^(?:(.)?([<>=^]))?([-+ ])?(z)?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([bcdeEfFgGnosxX%])?$/su;
const MOST_WIDTH = 100_000;

/** @throws JinjaError for specifications that Python refuses, too */
export function formatValue(value: Value, spec: string): string {
  if (spec === "") return str(value);
  const match = SPEC.exec(spec);
  if (!match)
    throw new JinjaError("runtime", `Invalid format specifier '${spec}' for object of type '${typeName(value)}'`);
  const [, fill, align, sign, , alternate, zero, width, grouping, precision, type] = match;
  const wide = Number(width ?? 0);
  if (wide > MOST_WIDTH || Number(precision ?? 0) > 100)
    throw new JinjaError("limit", `the format '${spec}' is too wide`);
  const text = asText(value);
  const padding = { fill: fill ?? (zero ? "0" : " "), width: wide };
  if (text !== undefined) {
    if (type && type !== "s") throw unknownCode(type, "str");
    const cut = precision === undefined ? text : [...text].slice(0, Number(precision)).join("");
    return pad(cut, "", align ?? "<", padding);
  }
  const number = asNumber(value);
  if (number === undefined) throw typeError(`unsupported format string passed to ${typeName(value)}.__format__`);
  if (type === "s") throw unknownCode("s", typeName(value));
  const size = typeof number === "bigint" ? (number < 0n ? -number : number) : Math.abs(number);
  const isNegative = number < 0 || Object.is(number, -0);
  const prefix = isNegative ? "-" : sign === "+" || sign === " " ? sign : "";
  const isInteger = typeof size === "bigint" && (type === undefined || "bcdnoxX".includes(type));
  const digits = isInteger
    ? integerDigits(size as bigint, type ?? "d", alternate !== undefined)
    : ["", floatDigits(size, type, precision)];
  const grouped = grouping ? group(digits[1]!, grouping) : digits[1]!;
  return pad(grouped, prefix + digits[0], align ?? (zero ? "=" : ">"), padding);
}

const unknownCode = (code: string, type: string): JinjaError =>
  new JinjaError("runtime", `Unknown format code '${code}' for object of type '${type}'`);

function integerDigits(value: bigint, type: string, alternate: boolean): [prefix: string, digits: string] {
  switch (type) {
    case "b":
      return [alternate ? "0b" : "", value.toString(2)];
    case "o":
      return [alternate ? "0o" : "", value.toString(8)];
    case "x":
      return [alternate ? "0x" : "", value.toString(16)];
    case "X":
      return [alternate ? "0X" : "", value.toString(16).toUpperCase()];
    case "c":
      return ["", String.fromCodePoint(Number(value))];
    default:
      return ["", String(value)];
  }
}

/** @param size not negative */
export function floatDigits(size: number | bigint, type: string | undefined, precision: string | undefined): string {
  const value = Number(size);
  const digits = precision === undefined ? 6 : Number(precision);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : "inf";
  switch (type) {
    case "f":
    case "F":
      return value < 1e21 ? value.toFixed(digits) : `${BigInt(value)}${digits > 0 ? `.${"0".repeat(digits)}` : ""}`;
    case "%":
      return `${(value * 100).toFixed(digits)}%`;
    case "e":
    case "E": {
      const text = exponent(value.toExponential(digits));
      return type === "E" ? text.toUpperCase() : text;
    }
    case "g":
    case "G":
    case "n": {
      const text = general(value, Math.max(1, digits));
      return type === "G" ? text.toUpperCase() : text;
    }
    default:
      if (precision === undefined) return floatText(value);
      throw unsupported("a format of a fraction with a precision and no type");
  }
}

const exponent = (text: string): string => text.replace(/e([+-])(\d)$/, "e$10$2");

function general(value: number, digits: number): string {
  const [mantissa, power] = value.toExponential(digits - 1).split("e") as [string, string];
  const short = (text: string) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (Number(power) < -4 || Number(power) >= digits) return exponent(`${short(mantissa)}e${power}`);
  return short(value.toFixed(Math.max(0, digits - 1 - Number(power))));
}

function group(digits: string, separator: string): string {
  const [whole, ...rest] = digits.split(".");
  return [whole!.replace(/\B(?=(\d{3})+$)/g, separator), ...rest].join(".");
}

function pad(text: string, prefix: string, align: string, { fill, width }: { fill: string; width: number }): string {
  const missing = Math.max(0, width - textLength(prefix + text));
  if (align === "<") return prefix + text + fill.repeat(missing);
  if (align === "=") return prefix + fill.repeat(missing) + text;
  const before = align === ">" ? missing : missing >> 1;
  return fill.repeat(before) + prefix + text + fill.repeat(missing - before);
}
