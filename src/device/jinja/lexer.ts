/** Jinja2's text as tokens, with `trim_blocks` on and `lstrip_blocks` off, as LAVA has it. */
import { syntaxError } from "./errors.js";
import { unescapeString } from "./string-literal.js";
import { trimEnd } from "./whitespace.js";

export type TokenType =
  | "data"
  | "variable_begin"
  | "variable_end"
  | "block_begin"
  | "block_end"
  | "name"
  | "string"
  | "integer"
  | "float"
  | "operator"
  | "eof";

export interface Token {
  type: TokenType;
  /** A name, an operator, a text's value, or the template's own text. */
  text: string;
  /** Of numbers. */
  number?: bigint | number;
  line: number;
}

const WHITE = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const OPENING = /\{[{%#]/g;
const RAW = new RegExp(`\\{%[-+]?${WHITE}*raw${WHITE}*(?:-%\\}${WHITE}*|%\\})`, "y");
const END_RAW = new RegExp(`\\{%([-+]?)${WHITE}*endraw${WHITE}*(?:\\+%\\}|-%\\}${WHITE}*|%\\}\\n?)`, "g");
const END_COMMENT = new RegExp(`\\+#\\}|-#\\}${WHITE}*|#\\}\\n?`, "g");
const END_BLOCK = new RegExp(`\\+%\\}|-%\\}${WHITE}*|%\\}\\n?`, "y");
const END_VARIABLE = new RegExp(`-\\}\\}${WHITE}*|\\}\\}`, "y");
const SPACE = new RegExp(`${WHITE}+`, "y");
const FLOAT = /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?[eE][+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/y;
const INTEGER = /0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*/y;
const NAME = /[\p{L}\p{N}\p{M}_]+/uy;
const IDENTIFIER = /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*$/u;
const STRING = /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y;
const OPERATOR = /\/\/|\*\*|==|!=|<=|>=|[-+*/%~[\](){}<>=.:|,;]/y;
const CLOSING: { [opening: string]: string } = { "(": ")", "[": "]", "{": "}" };

/** @throws JinjaError with the line */
export function tokenize(source: string): Token[] {
  return new Lexer(source.replace(/\r\n?/g, "\n").replace(/\n$/, "")).all();
}

class Lexer {
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;
  constructor(private readonly text: string) {}

  all(): Token[] {
    while (this.#at < this.text.length) this.#next();
    this.#push("eof", "");
    return this.#tokens;
  }

  /** Text up to a tag, and the tag. */
  #next(): void {
    const found = this.#find(OPENING);
    if (!found) {
      this.#push("data", this.text.slice(this.#at));
      this.#move(this.text.length);
      return;
    }
    const sign = this.text[found.index + 2] ?? "";
    const data = this.text.slice(this.#at, found.index);
    const raw = this.#match(RAW, found.index);
    this.#data(data, sign);
    this.#move(found.index);
    if (raw) {
      this.#move(this.#at + raw.length);
      this.#raw();
      return;
    }
    this.#move(found.index + (sign === "-" || sign === "+" ? 3 : 2));
    if (found[0] === "{#") this.#comment();
    else this.#tag(found[0] === "{%" ? "block" : "variable");
  }

  #data(text: string, sign: string): void {
    const kept = sign === "-" ? trimEnd(text) : text;
    if (kept !== "") this.#push("data", kept);
  }

  #raw(): void {
    const end = this.#find(END_RAW);
    if (!end) throw syntaxError("Missing end of raw directive", this.#line);
    this.#data(this.text.slice(this.#at, end.index), end[1] ?? "");
    this.#move(end.index + end[0].length);
  }

  #comment(): void {
    const end = this.#find(END_COMMENT);
    if (!end) throw syntaxError("Missing end of comment tag", this.#line);
    this.#move(end.index + end[0].length);
  }

  #tag(kind: "block" | "variable"): void {
    this.#push(`${kind}_begin`, "");
    const ending = kind === "block" ? END_BLOCK : END_VARIABLE;
    const open: string[] = [];
    for (;;) {
      const end = open.length === 0 ? this.#match(ending) : undefined;
      if (end !== undefined) {
        this.#push(`${kind}_end`, "");
        this.#move(this.#at + end.length);
        return;
      }
      if (this.#at >= this.text.length) {
        throw syntaxError(
          `unexpected end of template, expected 'end of ${kind === "block" ? "statement" : "print statement"} block'.`,
          this.#line,
        );
      }
      this.#token(open);
    }
  }

  #token(open: string[]): void {
    const space = this.#match(SPACE);
    if (space !== undefined) {
      this.#move(this.#at + space.length);
      return;
    }
    const float = this.#match(FLOAT);
    const integer = float === undefined ? this.#match(INTEGER) : undefined;
    if (float !== undefined) this.#push("float", float, Number(float.replaceAll("_", "")));
    else if (integer !== undefined)
      this.#push("integer", integer, BigInt(integer.replaceAll("_", "").replace(/^0+(?=0)/, "")));
    const number = float ?? integer;
    if (number !== undefined) {
      this.#move(this.#at + number.length);
      return;
    }
    const name = this.#match(NAME);
    if (name !== undefined) {
      if (!IDENTIFIER.test(name)) throw syntaxError("Invalid character in identifier", this.#line);
      this.#push("name", name);
      this.#move(this.#at + name.length);
      return;
    }
    const string = this.#match(STRING);
    if (string !== undefined) {
      this.#push("string", unescapeString(string.slice(1, -1), this.#line));
      this.#move(this.#at + string.length);
      return;
    }
    const operator = this.#match(OPERATOR);
    if (operator === undefined) throw syntaxError(`unexpected char '${this.text[this.#at]}'`, this.#line);
    if (operator in CLOSING) open.push(CLOSING[operator]!);
    else if (operator === ")" || operator === "]" || operator === "}") {
      const expected = open.pop();
      if (expected === undefined) throw syntaxError(`unexpected '${operator}'`, this.#line);
      if (expected !== operator) throw syntaxError(`unexpected '${operator}', expected '${expected}'`, this.#line);
    }
    this.#push("operator", operator);
    this.#move(this.#at + operator.length);
  }

  #push(type: TokenType, text: string, number?: bigint | number): void {
    this.#tokens.push({ type, text, line: this.#line, ...(number !== undefined && { number }) });
  }

  #move(to: number): void {
    for (let at = this.text.indexOf("\n", this.#at); at >= 0 && at < to; at = this.text.indexOf("\n", at + 1))
      this.#line++;
    this.#at = to;
  }

  #find(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.text);
  }

  #match(pattern: RegExp, at = this.#at): string | undefined {
    pattern.lastIndex = at;
    return pattern.exec(this.text)?.[0];
  }
}
