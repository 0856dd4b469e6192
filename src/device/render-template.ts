import Handlebars from "handlebars";
import type { JsonMap } from "../base/json.js";
import {
  type AskedName,
  checkNames,
  HELPERS,
  mark,
  PART,
  type Rendered,
  TemplateError,
  unmark,
  VALUE,
} from "./template-language.js";

/**
 * Renders a device-type template to YAML text. `{{x}}` becomes a whole YAML value, quoted where needed; `{{{x}}}` is a
 * piece of a text in double quotes, escaped for it. So no value can break the document.
 * @throws TemplateError with the template's line
 */
export function renderTemplate(body: string, variables: JsonMap): Rendered {
  const engine = Handlebars.create();
  engine.registerHelper(HELPERS);
  try {
    const { program, names } = parseTemplate(body);
    checkNames(names, variables);
    return unmark(engine.compile(program, COMPILING)(variables));
  } catch (error) {
    throw error instanceof TemplateError ? error : syntaxError(error as Error);
  }
}

/**
 * Compiles a template for src/device/render-compiled.ts.
 * @returns the names that it asks for, and JavaScript text: an expression that gives Handlebars' compiled form
 * @throws TemplateError with the template's line
 */
export function compileTemplate(body: string): { names: AskedName[]; code: string } {
  try {
    const { program, names } = parseTemplate(body);
    return { names, code: String(Handlebars.precompile(program, COMPILING)) };
  } catch (error) {
    throw error instanceof TemplateError ? error : syntaxError(error as Error);
  }
}

function parseTemplate(body: string): { program: hbs.AST.Program; names: AskedName[] } {
  const program = Handlebars.parse(body);
  const quoting = new Quoting(body.split("\n"));
  quoting.accept(program);
  return { program, names: quoting.names };
}

const KNOWN_HELPERS = new Set([...Object.keys(HELPERS), "if", "unless", "each", "with", "lookup"]);
const COMPILING = {
  strict: true,
  noEscape: true,
  // names are checked before: without guessing which of them are helpers, the compiled code is short
  knownHelpersOnly: true,
  knownHelpers: Object.fromEntries([...KNOWN_HELPERS].map((name) => [name, true])) as unknown as KnownHelpers,
};
/** Blocks in which names mean other things than the variables. */
const SCOPES = new Set(["each", "with"]);

/** Collects all names, makes every insertion safe, and marks the lines. */
class Quoting extends Handlebars.Visitor {
  /** Inline partials; true: of one line, a piece of a text to be used within quotes. */
  readonly #partials = new Map<string, boolean>();
  #inPiece = false;
  #scopes = 0;
  /** The variables that are asked for. */
  readonly names: AskedName[] = [];
  constructor(private readonly lines: string[]) {
    super();
  }

  override DecoratorBlock(block: hbs.AST.DecoratorBlock): void {
    this.#inPiece = block.loc.start.line === block.loc.end.line;
    this.#partials.set((block.params[0] as hbs.AST.StringLiteral).value, this.#inPiece);
    this.accept(block.program);
    this.#inPiece = false;
  }

  override PartialStatement(partial: hbs.AST.PartialStatement): void {
    const name = (partial.name as hbs.AST.PathExpression).original;
    const isPiece = this.#partials.get(name);
    if (isPiece === undefined) this.#refuse(partial, `no inline partial before it is named "${name}"`);
    if (isPiece) this.#checkQuotes(partial, `{{> ${name}}}`);
  }

  override BlockStatement(block: hbs.AST.BlockStatement): void {
    const name = this.#helper(block);
    this.#arguments(block);
    this.#scopes += SCOPES.has(name) ? 1 : 0;
    this.accept(block.program);
    this.#scopes -= SCOPES.has(name) ? 1 : 0;
    if (block.inverse) this.accept(block.inverse);
  }

  override SubExpression(expression: hbs.AST.SubExpression): void {
    this.#helper(expression);
    this.#arguments(expression);
  }

  override PathExpression(path: hbs.AST.PathExpression): void {
    const [name] = path.parts;
    if (path.data || name === undefined || path.depth !== this.#scopes) return;
    this.names.push([String(name), path.loc.start.line, path.loc.start.column + 1]);
  }

  override ContentStatement(content: hbs.AST.ContentStatement): void {
    // what white space control took away from the beginning is counted, too
    const { original } = content as unknown as { original: string };
    let line = content.loc.start.line + countLines(original.slice(0, Math.max(0, original.indexOf(content.value))));
    content.value = mark(line) + content.value.replaceAll("\n", () => `\n${mark(++line)}`);
  }

  override MustacheStatement(mustache: hbs.AST.MustacheStatement): void {
    if (!mustache.escaped) this.#checkQuotes(mustache, "{{{...}}}");
    const { loc } = mustache;
    const isCall = mustache.params.length > 0 || mustache.hash !== undefined;
    const argument = isCall
      ? ({ ...mustache, type: "SubExpression" } as unknown as hbs.AST.SubExpression)
      : (mustache.path as hbs.AST.Expression);
    this.accept(argument);
    const text = (mustache.path as hbs.AST.PathExpression).original;
    mustache.params = [argument, literal(`${loc.start.line}:${loc.start.column + 1}:${text}`, loc)];
    mustache.path = helperPath(mustache.escaped ? VALUE : PART, loc);
  }

  #arguments({ params, hash }: hbs.AST.BlockStatement | hbs.AST.SubExpression): void {
    for (const argument of [...params, ...(hash?.pairs.map(({ value }) => value) ?? [])]) this.accept(argument);
  }

  #helper(call: hbs.AST.BlockStatement | hbs.AST.SubExpression): string {
    const name = (call.path as hbs.AST.PathExpression).original;
    if (!KNOWN_HELPERS.has(name)) this.#refuse(call, `there is no helper "${name}"`);
    return name;
  }

  #checkQuotes(node: hbs.AST.Node, what: string): void {
    const { line, column } = node.loc.start;
    if (this.#inPiece || endsInQuotes(this.lines[line - 1]!.slice(0, column))) return;
    this.#refuse(node, `${what} may only stand within double quotes; {{...}} is a whole value`);
  }

  #refuse({ loc }: hbs.AST.Node, message: string): never {
    throw new TemplateError(message, loc.start.line, loc.start.column + 1);
  }
}

const literal = (value: string, loc: hbs.AST.SourceLocation): hbs.AST.StringLiteral => ({
  type: "StringLiteral",
  value,
  original: value as hbs.AST.StringLiteral["original"],
  loc,
});

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

/** What Handlebars' parser says, in words. */
function syntaxError(error: Error): TemplateError {
  const line = Number(/on line (\d+)/.exec(error.message)?.[1] ?? (error as { lineNumber?: number }).lineNumber ?? 1);
  const got = /got '(\w+)'$/.exec(error.message)?.[1];
  if (got === "EOF") return new TemplateError("the template ends within a {{...}} or a block", line, 1);
  if (got) return new TemplateError("this is no Handlebars expression", line, 1);
  return new TemplateError(
    error.message
      .split("\n")
      .at(-1)!
      .replace(/ - \d+:\d+$/, ""),
    line,
    1,
  );
}
