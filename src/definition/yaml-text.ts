import type { Json } from "../base/json.js";
import type { Location, Problem } from "../base/problem.js";
import { composeYaml } from "./yaml-document.js";
import { YamlTree } from "./yaml-tree.js";

export type YamlPath = readonly (string | number)[];

/** A YAML text, its value, and the way from the value back to the text. */
export interface ParsedYaml {
  /** The value; null when the text is not YAML. Aliases are copied: the value is a tree. */
  value: Json;
  problems: Problem[];
  file: string;
  /**
   * Where the value at `path` stands: a scalar or a flow collection itself, a block collection at its key.
   * `part: "key"` gives the key. Of a path that does not exist, undefined.
   */
  locate(path: YamlPath, part?: "value" | "key"): Location | undefined;
  /** The text of a line (1-based) of `file`, cut when very long. */
  sourceLine(line: number): string;
  /** The line of a location that `locate` gave; a rendered device has several files. */
  sourceAt(location: Location): string;
}

/** Variables of test scripts: maps of these names, anywhere below a key or, without one, in the document's own map. */
export interface ScriptVariables {
  names: readonly string[];
  below?: string;
}

/** Job and device files are some kB; larger ones are refused before they cost time. */
const MAX_CHARACTERS = 2 ** 20;
const MAX_SOURCE = 2000;
const MAX_SYNTAX_ERRORS = 5;
/** Characters that YAML does not allow; U+FFFD is what decoding leaves of bytes that are not UTF-8. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]/;

/**
 * Reads one YAML document with YAML 1.1 semantics as Python's safe loader (spec device.md §6, 12): never throws, takes
 * bounded time and memory, and says everything that is wrong in `problems`. Duplicate keys are warnings, the last wins.
 * @param variables where variables of test scripts stand: there a fraction is the text that Python makes of it (`6.0`)
 * @param isUnindented quotes and brackets are known to go on at any column: none is taken for an open one because of it
 */
export function parseYaml(text: string, file: string, variables?: ScriptVariables, isUnindented = false): ParsedYaml {
  const lines = new Lines(text, file);
  const problems: Problem[] = [];
  const parsed: ParsedYaml = {
    value: null,
    problems,
    file,
    locate: () => undefined,
    sourceLine: (line) => lines.source(line),
    sourceAt: ({ line }) => lines.source(line),
  };
  const refuse = (offset: number, message: string, hint?: string): ParsedYaml => {
    problems.push({ severity: "error", message, ...lines.at(offset), ...(hint && { hint }) });
    return parsed;
  };
  if (text.length > MAX_CHARACTERS) {
    return refuse(0, `the file has ${text.length} characters: more than ${MAX_CHARACTERS} are not read`);
  }
  const forbidden = FORBIDDEN.exec(text);
  if (forbidden) {
    const code = forbidden[0].charCodeAt(0);
    if (code === 0xfffd) return refuse(forbidden.index, "this is not UTF-8 text", "save the file as UTF-8");
    const hex = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
    return refuse(forbidden.index, `the character ${hex} cannot stand in YAML`, "is this a binary file?");
  }
  let tree: YamlTree;
  try {
    const document = composeYaml(text, isUnindented);
    for (const error of causes(document.errors, lines)) {
      const dash = LOCAL_FAULTS.has(error.code) ? undefined : gluedDash(text, error.offset);
      const { message, hint } = syntaxProblem(error.code, error.message);
      if (dash === undefined) refuse(error.offset, message, hint);
      else refuse(dash, "a dash without a space behind it begins no item", 'write "- " before the key');
    }
    if (problems.length > 0) return parsed;
    if (!document.contents) return refuse(0, "the file is empty");
    tree = new YamlTree(document.contents, lines, problems, variables);
    const value = tree.toJson();
    if (value === undefined) return parsed;
    parsed.value = value;
  } catch (error) {
    if (error instanceof RangeError) return refuse(0, "the file nests maps or lists too deeply to be read");
    return refuse(0, `the file cannot be read: ${(error as Error).message}`);
  }
  parsed.locate = (path, part = "value") => {
    const offset = tree.offsetOf(path, part);
    return offset === undefined ? undefined : lines.at(offset).location;
  };
  return parsed;
}

/** Offsets to lines; the table is made when it is first asked for. */
export class Lines {
  #starts: number[] | undefined;
  constructor(
    private readonly text: string,
    private readonly file: string,
  ) {}

  at(offset: number): { location: Location; source: string } {
    const starts = this.#table();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    const location = { file: this.file, line: low + 1, column: offset - starts[low]! + 1 };
    return { location, source: this.source(low + 1) };
  }

  source(line: number): string {
    const starts = this.#table();
    const start = starts[line - 1];
    if (start === undefined) return "";
    const end = starts[line] ?? this.text.length + 1;
    return this.text.slice(start, Math.min(end - 1, start + MAX_SOURCE)).replace(/\r$/, "");
  }

  #table(): number[] {
    if (this.#starts) return this.#starts;
    const starts = [0];
    for (let at = this.text.indexOf("\n"); at >= 0; at = this.text.indexOf("\n", at + 1)) starts.push(at + 1);
    this.#starts = starts;
    return starts;
  }
}

/** Faults that the parser reads past: what it finds behind them is no consequence of theirs. */
const LOCAL_FAULTS = new Set(["TAB_AS_INDENT", "BAD_DQ_ESCAPE", "BAD_SCALAR_START"]);

/** The causes: behind the first fault that breaks the structure, the parser misreads what may be right. One a line. */
function causes<T extends { code: string; offset: number }>(errors: T[], lines: Lines): T[] {
  const inOrder = errors.toSorted((a, b) => a.offset - b.offset);
  const broken = inOrder.findIndex(({ code }) => !LOCAL_FAULTS.has(code));
  const seen = new Set<number>();
  return inOrder
    .slice(0, broken < 0 ? MAX_SYNTAX_ERRORS : broken + 1)
    .filter(({ offset }) => {
      const { line } = lines.at(offset).location;
      return seen.has(line) ? false : seen.add(line);
    })
    .slice(0, MAX_SYNTAX_ERRORS);
}

/** The parser's names of tokens as they stand in the text. */
const TOKENS: { [type: string]: string } = {
  "flow-map-start": '"{"',
  "flow-map-end": '"}"',
  "flow-seq-start": '"["',
  "flow-seq-end": '"]"',
  "flow-error-end": "a closing bracket",
  comma: '","',
  "seq-item-ind": '"-"',
  "map-value-ind": '":"',
  "explicit-key-ind": '"?"',
  alias: "an alias",
  anchor: "an anchor",
  tag: "a tag",
  scalar: "a text",
};
const BRACKETS = /^flow-(map|seq)-/;

/** The parser's codes in a user's words. */
function syntaxProblem(code: string, said: string): { message: string; hint?: string } {
  let message = said;
  const [, token, source] =
    /^Unexpected ([a-z-]+)(?: token)?(?: at node end| in YAML stream(?:: "(.*)")?)/.exec(said) ?? [];
  switch (code) {
    case "TAB_AS_INDENT":
      return { message: "a tab indents this line", hint: "YAML is indented with spaces only" };
    case "BAD_INDENT":
      if (message.startsWith("Flow")) {
        return { message: "a [ or { of the lines above is not closed", hint: "close it, or indent this line" };
      }
      return {
        message: "the indentation does not fit the lines above",
        hint: "all keys of a map, and all dashes of a list, begin at the same column",
      };
    case "MULTIPLE_DOCS":
      return { message: "a second document begins here", hint: "keep one document in the file: remove the line ---" };
    case "BLOCK_AS_IMPLICIT_KEY":
      return {
        message: "a second map begins on this line",
        hint: 'is this line, or the one below, indented as the keys beside it? Text that contains ": " must be quoted: "..."',
      };
    case "MULTILINE_IMPLICIT_KEY":
      return {
        message: "this key goes over several lines",
        hint: "is a colon missing behind a key, or a closing quote?",
      };
    case "BAD_ALIAS":
      if (!said.includes("empty")) break;
      return { message: "a * names nothing here", hint: 'text that begins with * must be quoted: "*"' };
    case "BAD_SCALAR_START":
      return {
        message: firstSentence(message),
        hint: 'text that begins with a special character must be quoted: "..."',
      };
    case "BAD_DQ_ESCAPE":
      return {
        message: firstSentence(message),
        hint: "in double quotes a backslash begins an escape: use single quotes, or write it twice",
      };
    case "UNEXPECTED_TOKEN":
    case "MISSING_CHAR":
      if (message.endsWith("quote")) return { message: "this quoted text is not closed", hint: "close the quote" };
      if (token && BRACKETS.test(token))
        return {
          message: `${TOKENS[token]} is not expected here`,
          hint: 'text that contains brackets or braces must be quoted here: "..."',
        };
      if (token && TOKENS[token]) message = `${source ? JSON.stringify(source) : TOKENS[token]} is not expected here`;
      return {
        message: firstSentence(message),
        hint: "is a quote, a bracket or a colon missing here or on the line above?",
      };
  }
  return { message: firstSentence(message) };
}

/** A dash that is glued to its key is a key to YAML; where it breaks the list, the parser complains of a later line. */
function gluedDash(text: string, before: number): number | undefined {
  const found = /^ *-(?=[A-Za-z][\w -]{0,60}:(?: |\r?$))/m.exec(text.slice(0, before));
  return found ? found.index + found[0].length - 1 : undefined;
}

const firstSentence = (message: string): string => message.split("\n", 1)[0]!.slice(0, 200);
