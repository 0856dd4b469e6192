/** What a device-type template means, however it was compiled: its helpers, and the lines that it marks. */
import type { HelperDelegate, HelperOptions } from "handlebars";
import { isMap, type Json, type JsonMap } from "../base/json.js";

/** Rendered text, and for each of its lines the template's line that made it. */
export interface Rendered {
  text: string;
  /** 1-based on both sides: `lines[n]` is the template's line of the text's line n. */
  lines: number[];
}

/** A variable that a template asks for, and where: its 1-based line and column. */
export type AskedName = [name: string, line: number, column: number];

/** A template that cannot be rendered. */
export class TemplateError extends Error {
  constructor(
    message: string,
    readonly line: number,
    readonly column: number,
    /** The template's file, where the engine knows it. */
    readonly file?: string,
    /** What to do. */
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** Throws TemplateError for the first name that is no variable. */
export function checkNames(names: readonly AskedName[], variables: JsonMap): void {
  const missing = names.find(([name]) => !Object.hasOwn(variables, name));
  if (!missing) return;
  const [name, line, column] = missing;
  throw new TemplateError(
    `the variable "${name}" is not declared in the head of the template or its parents`,
    line,
    column,
  );
}

export const VALUE = "yaml value";
export const PART = "yaml text";
/** Marks of template lines in the text while it is rendered; no value can contain them, as JSON escapes them. */
export const mark = (line: number): string => `\x01${line}\x02`;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the marks are control characters
const MARK = /\x01(\d+)\x02/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const LEADING = /^(?:\x01\d+\x02)+/;

/** As Handlebars has it in `{{#if}}`: zero is a value. */
const isEmpty = (value: unknown): boolean => (!value && value !== 0) || (Array.isArray(value) && value.length === 0);

/** Helpers of templates, beside Handlebars' own; the last argument is Handlebars' options. */
export const HELPERS: { [name: string]: HelperDelegate } = {
  [VALUE]: (value: Json | undefined, place: string) => inFlow(defined(value, place)),
  [PART]: (value: Json | undefined, place: string) => inQuotes(defined(value, place), place),
  eq: (a: Json, b: Json) => a === b,
  and: (...values: unknown[]) => values.slice(0, -1).every((value) => !isEmpty(value)),
  or: (...values: unknown[]) => values.slice(0, -1).find((value) => !isEmpty(value)) ?? false,
  not: (value: unknown) => isEmpty(value),
  given: (options: HelperOptions) => {
    // Handlebars fills the hash from its end
    const given = Object.entries(options.hash as JsonMap)
      .reverse()
      .filter(([, value]) => !isEmpty(value));
    return given.length > 0 ? Object.fromEntries(given) : null;
  },
  has: (map: Json, key: string) => isMap(map) && Object.hasOwn(map, key),
};

function defined(value: Json | undefined, place: string): Json {
  if (value === undefined) throw errorAt(place, "has no value here");
  return value;
}

/** YAML's flow form, which is JSON. */
const inFlow = (value: Json): string => JSON.stringify(value);

function inQuotes(value: Json, place: string): string {
  if (typeof value === "object" && value !== null) throw errorAt(place, "is no text: it cannot be a part of one");
  return JSON.stringify(value === null ? "" : String(value)).slice(1, -1);
}

/** @param place line, column and name of an insertion */
function errorAt(place: string, what: string): TemplateError {
  const [line, column, ...name] = place.split(":");
  return new TemplateError(`"${name.join(":")}" ${what}`, Number(line), Number(column));
}

/** Takes the marks out, and says what they said. */
export function unmark(marked: string): Rendered {
  const lines = [0];
  let last = 1;
  const text = marked.split("\n").map((line) => {
    // where a block has begun, several stand there: the last one is of what follows
    const leading = [...(LEADING.exec(line)?.[0] ?? "").matchAll(MARK)].at(-1);
    last = leading ? Number(leading[1]) : last;
    lines.push(last);
    return line.replaceAll(MARK, "");
  });
  return { text: text.join("\n"), lines };
}
