import { syntaxError } from "./errors.js";
import type { Token, TokenType } from "./lexer.js";

/** The tokens of a template, one after the other. */
export class TokenStream {
  #at = 0;
  constructor(private readonly tokens: readonly Token[]) {}

  get current(): Token {
    return this.tokens[this.#at]!;
  }
  get line(): number {
    return this.current.line;
  }
  look(ahead = 1): Token {
    return this.tokens[Math.min(this.#at + ahead, this.tokens.length - 1)]!;
  }
  next(): Token {
    const token = this.current;
    if (token.type !== "eof") this.#at++;
    return token;
  }
  is(type: TokenType, text?: string): boolean {
    return this.current.type === type && (text === undefined || this.current.text === text);
  }
  isOperator(text: string): boolean {
    return this.is("operator", text);
  }
  isWord(...words: string[]): boolean {
    return this.current.type === "name" && words.includes(this.current.text);
  }
  skip(type: TokenType, text?: string): boolean {
    if (!this.is(type, text)) return false;
    this.next();
    return true;
  }
  skipOperator(text: string): boolean {
    return this.skip("operator", text);
  }
  skipWord(word: string): boolean {
    return this.skip("name", word);
  }
  expect(type: TokenType, text?: string): Token {
    if (this.is(type, text)) return this.next();
    const expected = text ?? NAMES[type];
    if (this.current.type === "eof")
      throw syntaxError(`unexpected end of template, expected '${expected}'.`, this.line);
    throw syntaxError(`expected token '${expected}', got '${describe(this.current)}'`, this.line);
  }
  expectOperator(text: string): Token {
    return this.expect("operator", text);
  }
  expectWord(word: string): Token {
    return this.expect("name", word);
  }
}

const NAMES: { [type in TokenType]: string } = {
  data: "template data",
  variable_begin: "begin of print statement",
  variable_end: "end of print statement",
  block_begin: "begin of statement block",
  block_end: "end of statement block",
  name: "name",
  string: "string",
  integer: "integer",
  float: "float",
  operator: "operator",
  eof: "end of template",
};

/** A token in a message. */
export const describe = ({ type, text }: Token): string =>
  type === "name" || type === "operator" ? text : NAMES[type];
