import { syntaxError } from "./errors.js";
import type { Arguments, Arithmetic, Comparison, Expression, Target } from "./nodes.js";
import { describe, type TokenStream } from "./token-stream.js";
import type { Value } from "./values.js";

const COMPARISONS = ["==", "!=", "<", "<=", ">", ">="];
const CONSTANTS = new Map<string, Value>([
  ["true", true],
  ["True", true],
  ["false", false],
  ["False", false],
  ["none", null],
  ["None", null],
]);
/** Words that a test's argument cannot begin with. */
const AFTER_TEST = ["else", "or", "and"];
/** Brackets, filters and operators within each other; each level is some calls deep. */
const MAX_DEPTH = 150;

interface TupleOptions {
  conditions?: boolean;
  /** Words that end it. */
  before?: string;
  parentheses?: boolean;
}

/** Expressions, from the loosest operator to the tightest. */
export class ExpressionParser {
  #depth = 0;
  constructor(protected readonly stream: TokenStream) {}

  expression(conditions = true): Expression {
    if (++this.#depth > MAX_DEPTH)
      throw syntaxError(`more than ${MAX_DEPTH} expressions are within each other`, this.stream.line);
    try {
      return conditions ? this.#condition() : this.#or();
    } finally {
      this.#depth--;
    }
  }

  /** An expression, or several with commas: a tuple. */
  tuple({ conditions = true, before, parentheses = false }: TupleOptions = {}): Expression {
    const { stream } = this;
    const { line } = stream;
    const items: Expression[] = [];
    let isTuple = false;
    const ended = () =>
      stream.is("variable_end") ||
      stream.is("block_end") ||
      stream.isOperator(")") ||
      (before !== undefined && stream.isWord(before));
    for (;;) {
      if (items.length > 0) stream.expectOperator(",");
      if (ended()) break;
      items.push(this.expression(conditions));
      if (!stream.isOperator(",")) break;
      isTuple = true;
    }
    if (!isTuple) {
      if (items[0]) return items[0];
      if (!parentheses) throw syntaxError(`Expected an expression, got '${describe(stream.current)}'`, line);
    }
    return { node: "tuple", items, line };
  }

  /** What is assigned to: a name, an attribute of a namespace, or several of them. */
  target(before?: string, attributes = false): Target {
    const { stream } = this;
    const { line } = stream;
    const items: Target[] = [];
    let isTuple = false;
    const ended = () =>
      stream.is("block_end") || stream.isOperator("=") || (before !== undefined && stream.isWord(before));
    for (;;) {
      if (items.length > 0) stream.expectOperator(",");
      if (ended()) break;
      items.push(this.#oneTarget(before, attributes));
      if (!stream.isOperator(",")) break;
      isTuple = true;
    }
    if (items.length === 0) throw syntaxError(`Expected an expression, got '${describe(stream.current)}'`, line);
    return isTuple ? { target: "tuple", items, line } : items[0]!;
  }

  #oneTarget(before: string | undefined, attributes: boolean): Target {
    const { stream } = this;
    const { line } = stream;
    if (stream.skipOperator("(")) {
      const inner = this.target(before, attributes);
      stream.expectOperator(")");
      return inner;
    }
    if (!stream.is("name")) throw syntaxError(`can't assign to '${describe(stream.current)}'`, line);
    const name = this.assignedName();
    if (!attributes || !stream.skipOperator(".")) return { target: "name", name, line };
    return { target: "attribute", name, attribute: stream.expect("name").text, line };
  }

  /** A name that is given a value. */
  assignedName(): string {
    const { text, line } = this.stream.expect("name");
    if (CONSTANTS.has(text)) throw syntaxError(`can't assign to '${text}'`, line);
    return text;
  }

  #condition(): Expression {
    const { stream } = this;
    let { line } = stream;
    let then = this.#or();
    while (stream.skipWord("if")) {
      const test = this.#or();
      const otherwise = stream.skipWord("else") ? this.expression() : undefined;
      then = { node: "condition", test, then, ...(otherwise && { otherwise }), line };
      line = stream.line;
    }
    return then;
  }

  #or(): Expression {
    const { line } = this.stream;
    let left = this.#and();
    while (this.stream.skipWord("or")) left = { node: "or", left, right: this.#and(), line };
    return left;
  }

  #and(): Expression {
    const { line } = this.stream;
    let left = this.#not();
    while (this.stream.skipWord("and")) left = { node: "and", left, right: this.#not(), line };
    return left;
  }

  #not(): Expression {
    const { line } = this.stream;
    let count = 0;
    while (this.stream.skipWord("not")) count++;
    let operand = this.#compare();
    for (; count > 0; count--) operand = { node: "not", operand, line };
    return operand;
  }

  #compare(): Expression {
    const { stream } = this;
    const { line } = stream;
    const first = this.#sum();
    const rest: [Comparison, Expression][] = [];
    for (;;) {
      if (stream.is("operator") && COMPARISONS.includes(stream.current.text)) {
        rest.push([stream.next().text as Comparison, this.#sum()]);
      } else if (stream.skipWord("in")) rest.push(["in", this.#sum()]);
      else if (stream.isWord("not") && stream.look().type === "name" && stream.look().text === "in") {
        stream.next();
        stream.next();
        rest.push(["not in", this.#sum()]);
      } else return rest.length > 0 ? { node: "compare", first, rest, line } : first;
    }
  }

  #sum(): Expression {
    return this.#binary(["+", "-"], () => this.#concat());
  }

  #concat(): Expression {
    const { line } = this.stream;
    const items = [this.#product()];
    while (this.stream.skipOperator("~")) items.push(this.#product());
    return items.length === 1 ? items[0]! : { node: "concat", items, line };
  }

  #product(): Expression {
    return this.#binary(["*", "/", "//", "%"], () => this.#power());
  }

  /** Jinja2 reads `a ** b ** c` from the left. */
  #power(): Expression {
    return this.#binary(["**"], () => this.#unary());
  }

  #binary(operators: string[], operand: () => Expression): Expression {
    const { stream } = this;
    let { line } = stream;
    let left = operand();
    while (stream.is("operator") && operators.includes(stream.current.text)) {
      const operator = stream.next().text as Arithmetic;
      left = { node: "binary", operator, left, right: operand(), line };
      line = stream.line;
    }
    return left;
  }

  #unary(filters = true): Expression {
    const { stream } = this;
    const { line } = stream;
    let node: Expression;
    if (stream.isOperator("-") || stream.isOperator("+")) {
      if (++this.#depth > MAX_DEPTH) throw syntaxError("too many signs", line);
      const kind = stream.next().text === "-" ? "negative" : "positive";
      node = { node: kind, operand: this.#unary(false), line };
      this.#depth--;
    } else node = this.#primary();
    node = this.#postfix(node);
    return filters ? this.#filters(node) : node;
  }

  #primary(): Expression {
    const { stream } = this;
    const token = stream.current;
    const { line } = token;
    switch (token.type) {
      case "name": {
        stream.next();
        const constant = CONSTANTS.get(token.text);
        if (constant !== undefined) return { node: "constant", value: constant, line };
        return { node: "name", name: token.text, line };
      }
      case "string": {
        let text = "";
        while (stream.is("string")) text += stream.next().text;
        return { node: "constant", value: text, line };
      }
      case "integer":
      case "float":
        stream.next();
        return { node: "constant", value: token.number!, line };
    }
    if (stream.skipOperator("(")) {
      const inner = this.tuple({ parentheses: true });
      stream.expectOperator(")");
      return inner;
    }
    if (stream.skipOperator("[")) return { node: "list", items: this.#items("]", () => this.expression()), line };
    if (stream.skipOperator("{")) {
      const pair = (): [Expression, Expression] => {
        const key = this.expression();
        stream.expectOperator(":");
        return [key, this.expression()];
      };
      return { node: "dict", pairs: this.#items("}", pair), line };
    }
    throw syntaxError(`unexpected '${describe(token)}'`, line);
  }

  #items<T>(closing: string, item: () => T): T[] {
    const items: T[] = [];
    while (!this.stream.isOperator(closing)) {
      if (items.length > 0) this.stream.expectOperator(",");
      if (this.stream.isOperator(closing)) break;
      items.push(item());
    }
    this.stream.expectOperator(closing);
    return items;
  }

  #postfix(of: Expression): Expression {
    let node = of;
    for (;;) {
      if (this.stream.isOperator(".") || this.stream.isOperator("[")) node = this.#subscript(node);
      else if (this.stream.isOperator("(")) node = this.#call(node);
      else return node;
    }
  }

  #filters(of: Expression): Expression {
    let node = of;
    for (;;) {
      if (this.stream.isOperator("|")) node = this.filter(node);
      else if (this.stream.isWord("is")) node = this.#test(node);
      else if (this.stream.isOperator("(")) node = this.#call(node);
      else return node;
    }
  }

  #subscript(of: Expression): Expression {
    const { stream } = this;
    const { text, line } = stream.next();
    if (text === ".") {
      const token = stream.next();
      if (token.type === "name") return { node: "attribute", of, name: token.text, line };
      if (token.type !== "integer") throw syntaxError("expected name or number", token.line);
      return { node: "item", of, key: { node: "constant", value: token.number!, line: token.line }, line };
    }
    const keys: Expression[] = [];
    while (!stream.isOperator("]")) {
      if (keys.length > 0) stream.expectOperator(",");
      keys.push(this.#key());
    }
    stream.expectOperator("]");
    return { node: "item", of, key: keys.length === 1 ? keys[0]! : { node: "tuple", items: keys, line }, line };
  }

  #key(): Expression {
    const { stream } = this;
    const { line } = stream;
    const ended = () => stream.isOperator("]") || stream.isOperator(",") || stream.isOperator(":");
    const start = stream.isOperator(":") ? undefined : this.expression();
    if (!stream.skipOperator(":")) return start!;
    const stop = ended() ? undefined : this.expression();
    const step = stream.skipOperator(":") && !ended() ? this.expression() : undefined;
    return { node: "slice", ...(start && { start }), ...(stop && { stop }), ...(step && { step }), line };
  }

  #call(callee: Expression): Expression {
    const { line } = this.stream;
    return { node: "call", callee, ...this.#arguments(), line };
  }

  #arguments(): Arguments {
    const { stream } = this;
    const { line } = stream.expectOperator("(");
    const positional: Expression[] = [];
    const named: [string, Expression][] = [];
    let spread: Expression | undefined;
    let spreadNamed: Expression | undefined;
    const ensure = (isRight: boolean) => {
      if (!isRight) throw syntaxError("invalid syntax for function call expression", line);
    };
    for (let first = true; !stream.isOperator(")"); first = false) {
      if (!first) {
        stream.expectOperator(",");
        if (stream.isOperator(")")) break;
      }
      if (stream.skipOperator("*")) {
        ensure(!spread && !spreadNamed);
        spread = this.expression();
      } else if (stream.skipOperator("**")) {
        ensure(!spreadNamed);
        spreadNamed = this.expression();
      } else if (stream.is("name") && stream.look().type === "operator" && stream.look().text === "=") {
        ensure(!spreadNamed);
        const name = stream.next().text;
        stream.next();
        ensure(!named.some(([other]) => other === name));
        named.push([name, this.expression()]);
      } else {
        ensure(!spread && !spreadNamed && named.length === 0);
        positional.push(this.expression());
      }
    }
    stream.expectOperator(")");
    return { positional, named, ...(spread && { spread }), ...(spreadNamed && { spreadNamed }) };
  }

  /** All filters that follow, each behind its bar. */
  filterChain(value?: Expression): Expression | undefined {
    let node = value;
    while (this.stream.isOperator("|")) node = this.filter(node);
    return node;
  }

  /** One filter and those behind it; the bar before the first may have been left out (`{% filter %}`). */
  filter(value: Expression | undefined): Expression {
    this.stream.skipOperator("|");
    const { line } = this.stream;
    const name = this.#dotted();
    const given = this.stream.isOperator("(") ? this.#arguments() : { positional: [], named: [] };
    const node: Expression = { node: "filter", name, ...(value && { value }), ...given, line };
    return this.stream.isOperator("|") ? this.filter(node) : node;
  }

  #dotted(): string {
    let name = this.stream.expect("name").text;
    while (this.stream.skipOperator(".")) name += `.${this.stream.expect("name").text}`;
    return name;
  }

  #test(value: Expression): Expression {
    const { stream } = this;
    stream.next();
    const isNegated = stream.skipWord("not");
    const { line } = stream;
    const name = this.#dotted();
    let given: Arguments = { positional: [], named: [] };
    if (stream.isOperator("(")) given = this.#arguments();
    else if (
      stream.is("string") ||
      stream.is("integer") ||
      stream.is("float") ||
      stream.isOperator("[") ||
      stream.isOperator("{") ||
      (stream.is("name") && !stream.isWord(...AFTER_TEST))
    ) {
      if (stream.isWord("is")) throw syntaxError("You cannot chain multiple tests with is", stream.line);
      given = { positional: [this.#postfix(this.#primary())], named: [] };
    }
    const node: Expression = { node: "test", name, value, ...given, line };
    return isNegated ? { node: "not", operand: node, line } : node;
  }
}
