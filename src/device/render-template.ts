import Handlebars from "handlebars";
import { isMap, type Json, type JsonMap } from "../base/json.js";
import { flow } from "../definition/schema-problems.js";

/** Rendered text, and for each of its lines the template's line that made it. */
export interface Rendered {
  text: string;
  /** 1-based on both sides: `lines[n]` is the template's line of the text's line n. */
  lines: number[];
}

/** A template that cannot be rendered. */
export class TemplateError extends Error {
  constructor(
    message: string,
    readonly line: number,
    readonly column: number,
  ) {
    super(message);
  }
}

const VALUE = "yaml value";
const PART = "yaml text";
/** Marks of template lines in the text while it is rendered; no value can contain them, as JSON escapes them. */
const mark = (line: number): string => `\x01${line}\x02`;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the marks are control characters
const MARK = /\x01(\d+)\x02/g;

/**
 * Renders a device-type template to YAML text. `{{x}}` becomes a whole YAML value, quoted where needed; `{{{x}}}` is a
 * piece of a text in double quotes, escaped for it. So no value can break the document.
 * @throws TemplateError with the template's line
 */
export function renderTemplate(body: string, variables: JsonMap): Rendered {
  const engine = Handlebars.create();
  const helpers: { [name: string]: Handlebars.HelperDelegate } = {
    [VALUE]: (value: Json | undefined) => inFlow(value),
    [PART]: (value: Json | undefined) => inQuotes(value),
    eq: (a: Json, b: Json) => a === b,
    and: (...values: unknown[]) => values.slice(0, -1).every((value) => !Handlebars.Utils.isEmpty(value)),
    or: (...values: unknown[]) => values.slice(0, -1).find((value) => !Handlebars.Utils.isEmpty(value)) ?? false,
    not: (value: unknown) => Handlebars.Utils.isEmpty(value),
    has: (map: Json, key: string) => isMap(map) && Object.hasOwn(map, key),
  };
  engine.registerHelper(helpers);
  try {
    const program = engine.parse(body);
    new Quoting(body.split("\n")).accept(program);
    const marked = engine.compile(program, { strict: true, noEscape: true })(variables);
    return unmark(marked);
  } catch (error) {
    throw error instanceof TemplateError ? error : templateError(error as Error);
  }
}

/** Makes every insertion safe, and marks the lines. */
class Quoting extends Handlebars.Visitor {
  /** Inline partials of one line: pieces of a text, to be used within quotes. */
  readonly #pieces = new Set<string>();
  #inPiece = false;
  constructor(private readonly lines: string[]) {
    super();
  }

  override DecoratorBlock(block: hbs.AST.DecoratorBlock): void {
    this.#inPiece = block.loc.start.line === block.loc.end.line;
    if (this.#inPiece) this.#pieces.add((block.params[0] as hbs.AST.StringLiteral).value);
    super.DecoratorBlock(block);
    this.#inPiece = false;
  }

  override PartialStatement(partial: hbs.AST.PartialStatement): void {
    const name = (partial.name as hbs.AST.PathExpression).original;
    if (this.#pieces.has(name)) this.#checkQuotes(partial.loc.start, `{{> ${name}}}`);
    super.PartialStatement(partial);
  }

  override ContentStatement(content: hbs.AST.ContentStatement): void {
    // what white space control took away from the beginning is counted, too
    const { original } = content as unknown as { original: string };
    let line = content.loc.start.line + countLines(original.slice(0, Math.max(0, original.indexOf(content.value))));
    content.value = mark(line) + content.value.replaceAll("\n", () => `\n${mark(++line)}`);
  }

  override MustacheStatement(mustache: hbs.AST.MustacheStatement): void {
    if (!mustache.escaped) this.#checkQuotes(mustache.loc.start, "{{{...}}}");
    const isCall = mustache.params.length > 0 || (mustache.hash?.pairs.length ?? 0) > 0;
    const argument = isCall
      ? ({ ...mustache, type: "SubExpression" } as unknown as hbs.AST.SubExpression)
      : (mustache.path as hbs.AST.Expression);
    mustache.params = [argument];
    mustache.hash = undefined as unknown as hbs.AST.Hash;
    mustache.path = helperPath(mustache.escaped ? VALUE : PART, mustache.loc);
  }

  #checkQuotes({ line, column }: hbs.AST.Position, what: string): void {
    if (this.#inPiece || endsInQuotes(this.lines[line - 1]!.slice(0, column))) return;
    throw new TemplateError(`${what} may only stand within double quotes; {{...}} is a whole value`, line, column + 1);
  }
}

const helperPath = (name: string, loc: hbs.AST.SourceLocation): hbs.AST.PathExpression => ({
  type: "PathExpression",
  data: false,
  depth: 0,
  parts: [name],
  original: name,
  loc,
});

const countLines = (text: string): number => text.split("\n").length - 1;

const endsInQuotes = (text: string): boolean => (text.replace(/\\./g, "").match(/"/g)?.length ?? 0) % 2 === 1;

/** YAML's flow form, which is JSON. */
function inFlow(value: Json | undefined): string {
  if (value === undefined) throw new Error("it has no value");
  return JSON.stringify(value);
}

function inQuotes(value: Json | undefined): string {
  if (value === undefined) throw new Error("it has no value");
  if (typeof value === "object" && value !== null) throw new Error(`${flow(value).slice(0, 60)} is no text`);
  return JSON.stringify(value === null ? "" : String(value)).slice(1, -1);
}

function unmark(marked: string): Rendered {
  const lines = [0];
  let last = 1;
  const text = marked.split("\n").map((line) => {
    const [first] = line.matchAll(MARK);
    last = first ? Number(first[1]) : last;
    lines.push(last);
    return line.replaceAll(MARK, "");
  });
  return { text: text.join("\n"), lines };
}

/** Handlebars' errors tell their place in several ways. */
function templateError(error: Error): TemplateError {
  const place = error as Error & {
    lineNumber?: number;
    column?: number;
    hash?: { line?: number; loc?: { first_line: number } };
  };
  const inText = /on line (\d+)| - (\d+):(\d+)/.exec(error.message);
  const line = place.lineNumber ?? place.hash?.loc?.first_line ?? Number(inText?.[1] ?? inText?.[2] ?? 1);
  const column = (place.column ?? Number(inText?.[3] ?? 0)) + 1;
  const missing = /^"(.+)" not defined in/.exec(error.message);
  const message = missing
    ? `the variable "${missing[1]}" is not declared in the head of the template or its parents`
    : error.message
        .split("\n")
        .at(-1)!
        .replace(/ - \d+:\d+$/, "");
  return new TemplateError(message, line, column);
}
