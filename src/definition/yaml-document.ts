import { Composer, type CST, type Document, Lexer, type Node, Parser, type YAMLParseError } from "yaml";

const OPTIONS = {
  version: "1.1",
  // every scalar is text: YamlTree decides what it means
  schema: "failsafe",
  merge: false,
  uniqueKeys: false,
} as const;

/**
 * Maps and lists that are open at once. Composing recurses, and a stack that runs out within a regular expression ends
 * the whole process: deeper texts are refused before.
 */
const MAX_OPEN = 450;

export interface ComposedDocument {
  contents: Node | null;
  errors: { code: string; message: string; offset: number }[];
}

/**
 * Composes the one document of a text. As Python's reader does, lines within quotes and brackets may begin at any
 * column: rendered device files have them.
 * @throws RangeError when maps or lists are nested too deeply
 */
export function composeYaml(text: string, isUnindented = false): ComposedDocument {
  const document = compose(text, new UnindentedLexer() as unknown as Lexer);
  if (document.errors.length === 0 || isUnindented) return document;
  // a reader that minds the columns finds an open quote or bracket nearer to its place
  const strict = compose(text, new Lexer());
  return strict.errors.length > 0 ? strict : document;
}

type ComposerError = ComposedDocument["errors"][number];
type OnError = (source: number | CST.SourceToken | [number, number], ...rest: [string, string, boolean?]) => void;

function compose(text: string, lexer: Lexer): ComposedDocument {
  const composer = new Composer(OPTIONS);
  const open = composer as unknown as { onError: OnError };
  const note = open.onError;
  let count = 0;
  // an error is an object with a stack: a text full of them is given up early
  open.onError = (...error) => {
    if (++count > MAX_ERRORS) throw new TooManyErrors();
    note(...error);
  };
  let document: Document.Parsed | undefined;
  const errors: ComposerError[] = [];
  try {
    for (const next of composer.compose(tokens(text, lexer), true, text.length)) {
      if (document) {
        errors.push({ code: "MULTIPLE_DOCS", message: "", offset: next.range[0] });
        break;
      }
      document = next;
    }
    errors.unshift(...(document?.errors ?? []).map(plain));
  } catch (error) {
    if (!(error instanceof TooManyErrors)) throw error;
    errors.push(...(composer as unknown as { errors: YAMLParseError[] }).errors.map(plain));
  }
  return { contents: document?.contents ?? null, errors };
}

const plain = ({ code, message, pos }: YAMLParseError): ComposerError => ({ code, message, offset: pos[0] });

const MAX_ERRORS = 20;
class TooManyErrors extends Error {}

function* tokens(text: string, lexer: Lexer): Generator<CST.Token> {
  const parser = new Parser();
  const { stack } = parser as unknown as { stack: unknown[] };
  for (const lexeme of lexer.lex(text)) {
    yield* parser.next(lexeme);
    if (stack.length > MAX_OPEN) throw new RangeError();
  }
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
