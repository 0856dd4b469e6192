/** `'%s on %d' % (name, port)`. */
import type { Budget } from "./budget.js";
import { asNumber } from "./compare.js";
import { JinjaError, typeError } from "./errors.js";
import { floatDigits } from "./format-spec.js";
import { quoted, repr, str } from "./text.js";
import { asText, Dict, needed, Tuple, typeName, Undefined, type Value } from "./values.js";

const PIECE = /%(?:\(([^)]*)\))?([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+))?[hlL]?([\s\S])?/g;
const MOST_WIDTH = 100_000;

export function percentFormat(format: string, values: Value, budget: Budget): string {
  const list = values instanceof Tuple ? values.items : [values];
  let used = 0;
  const next = (): Value => {
    if (used >= list.length) throw typeError("not enough arguments for format string");
    return list[used++]!;
  };
  const width = (text: string | undefined): number | undefined => {
    const wide = text === "*" ? Number(asNumber(next()) ?? 0) : text === undefined ? undefined : Number(text);
    if (wide !== undefined && Math.abs(wide) > MOST_WIDTH) throw new JinjaError("limit", "a format is too wide");
    return wide;
  };
  const result = format.replace(
    PIECE,
    (_, key: string | undefined, flags: string, wide, precise, type: string | undefined) => {
      if (type === undefined) throw new JinjaError("runtime", "incomplete format");
      if (type === "%") return "%";
      const [columns, precision] = [width(wide), width(precise)];
      let value: Value;
      if (key !== undefined) {
        if (!(values instanceof Dict)) throw typeError("format requires a mapping");
        const found = values.get(key);
        if (found === undefined) throw new JinjaError("runtime", quoted(key));
        value = found;
        used = list.length;
      } else value = next();
      return pad(...convert(type, value, flags, precision), flags, columns ?? 0);
    },
  );
  if (used < list.length && !(values instanceof Dict)) {
    if (!(values instanceof Undefined)) throw typeError("not all arguments converted during string formatting");
  }
  budget.make(result.length);
  return result;
}

function convert(
  type: string,
  value: Value,
  flags: string,
  precision: number | undefined,
): [prefix: string, text: string, isNumber: boolean] {
  if (type === "s" || type === "r" || type === "a") {
    const text = type === "s" ? str(value) : repr(value);
    return ["", precision === undefined ? text : [...text].slice(0, precision).join(""), false];
  }
  needed(value);
  const text = asText(value);
  if (type === "c") {
    if (text !== undefined && [...text].length === 1) return ["", text, false];
    const code = asNumber(value);
    if (typeof code === "bigint" && code >= 0n && code < 0x110000n)
      return ["", String.fromCodePoint(Number(code)), false];
    throw typeError("%c requires int or char");
  }
  const number = asNumber(value);
  if (!"diuoxXeEfFgG".includes(type)) {
    throw new JinjaError("runtime", `unsupported format character '${type}' (0x${type.codePointAt(0)!.toString(16)})`);
  }
  if (number === undefined) {
    throw typeError(
      "diuoxX".includes(type)
        ? `%${type} format: ${"oxX".includes(type) ? "an integer" : "a real number"} is required, not ${typeName(value)}`
        : `must be real number, not ${typeName(value)}`,
    );
  }
  const isNegative = number < 0 || Object.is(number, -0);
  const sign = isNegative ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  if ("diuoxX".includes(type)) {
    if (typeof number === "number" && "oxX".includes(type))
      throw typeError(`%${type} format: an integer is required, not float`);
    const whole = typeof number === "number" ? BigInt(Math.trunc(number)) : number;
    const base = type === "o" ? 8 : type === "x" || type === "X" ? 16 : 10;
    const digits = (whole < 0n ? -whole : whole).toString(base).padStart(precision ?? 0, "0");
    const mark = flags.includes("#") ? ({ o: "0o", x: "0x", X: "0X" }[type] ?? "") : "";
    return [sign + mark, type === "X" ? digits.toUpperCase() : digits, true];
  }
  const size = typeof number === "bigint" ? (number < 0n ? -number : number) : Math.abs(number);
  return [sign, floatDigits(size, type, precision === undefined ? undefined : String(precision)), true];
}

function pad(prefix: string, text: string, isNumber: boolean, flags: string, columns: number): string {
  const missing = " ".repeat(Math.max(0, Math.abs(columns) - [...prefix, ...text].length));
  if (flags.includes("-") || columns < 0) return prefix + text + missing;
  return isNumber && flags.includes("0") ? prefix + missing.replaceAll(" ", "0") + text : missing + prefix + text;
}
