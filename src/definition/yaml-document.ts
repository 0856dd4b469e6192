import { Composer, type CST, type Document, Lexer, type Node, Parser, YAMLParseError } from "yaml";

const OPTIONS = {
  version: "1.1",
  // every scalar is text: YamlTree decides what it means
  schema: "failsafe",
  merge: false,
  uniqueKeys: false,
} as const;

export interface ComposedDocument {
  contents: Node | null;
  errors: { code: string; message: string; offset: number }[];
}

/**
 * Composes the one document of a text. As Python's reader does, lines within quotes and brackets may begin at any
 * column: rendered device files have them.
 * @throws RangeError when maps or lists are nested too deeply
 */
export function composeYaml(text: string): ComposedDocument {
  const document = compose(text, new UnindentedLexer() as unknown as Lexer);
  if (document.errors.length === 0) return document;
  // a reader that minds the columns finds an open quote or bracket nearer to its place
  const strict = compose(text, new Lexer());
  return strict.errors.length > 0 ? strict : document;
}

function compose(text: string, lexer: Lexer): ComposedDocument {
  let document: Document.Parsed | undefined;
  const errors: YAMLParseError[] = [];
  for (const next of new Composer(OPTIONS).compose(tokens(text, lexer), true, text.length)) {
    if (document) {
      errors.push(new YAMLParseError([next.range[0], next.range[1]], "MULTIPLE_DOCS", ""));
      break;
    }
    document = next;
  }
  errors.unshift(...(document?.errors ?? []));
  // the composer takes the overflow of its stack for an error of the text
  if (errors.some(({ message }) => message.includes("call stack"))) throw new RangeError();
  return {
    contents: document?.contents ?? null,
    errors: errors.map(({ code, message, pos }) => ({ code, message, offset: pos[0] })),
  };
}

function* tokens(text: string, lexer: Lexer): Generator<CST.Token> {
  const parser = new Parser();
  for (const lexeme of lexer.lex(text)) yield* parser.next(lexeme);
  yield* parser.end();
}

/** What the class below needs of the lexer's inside. */
interface OpenLexer {
  indentNext: number;
  parseQuotedScalar(): Generator<string, unknown>;
  parseFlowCollection(): Generator<string, unknown>;
}

class UnindentedLexer extends (Lexer as unknown as new () => OpenLexer) {
  override *parseQuotedScalar(): Generator<string, unknown> {
    return yield* this.#anywhere(super.parseQuotedScalar());
  }
  override *parseFlowCollection(): Generator<string, unknown> {
    return yield* this.#anywhere(super.parseFlowCollection());
  }
  *#anywhere(steps: Generator<string, unknown>): Generator<string, unknown> {
    const { indentNext } = this;
    this.indentNext = 0;
    const next = yield* steps;
    this.indentNext = indentNext;
    return next;
  }
}
