/** The methods of Python's `str`. */

import { bind, type Parameter, parameters } from "./arguments.js";
import { formatBraces } from "./brace-format.js";
import type { Budget } from "./budget.js";
import { JinjaError, typeError, unsupported } from "./errors.js";
import { iterate, textLength } from "./iterate.js";
import { characters, indexOf } from "./subscripts.js";
import { asText, Dict, type Named, needed, Tuple, typeName, type Value } from "./values.js";
import { isSpace, splitLines, trim, trimEnd, trimStart, words } from "./whitespace.js";

interface Method {
  parameters: Parameter[];
  run(text: string, args: Value[], budget: Budget): Value;
}

const method = (list: Parameter[], run: Method["run"]): Method => ({ parameters: list, run });
const plain = (run: (text: string) => Value): Method => method([], run);

function textArgument(value: Value): string {
  const text = asText(needed(value));
  if (text === undefined) throw typeError(`must be str, not ${typeName(value)}`);
  return text;
}

const isUpper = (character: string): boolean => /^[\p{Uppercase}\p{Lt}]$/u.test(character);
const isLower = (character: string): boolean => /^\p{Lowercase}$/u.test(character);
const all = (text: string, test: (character: string) => boolean): boolean =>
  text !== "" && characters(text).every(test);
const matches = (pattern: RegExp) => (text: string) => all(text, (character) => pattern.test(character));

export function capitalize(text: string): string {
  const [first = "", ...rest] = characters(text);
  return first.toUpperCase() + rest.join("").toLowerCase();
}

function title(text: string): string {
  let isInWord = false;
  return characters(text)
    .map((character) => {
      const isLetter = /\p{L}/u.test(character);
      const made = isLetter ? (isInWord ? character.toLowerCase() : character.toUpperCase()) : character;
      isInWord = isLetter;
      return made;
    })
    .join("");
}

/** @param chars characters to take off; null for white space */
export function strip(text: string, chars: Value, ends: "both" | "start" | "end"): string {
  if (chars === null) return ends === "both" ? trim(text) : ends === "start" ? trimStart(text) : trimEnd(text);
  const off = new Set(characters(textArgument(chars)));
  const letters = characters(text);
  let [from, to] = [0, letters.length];
  if (ends !== "end") while (from < to && off.has(letters[from]!)) from++;
  if (ends !== "start") while (to > from && off.has(letters[to - 1]!)) to--;
  return letters.slice(from, to).join("");
}

export function replace(text: string, from: string, to: string, count: number, budget: Budget): string {
  if (count < 0) {
    const pieces = from === "" ? ["", ...characters(text), ""] : text.split(from);
    budget.make(text.length + (pieces.length - 1) * to.length);
    return pieces.join(to);
  }
  const pieces = from === "" ? ["", ...characters(text), ""] : text.split(from);
  const replaced = Math.min(count, pieces.length - 1);
  budget.make(text.length + replaced * to.length);
  return [...pieces.slice(0, replaced), pieces.slice(replaced).join(from)].join(replaced > 0 ? to : from).concat("");
}

function justify(text: string, [width, fill]: Value[], side: "left" | "right" | "center", budget: Budget): string {
  const wide = indexOf(width!);
  const filler = textArgument(fill!);
  if (textLength(filler) !== 1) throw typeError("The fill character must be exactly one character long");
  const missing = Math.max(0, wide - textLength(text));
  budget.make(missing);
  if (side === "left") return text + filler.repeat(missing);
  if (side === "right") return filler.repeat(missing) + text;
  // as Python: the odd one stands before the text when the width is odd
  const before = (missing >> 1) + (missing & wide & 1);
  return filler.repeat(before) + text + filler.repeat(missing - before);
}

export const center = (text: string, width: Value, budget: Budget): string =>
  justify(text, [width, " "], "center", budget);

function split(text: string, separator: Value, most: Value, fromEnd: boolean): Value {
  const count = indexOf(most);
  const limit = count < 0 ? Number.POSITIVE_INFINITY : count;
  if (separator === null) return splitWords(text, limit, fromEnd);
  const between = textArgument(separator);
  if (between === "") throw new JinjaError("runtime", "empty separator");
  const pieces = text.split(between);
  if (pieces.length - 1 <= limit) return pieces;
  if (fromEnd) {
    const kept = pieces.length - limit;
    return [pieces.slice(0, kept).join(between), ...pieces.slice(kept)];
  }
  return [...pieces.slice(0, limit), pieces.slice(limit).join(between)];
}

function splitWords(text: string, limit: number, fromEnd: boolean): Value {
  const found = words(text);
  if (found.length <= limit || found.length === 0) return found.map(([word]) => word);
  if (fromEnd) {
    const last = found.length - limit - 1;
    const rest = text.slice(0, found[last]!.index + found[last]![0].length);
    return [trimStart(rest), ...found.slice(last + 1).map(([word]) => word)];
  }
  return [...found.slice(0, limit).map(([word]) => word), trimEnd(text.slice(found[limit]!.index))];
}

function partition(text: string, separator: Value, fromEnd: boolean): Value {
  const between = textArgument(separator);
  if (between === "") throw new JinjaError("runtime", "empty separator");
  const at = fromEnd ? text.lastIndexOf(between) : text.indexOf(between);
  if (at < 0) return new Tuple(fromEnd ? ["", "", text] : [text, "", ""]);
  return new Tuple([text.slice(0, at), between, text.slice(at + between.length)]);
}

interface Within {
  from: number;
  to: number;
}

function within(length: number, start: Value, end: Value): Within {
  const at = (value: Value, standard: number) => {
    if (value === null) return standard;
    const index = indexOf(value);
    return Math.min(Math.max(index < 0 ? index + length : index, 0), length);
  };
  return { from: at(start, 0), to: at(end, length) };
}

function find([text, part, start, end]: [string, Value, Value, Value], fromEnd: boolean): bigint {
  const wanted = textArgument(part);
  const { from, to } = within(text.length, start, end);
  if (from > to) return -1n;
  const inside = text.slice(from, to);
  const at = fromEnd ? inside.lastIndexOf(wanted) : inside.indexOf(wanted);
  return BigInt(at < 0 ? -1 : textLength(text.slice(0, from + at)));
}

function found(at: bigint): bigint {
  if (at < 0n) throw new JinjaError("runtime", "substring not found");
  return at;
}

function begins(text: string, [part, start, end]: Value[], test: (text: string, part: string) => boolean): boolean {
  const { from, to } = within(text.length, start!, end!);
  const inside = text.slice(from, to);
  const parts = part instanceof Tuple ? part.items : [part!];
  return parts.some((each) => test(inside, textArgument(each)));
}

const SPAN = parameters("sub", ["start", null], ["end", null]);
const PADDING = parameters("width", ["fillchar", " "]);
const SPLIT = parameters(["sep", null], ["maxsplit", -1n]);
const CHARS = parameters(["chars", null]);
const ONE = parameters("sep");

const METHODS = new Map<string, Method>(
  Object.entries({
    capitalize: plain(capitalize),
    casefold: plain((text) => text.toLowerCase().replaceAll("ß", "ss")),
    center: method(PADDING, (text, args, budget) => justify(text, args, "center", budget)),
    count: method(SPAN, (text, [part, start, end]) => {
      const { from, to } = within(text.length, start!, end!);
      const wanted = textArgument(part!);
      if (from > to) return 0n;
      const inside = text.slice(from, to);
      return BigInt(wanted === "" ? textLength(inside) + 1 : inside.split(wanted).length - 1);
    }),
    endswith: method(SPAN, (text, args) => begins(text, args, (inside, part) => inside.endsWith(part))),
    expandtabs: method(parameters(["tabsize", 8n]), (text, [size]) => {
      const wide = Math.min(indexOf(size!), 100);
      let column = 0;
      return text.replace(/[\t\n\r]|[^\t\n\r]+/g, (piece) => {
        if (piece !== "\t") {
          column = piece === "\n" || piece === "\r" ? 0 : column + textLength(piece);
          return piece;
        }
        const spaces = wide > 0 ? wide - (column % wide) : 0;
        column += spaces;
        return " ".repeat(spaces);
      });
    }),
    find: method(SPAN, (text, [part, start, end]) => find([text, part!, start!, end!], false)),
    index: method(SPAN, (text, [part, start, end]) => found(find([text, part!, start!, end!], false))),
    isalnum: plain(matches(/[\p{L}\p{N}]/u)),
    isalpha: plain(matches(/\p{L}/u)),
    isascii: plain((text) => /^[\0-\x7f]*$/.test(text)),
    isdecimal: plain(matches(/\p{Nd}/u)),
    isdigit: plain(matches(/[\p{Nd}²³¹⁰⁴-⁹₀-₉]/u)),
    isidentifier: plain((text) => /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*$/u.test(text)),
    islower: plain((text) => isCased(text, isLower, isUpper)),
    isnumeric: plain(matches(/\p{N}/u)),
    isspace: plain((text) => all(text, isSpace)),
    istitle: plain((text) => /\p{L}/u.test(text) && text === title(text)),
    isupper: plain((text) => isCased(text, isUpper, isLower)),
    join: method(parameters("iterable"), (text, [items], budget) => {
      const pieces = [...iterate(needed(items!))].map((item, index) => {
        const piece = asText(item);
        if (piece === undefined)
          throw typeError(`sequence item ${index}: expected str instance, ${typeName(item)} found`);
        return piece;
      });
      budget.make(pieces.reduce((sum, piece) => sum + piece.length + text.length, 0));
      return pieces.join(text);
    }),
    ljust: method(PADDING, (text, args, budget) => justify(text, args, "left", budget)),
    lower: plain((text) => text.toLowerCase()),
    lstrip: method(CHARS, (text, [chars]) => strip(text, chars!, "start")),
    partition: method(ONE, (text, [separator]) => partition(text, separator!, false)),
    removeprefix: method(parameters("prefix"), (text, [part]) => {
      const prefix = textArgument(part!);
      return text.startsWith(prefix) ? text.slice(prefix.length) : text;
    }),
    removesuffix: method(parameters("suffix"), (text, [part]) => {
      const suffix = textArgument(part!);
      return suffix !== "" && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
    }),
    replace: method(parameters("old", "new", ["count", -1n]), (text, [from, to, count], budget) =>
      replace(text, textArgument(from!), textArgument(to!), indexOf(count!), budget),
    ),
    rfind: method(SPAN, (text, [part, start, end]) => find([text, part!, start!, end!], true)),
    rindex: method(SPAN, (text, [part, start, end]) => found(find([text, part!, start!, end!], true))),
    rjust: method(PADDING, (text, args, budget) => justify(text, args, "right", budget)),
    rpartition: method(ONE, (text, [separator]) => partition(text, separator!, true)),
    rsplit: method(SPLIT, (text, [separator, most]) => split(text, separator!, most!, true)),
    rstrip: method(CHARS, (text, [chars]) => strip(text, chars!, "end")),
    split: method(SPLIT, (text, [separator, most]) => split(text, separator!, most!, false)),
    splitlines: method(parameters(["keepends", false]), (text, [keep]) => splitLines(text, Boolean(keep))),
    startswith: method(SPAN, (text, args) => begins(text, args, (inside, part) => inside.startsWith(part))),
    strip: method(CHARS, (text, [chars]) => strip(text, chars!, "both")),
    swapcase: plain((text) =>
      characters(text)
        .map((character) => (isUpper(character) ? character.toLowerCase() : character.toUpperCase()))
        .join(""),
    ),
    title: plain(title),
    upper: plain((text) => text.toUpperCase()),
    zfill: method(parameters("width"), (text, [width], budget) => {
      const missing = Math.max(0, indexOf(width!) - textLength(text));
      budget.make(missing);
      const sign = /^[+-]/.exec(text)?.[0] ?? "";
      return sign + "0".repeat(missing) + text.slice(sign.length);
    }),
  }),
);

const isCased = (text: string, one: (character: string) => boolean, other: (character: string) => boolean): boolean => {
  const letters = characters(text);
  return letters.some(one) && !letters.some(other);
};
export const islower = (text: string): boolean => isCased(text, isLower, isUpper);
export const isupper = (text: string): boolean => isCased(text, isUpper, isLower);

const REFUSED = ["encode", "translate", "maketrans"];

/** A method of a text as a function; undefined for a name that is none. */
export function stringMethod(
  text: string,
  name: string,
  budget: Budget,
): ((args: Value[], named: Named) => Value) | undefined {
  if (name === "format") return (args, named) => formatBraces(text, args, named, budget);
  if (name === "format_map") {
    return ([map]) => {
      if (!(map instanceof Dict)) throw typeError("format_map() takes a map");
      return formatBraces(text, [], new Map([...map.entries()].map(([key, value]) => [String(key), value])), budget);
    };
  }
  if (REFUSED.includes(name)) throw unsupported(`the method str.${name}`);
  const known = METHODS.get(name);
  return known && ((args, named) => known.run(text, bind(name, known.parameters, args, named), budget));
}
