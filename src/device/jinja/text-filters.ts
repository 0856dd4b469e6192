/** Jinja2's filters of texts. */
import { parameters } from "./arguments.js";
import { operate } from "./arithmetic.js";
import { attributeGetter } from "./attribute-getter.js";
import { type Filter, filter } from "./builtin.js";
import { isTrue } from "./compare.js";
import { JinjaError, typeError, unsupported } from "./errors.js";
import { escapeHtml } from "./escape-html.js";
import { isIterable, iterate, textLength } from "./iterate.js";
import { jsonText } from "./json-text.js";
import { capitalize, center, replace, strip } from "./string-methods.js";
import { characters, indexOf } from "./subscripts.js";
import { repr, str } from "./text.js";
import { asText, Dict, Markup, needed, Tuple, typeName, type Value } from "./values.js";
import { splitLines } from "./whitespace.js";
import { wrapText } from "./wrap-text.js";

/** A text filter of HTML gives HTML. */
const onText = (run: (text: string) => string) => (value: Value) => {
  const text = run(str(value));
  return value instanceof Markup ? new Markup(text) : text;
};

const escaped: Filter = filter("escape", [], (value) =>
  value instanceof Markup ? value : new Markup(escapeHtml(str(value))),
);

export const TEXT_FILTERS: { [name: string]: Filter } = {
  capitalize: filter("capitalize", [], onText(capitalize)),
  center: filter("center", parameters(["width", 80n]), (value, [width], { budget }) =>
    center(str(value), width!, budget),
  ),
  e: escaped,
  escape: escaped,
  forceescape: filter("forceescape", [], (value) => new Markup(escapeHtml(str(value)))),
  format(value, args, named, { budget }) {
    if (args.length > 0 && named.size > 0) {
      throw new JinjaError("runtime", "can't handle positional and keyword arguments at the same time");
    }
    return operate(
      "%",
      value instanceof Markup ? value : str(value),
      named.size > 0 ? Dict.of(named) : new Tuple(args),
      budget,
    );
  },
  indent: filter(
    "indent",
    parameters(["width", 4n], ["first", false], ["blank", false]),
    (value, [width, first, blank], { budget }) => {
      const text = asText(needed(value));
      if (text === undefined) throw typeError(`unsupported operand type(s) for +=: '${typeName(value)}' and 'str'`);
      const pad = asText(width!) ?? " ".repeat(Math.max(0, Math.min(indexOf(width!), 10_000)));
      const lines = splitLines(`${text}\n`);
      budget.make(text.length + lines.length * pad.length);
      const rest = lines.slice(1).map((line) => (isTrue(blank!) || line !== "" ? pad + line : line));
      const made = (isTrue(first!) ? pad : "") + [lines[0]!, ...rest].join("\n");
      return value instanceof Markup ? new Markup(made) : made;
    },
  ),
  join: filter("join", parameters(["d", ""], ["attribute", null]), (value, [between, path], runtime) => {
    const separator = str(between!);
    const get = attributeGetter(path!, runtime);
    const pieces: string[] = [];
    for (const item of iterate(value)) {
      const piece = str(get(item));
      runtime.budget.make(piece.length + separator.length);
      pieces.push(piece);
    }
    return pieces.join(separator);
  }),
  lower: filter(
    "lower",
    [],
    onText((text) => text.toLowerCase()),
  ),
  pprint: filter("pprint", [], (value) => {
    const text = repr(value);
    if (text.length > 80 || value instanceof Dict) return prettyDict(value, text);
    return text;
  }),
  replace: filter("replace", parameters("old", "new", ["count", null]), (value, [from, to, count], { budget }) =>
    replace(str(value), str(from!), str(to!), count === null ? -1 : indexOf(count!), budget),
  ),
  safe: filter("safe", [], (value) => new Markup(str(value))),
  string: filter("string", [], (value) => (value instanceof Markup ? value : str(value))),
  striptags: filter("striptags", [], (value) =>
    str(value)
      .replace(/<!--[\s\S]*?-->/g, "")
      .replace(/<[\s\S]*?>/g, "")
      .split(/\s+/)
      .filter((word) => word !== "")
      .join(" ")
      .replace(/&(amp|lt|gt|quot|#39|#34);/g, (_, name: string) => UNESCAPED[name]!),
  ),
  title: filter(
    "title",
    [],
    onText((text) =>
      text
        .split(/([-\s({[<]+)/)
        .filter((part) => part !== "")
        .map((part) => {
          const [first = "", ...rest] = characters(part);
          return first.toUpperCase() + rest.join("").toLowerCase();
        })
        .join(""),
    ),
  ),
  tojson: filter("tojson", parameters(["indent", null]), (value, [indent]) => new Markup(jsonText(value, indent!))),
  trim: filter("trim", parameters(["chars", null]), (value, [chars]) =>
    onText((text) => strip(text, chars!, "both"))(value),
  ),
  truncate: filter(
    "truncate",
    parameters(["length", 255n], ["killwords", false], ["end", "..."], ["leeway", null]),
    (value, [length, kill, end, leeway]) => {
      const text = asText(needed(value));
      if (text === undefined) throw typeError(`object of type '${typeName(value)}' has no len()`);
      const [most, tail, extra] = [indexOf(length!), str(end!), leeway === null ? 5 : indexOf(leeway!)];
      if (most < textLength(tail))
        throw new JinjaError("runtime", `expected length >= ${textLength(tail)}, got ${most}`);
      if (extra < 0) throw new JinjaError("runtime", `expected leeway >= 0, got ${extra}`);
      const letters = characters(text);
      if (letters.length <= most + extra) return text;
      const cut = letters.slice(0, most - textLength(tail)).join("");
      const space = cut.lastIndexOf(" ");
      return (isTrue(kill!) || space < 0 ? cut : cut.slice(0, space)) + tail;
    },
  ),
  upper: filter(
    "upper",
    [],
    onText((text) => text.toUpperCase()),
  ),
  urlencode: filter("urlencode", [], (value) => {
    if (asText(value) !== undefined || !isIterable(value)) return urlQuoted(str(value), "/");
    const pairs = value instanceof Dict ? [...value.entries()] : [...iterate(value)].map((pair) => [...iterate(pair)]);
    return pairs.map(([key, item]) => `${forQuery(key!)}=${forQuery(item!)}`).join("&");
  }),
  wordcount: filter("wordcount", [], (value) => BigInt(str(value).match(/[\p{L}\p{N}\p{M}_]+/gu)?.length ?? 0)),
  wordwrap: filter(
    "wordwrap",
    parameters(["width", 79n], ["break_long_words", true], ["wrapstring", null], ["break_on_hyphens", true]),
    (value, [width, breakLong, wrap, hyphens], { budget }) => {
      const text = asText(needed(value));
      if (text === undefined) throw typeError(`'${typeName(value)}' object has no attribute 'splitlines'`);
      const between = wrap === null ? "\n" : str(wrap!);
      const columns = indexOf(width!);
      if (columns <= 0) throw new JinjaError("runtime", `invalid width ${columns} (must be > 0)`);
      budget.make(text.length * (1 + between.length));
      return splitLines(text)
        .map((line) => wrapText(line, columns, isTrue(breakLong!), isTrue(hyphens!)).join(between))
        .join(between);
    },
  ),
};

const UNESCAPED: { [name: string]: string } = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", "#34": '"' };

/** Maps are shown in the order of their keys; long ones over several lines, which nobody needs in a device. */
function prettyDict(value: Value, text: string): string {
  const isSmall =
    value instanceof Dict && text.length <= 80 && [...value.values()].every((item) => !(item instanceof Dict));
  if (!isSmall) throw unsupported("pprint of a value that takes several lines");
  const entries = [...(value as Dict).entries()].sort(([a], [b]) => (str(a) < str(b) ? -1 : 1));
  return repr(Dict.of(entries));
}

function urlQuoted(text: string, safe: string): string {
  return [...new TextEncoder().encode(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[\w.~-]/.test(character) || safe.includes(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}
const forQuery = (value: Value): string => urlQuoted(str(value), "").replaceAll("%20", "+");
