import { syntaxError, unsupported } from "./errors.js";
import { ExpressionParser } from "./expression-parser.js";
import { tokenize } from "./lexer.js";
import type { BlockStatement, Expression, Signature, Statement } from "./nodes.js";
import { findScopes, type Scope } from "./scopes.js";
import { TokenStream } from "./token-stream.js";

export interface Template {
  name: string;
  body: Statement[];
  scope: Scope;
  blocks: Map<string, BlockStatement>;
}

/** Statements within each other. */
const MAX_DEPTH = 60;

/** @throws JinjaError with the template's name and line */
export function parseTemplate(source: string, name: string): Template {
  const body = new Parser(new TokenStream(tokenize(source))).template();
  return { name, body, ...findScopes(body) };
}

class Parser extends ExpressionParser {
  /** The open statements, and what may end them. */
  readonly #open: { tag: string; ends: string[] }[] = [];

  template(): Statement[] {
    return this.#statements([]);
  }

  /** Statements up to the tag that is one of `ends`, which is left to be read. */
  #statements(ends: string[]): Statement[] {
    const { stream } = this;
    const statements: Statement[] = [];
    for (;;) {
      const { type, text, line } = stream.current;
      if (type === "eof") {
        if (ends.length > 0) throw this.#unended();
        return statements;
      }
      stream.next();
      if (type === "data") statements.push({ statement: "text", text, line });
      else if (type === "variable_begin") {
        statements.push({ statement: "print", value: this.tuple(), line });
        stream.expect("variable_end");
      } else {
        if (stream.isWord(...ends)) return statements;
        const tag = stream.expect("name");
        const read = STATEMENTS.get(tag.text);
        if (!read) throw this.#unknown(tag.text, tag.line);
        if (this.#open.length >= MAX_DEPTH)
          throw syntaxError(`more than ${MAX_DEPTH} statements are within each other`, tag.line);
        this.#open.push({ tag: tag.text, ends: [] });
        const made = read(this, tag.line);
        this.#open.pop();
        if (Array.isArray(made)) statements.push(...made);
        else statements.push(made);
        stream.expect("block_end");
      }
    }
  }

  /** What stands between a tag and its end. The end is read, too. */
  body(...ends: string[]): Statement[] {
    this.stream.skipOperator(":");
    this.stream.expect("block_end");
    this.#open.at(-1)!.ends = ends;
    const body = this.#statements(ends);
    return body;
  }

  endedBody(end: string): Statement[] {
    const body = this.body(end);
    this.stream.next();
    return body;
  }

  get tokens(): TokenStream {
    return this.stream;
  }

  signature(): Signature["parameters"] {
    const { stream } = this;
    const parameters: Signature["parameters"] = [];
    stream.expectOperator("(");
    while (!stream.isOperator(")")) {
      if (parameters.length > 0) stream.expectOperator(",");
      const { line } = stream;
      const name = this.assignedName();
      if (stream.skipOperator("=")) parameters.push({ name, standard: this.expression() });
      else if (parameters.at(-1)?.standard) throw syntaxError("non-default argument follows default argument", line);
      else parameters.push({ name });
    }
    stream.expectOperator(")");
    return parameters;
  }

  context(standard: boolean): boolean {
    const { stream } = this;
    if (!stream.isWord("with", "without") || stream.look().type !== "name" || stream.look().text !== "context")
      return standard;
    const withContext = stream.next().text === "with";
    stream.next();
    return withContext;
  }

  #unended(): Error {
    const open = this.#open.at(-1);
    const ends = open?.ends.map((end) => `'${end}'`).join(" or ") ?? "";
    return syntaxError(
      `Unexpected end of template. Jinja was looking for the following tags: ${ends}. The innermost block that needs to be closed is '${open?.tag}'.`,
      this.stream.line,
    );
  }

  #unknown(tag: string, line: number): Error {
    const open = this.#open.at(-1);
    if (EXTENSIONS.includes(tag)) return unsupported(`the tag '${tag}' of Jinja2's extensions`, line);
    const looking = open
      ? ` Jinja was looking for the following tags: ${open.ends.map((end) => `'${end}'`).join(" or ")}.`
      : "";
    return syntaxError(`Encountered unknown tag '${tag}'.${looking}`, line);
  }
}

/** LAVA's server does not have them, either. */
const EXTENSIONS = ["do", "break", "continue", "trans", "pluralize", "debug"];

type Read = (parser: Parser, line: number) => Statement | Statement[];

const STATEMENTS = new Map<string, Read>(
  Object.entries({
    set(parser, line) {
      const target = parser.target(undefined, true);
      if (parser.tokens.skipOperator("=")) return { statement: "set", target, value: parser.tuple(), line };
      const filter = parser.tokens.isOperator("|") ? parser.filter(undefined) : undefined;
      return { statement: "set-block", target, ...(filter && { filter }), body: parser.endedBody("endset"), line };
    },
    if(parser, line) {
      const arms: [Expression, Statement[], number][] = [];
      let otherwise: Statement[] = [];
      for (let armLine = line; ; ) {
        const test = parser.tuple({ conditions: false });
        arms.push([test, parser.body("elif", "else", "endif"), armLine]);
        const { text } = parser.tokens.next();
        armLine = parser.tokens.line;
        if (text === "elif") continue;
        if (text === "else") otherwise = parser.endedBody("endif");
        return { statement: "if", arms, otherwise, line };
      }
    },
    for(parser, line) {
      const target = parser.target("in");
      parser.tokens.expectWord("in");
      const items = parser.tuple({ conditions: false, before: "recursive" });
      const test = parser.tokens.skipWord("if") ? parser.expression() : undefined;
      const recursive = parser.tokens.skipWord("recursive");
      const body = parser.body("else", "endfor");
      const otherwise = parser.tokens.next().text === "else" ? parser.endedBody("endfor") : [];
      return { statement: "for", target, items, ...(test && { test }), recursive, body, otherwise, line };
    },
    with(parser, line) {
      const targets = [];
      const values = [];
      while (!parser.tokens.is("block_end")) {
        if (targets.length > 0) parser.tokens.expectOperator(",");
        targets.push(parser.target());
        parser.tokens.expectOperator("=");
        values.push(parser.expression());
      }
      return { statement: "with", targets, values, body: parser.endedBody("endwith"), line };
    },
    autoescape(parser, line) {
      const value = parser.expression();
      if (value.node !== "constant" || value.value !== false) throw unsupported("autoescape", line);
      return { statement: "scope", body: parser.endedBody("endautoescape"), line };
    },
    block(parser, line) {
      const { tokens } = parser;
      const name = tokens.expect("name").text;
      const scoped = tokens.skipWord("scoped");
      const required = tokens.skipWord("required");
      if (tokens.isOperator("-")) {
        throw syntaxError(
          "Block names in Jinja have to be valid Python identifiers and may not contain hyphens, use an underscore instead.",
          line,
        );
      }
      const body = parser.endedBody("endblock");
      tokens.skipWord(name);
      if (required && body.some((inner) => inner.statement !== "text" || inner.text.trim() !== "")) {
        throw syntaxError("Required blocks can only contain comments or whitespace", line);
      }
      return { statement: "block", name, scoped, required, body, line };
    },
    extends: (parser, line) => ({ statement: "extends", template: parser.expression(), line }),
    include(parser, line) {
      const template = parser.expression();
      const { tokens } = parser;
      const ignoreMissing = tokens.isWord("ignore") && tokens.look().text === "missing";
      if (ignoreMissing) {
        tokens.next();
        tokens.next();
      }
      return { statement: "include", template, ignoreMissing, withContext: parser.context(true), line };
    },
    import(parser, line) {
      const template = parser.expression();
      parser.tokens.expectWord("as");
      const name = parser.assignedName();
      return { statement: "import", template, name, withContext: parser.context(false), line };
    },
    from(parser, line) {
      const { tokens } = parser;
      const template = parser.expression();
      tokens.expectWord("import");
      const names: [string, string][] = [];
      let withContext = false;
      for (;;) {
        if (names.length > 0) tokens.expectOperator(",");
        if (!tokens.is("name")) tokens.expect("name");
        if (isContext(tokens)) break;
        const name = parser.assignedName();
        if (name.startsWith("_")) throw syntaxError("names starting with an underline can not be imported", line);
        names.push([name, tokens.skipWord("as") ? parser.assignedName() : name]);
        if (isContext(tokens) || !tokens.isOperator(",")) break;
      }
      withContext = parser.context(false);
      return { statement: "from", template, names, withContext, line };
    },
    macro(parser, line) {
      const name = parser.assignedName();
      const parameters = parser.signature();
      return { statement: "macro", name, parameters, body: parser.endedBody("endmacro"), line };
    },
    call(parser, line) {
      const parameters = parser.tokens.isOperator("(") ? parser.signature() : [];
      const call = parser.expression();
      if (call.node !== "call") throw syntaxError("expected call", line);
      return { statement: "call", parameters, call, body: parser.endedBody("endcall"), line };
    },
    filter(parser, line) {
      const filter = parser.filter(undefined);
      return { statement: "filter", filter, body: parser.endedBody("endfilter"), line };
    },
    print(parser) {
      const values: Statement[] = [];
      while (!parser.tokens.is("block_end")) {
        if (values.length > 0) parser.tokens.expectOperator(",");
        values.push({ statement: "print", line: parser.tokens.line, value: parser.expression() });
      }
      return values;
    },
  } satisfies { [tag: string]: Read }),
);

const isContext = (tokens: TokenStream): boolean =>
  tokens.isWord("with", "without") && tokens.look().type === "name" && tokens.look().text === "context";
