/** Python's `repr` and `str`. */
import { unsupported } from "./errors.js";
import { floatText } from "./float-text.js";
import {
  Attributes,
  Callable,
  Dict,
  DictView,
  Markup,
  Namespace,
  Once,
  Range,
  Slice,
  Tuple,
  Undefined,
  type Value,
} from "./values.js";

/** `str(value)`: what a template prints. */
export function str(value: Value): string {
  if (typeof value === "string") return value;
  if (value instanceof Undefined) return "";
  if (value instanceof Markup) return value.text;
  if (value instanceof Attributes && value.text) return value.text();
  return repr(value);
}

/** `repr(value)`: what stands in a printed list or map. */
export function repr(value: Value): string {
  return new Shower().show(value);
}

class Shower {
  /** Lists and maps that are being shown: one that holds itself is shown as dots. */
  readonly #open = new Set<object>();

  show(value: Value): string {
    if (value === null) return "None";
    switch (typeof value) {
      case "boolean":
        return value ? "True" : "False";
      case "bigint":
        return String(value);
      case "number":
        return floatText(value);
      case "string":
        return quoted(value);
    }
    if (Array.isArray(value))
      return this.#within(value, "[...]", () => `[${value.map((item) => this.show(item)).join(", ")}]`);
    if (value instanceof Dict) return this.#within(value, "{...}", () => `{${this.#pairs(value)}}`);
    if (value instanceof Tuple) {
      const items = value.items.map((item) => this.show(item));
      return this.#within(value, "(...)", () => `(${items.join(", ")}${items.length === 1 ? "," : ""})`);
    }
    if (value instanceof Undefined) return "Undefined";
    if (value instanceof Markup) return `Markup(${quoted(value.text)})`;
    if (value instanceof Range) {
      const step = value.step === 1n ? "" : `, ${value.step}`;
      return `range(${value.start}, ${value.stop}${step})`;
    }
    if (value instanceof DictView) return `${value.type}([${[...value].map((item) => this.show(item)).join(", ")}])`;
    if (value instanceof Slice)
      return `slice(${[value.start, value.stop, value.step].map((part) => this.show(part)).join(", ")})`;
    if (value instanceof Namespace) return `<Namespace ${this.#namespace(value)}>`;
    if (value instanceof Callable && value.type === "Macro") return `<Macro ${quoted(value.name)}>`;
    if (value instanceof Attributes && value.text && value.type !== "Joiner") return `<${value.type}>`;
    // Python would show where in memory it lies
    throw unsupported(`printing a ${value instanceof Once ? "generator (put `|list` behind it)" : value.type}`);
  }

  #pairs(dict: Dict): string {
    return [...dict.entries()].map(([key, item]) => `${this.show(key)}: ${this.show(item)}`).join(", ");
  }

  #namespace(value: Namespace): string {
    return this.#within(value, "...", () => `{${this.#pairs(Dict.of(value.attributes))}}`);
  }

  #within(value: object, dots: string, show: () => string): string {
    if (this.#open.has(value)) return dots;
    this.#open.add(value);
    const text = show();
    this.#open.delete(value);
    return text;
  }
}

const ESCAPES: { [character: string]: string } = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
/** Characters that Python does not show as they are: controls, separators but the space, and what is not assigned. */
const UNPRINTABLE = /[\\]|(?! )[\p{C}\p{Z}]/gu;

/** A text in the quotes that Python puts it in. */
export function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0)!;
    const hex = code.toString(16);
    if (ESCAPES[character]) return ESCAPES[character];
    if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
    return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
  });
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}
