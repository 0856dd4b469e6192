/** Python's operators on values. */
import type { Budget } from "./budget.js";
import { asNumber } from "./compare.js";
import { JinjaError, typeError } from "./errors.js";
import { escapeHtml } from "./escape-html.js";
import type { Arithmetic } from "./nodes.js";
import { percentFormat } from "./percent-format.js";
import { asText, type List, Markup, needed, Tuple, typeName, type Value } from "./values.js";

const zeroDivision = (message: string): JinjaError => new JinjaError("runtime", message);

export function operate(operator: Arithmetic, left: Value, right: Value, budget: Budget): Value {
  needed(left);
  // `'%s' % undefined` prints nothing
  if (operator === "%" && asText(left) !== undefined) {
    const text = percentFormat(asText(left)!, right, budget);
    return left instanceof Markup ? new Markup(text) : text;
  }
  needed(right);
  const [a, b] = [asNumber(left), asNumber(right)];
  if (a !== undefined && b !== undefined) return calculate(operator, a, b, budget);
  if (operator === "+") {
    const sum = joined(left, right, budget);
    if (sum !== undefined) return sum;
  }
  if (operator === "*") {
    const product = repeated(left, right, budget) ?? repeated(right, left, budget);
    if (product !== undefined) return product;
  }
  throw unsupportedOperands(operator, left, right);
}

function unsupportedOperands(operator: Arithmetic, left: Value, right: Value): JinjaError {
  const [a, b] = [typeName(left), typeName(right)];
  if (operator === "+" && asText(left) !== undefined) return typeError(`can only concatenate str (not "${b}") to str`);
  if (operator === "+" && Array.isArray(left)) return typeError(`can only concatenate list (not "${b}") to list`);
  const name = operator === "**" ? "** or pow()" : operator;
  return typeError(`unsupported operand type(s) for ${name}: '${a}' and '${b}'`);
}

function joined(left: Value, right: Value, budget: Budget): Value | undefined {
  const [text, other] = [asText(left), asText(right)];
  if (text !== undefined && other !== undefined) {
    budget.make(text.length + other.length);
    if (left instanceof Markup) return new Markup(text + (right instanceof Markup ? other : escapeHtml(other)));
    return right instanceof Markup ? new Markup(escapeHtml(text) + other) : text + other;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    budget.make(left.length + right.length);
    return [...left, ...right];
  }
  return left instanceof Tuple && right instanceof Tuple ? new Tuple([...left.items, ...right.items]) : undefined;
}

function repeated(value: Value, times: Value, budget: Budget): Value | undefined {
  const number = asNumber(times);
  if (typeof number !== "bigint") return undefined;
  const text = asText(value);
  const items = Array.isArray(value) ? value : value instanceof Tuple ? value.items : undefined;
  const length = text?.length ?? items?.length;
  if (length === undefined) return undefined;
  const count = number < 0n ? 0 : Number(number);
  budget.make(length * count);
  if (length === 0 || count === 0) return text !== undefined ? "" : Array.isArray(value) ? [] : new Tuple([]);
  if (text !== undefined) return value instanceof Markup ? new Markup(text.repeat(count)) : text.repeat(count);
  const all: List = [];
  for (let time = 0; time < count; time++) for (const item of items!) all.push(item);
  return Array.isArray(value) ? all : new Tuple(all);
}

/** Integers of more digits are refused: Python prints none of more than 4300. */
const MOST_BITS = 16_384;

function calculate(
  operator: Arithmetic,
  left: number | bigint,
  right: number | bigint,
  budget: Budget,
): number | bigint {
  if (typeof left === "bigint" && typeof right === "bigint")
    return checked(calculateIntegers(operator, left, right), budget);
  const [a, b] = [Number(left), Number(right)];
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      if (b === 0) throw zeroDivision("float division by zero");
      return a / b;
    case "//":
      if (b === 0) throw zeroDivision("float floor division by zero");
      return Math.floor(a / b);
    case "%":
      if (b === 0) throw zeroDivision("float modulo");
      return floatModulo(a, b);
    case "**":
      if (a === 0 && b < 0) throw zeroDivision("0.0 cannot be raised to a negative power");
      if (a < 0 && !Number.isInteger(b)) throw new JinjaError("unsupported", "complex numbers are not supported");
      return a ** b;
  }
}

function floatModulo(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

function calculateIntegers(operator: Arithmetic, a: bigint, b: bigint): number | bigint {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      if (b === 0n) throw zeroDivision("division by zero");
      return Number(a) / Number(b);
    case "//":
      if (b === 0n) throw zeroDivision("integer division or modulo by zero");
      return floorDivide(a, b);
    case "%":
      if (b === 0n) throw zeroDivision("integer modulo by zero");
      return a - floorDivide(a, b) * b;
    case "**":
      if (b < 0n) {
        if (a === 0n) throw zeroDivision("0.0 cannot be raised to a negative power");
        return Number(a) ** Number(b);
      }
      if (a * a > 1n && BigInt(bits(a)) * b > BigInt(MOST_BITS)) throw tooLarge();
      return a ** b;
  }
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

const bits = (value: bigint): number => (value < 0n ? -value : value).toString(16).length * 4;
const tooLarge = (): JinjaError => new JinjaError("limit", `an integer has more than ${MOST_BITS} bits`);

function checked(value: number | bigint, budget: Budget): number | bigint {
  if (typeof value !== "bigint" || (value < 2n ** 64n && value > -(2n ** 64n))) return value;
  const size = bits(value);
  if (size > MOST_BITS) throw tooLarge();
  budget.make(size);
  return value;
}

export function negate(value: Value): Value {
  const number = asNumber(needed(value));
  if (number === undefined) throw typeError(`bad operand type for unary -: '${typeName(value)}'`);
  return -number;
}

export function positive(value: Value): Value {
  const number = asNumber(needed(value));
  if (number === undefined) throw typeError(`bad operand type for unary +: '${typeName(value)}'`);
  return number;
}
