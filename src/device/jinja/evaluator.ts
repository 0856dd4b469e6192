import { negate, operate, positive } from "./arithmetic.js";
import { attribute, item } from "./attributes.js";
import type { Budget } from "./budget.js";
import type { Filter, Test } from "./builtin.js";
import { contains, isEqual, isOrdered, isTrue } from "./compare.js";
import { JinjaError, typeError } from "./errors.js";
import type { Frame } from "./frame.js";
import { iterate } from "./iterate.js";
import type { Arguments, Comparison, Expression } from "./nodes.js";
import type { Runtime } from "./runtime.js";
import { str } from "./text.js";
import {
  Attributes,
  Callable,
  Dict,
  type List,
  type Named,
  needed,
  Slice,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from "./values.js";

export interface Library {
  filters: ReadonlyMap<string, Filter>;
  tests: ReadonlyMap<string, Test>;
}

/** The values of expressions. */
export class Evaluator implements Runtime {
  /** The line of what is being worked on. */
  protected line = 0;
  constructor(
    protected readonly library: Library,
    readonly budget: Budget,
  ) {}

  evaluate(expression: Expression, frame: Frame): Value {
    this.budget.step();
    switch (expression.node) {
      case "constant":
        return expression.value;
      case "name":
        return frame.get(expression.name) ?? new Undefined(expression.name);
      case "list":
        this.budget.make(expression.items.length);
        return this.#all(expression.items, frame);
      case "tuple":
        return new Tuple(this.#all(expression.items, frame));
      case "dict": {
        this.budget.make(expression.pairs.length);
        const dict = new Dict();
        for (const [key, value] of expression.pairs) {
          const name = this.evaluate(key, frame);
          dict.set(name, this.evaluate(value, frame));
        }
        return dict;
      }
      case "condition":
        if (isTrue(this.evaluate(expression.test, frame))) return this.evaluate(expression.then, frame);
        if (expression.otherwise) return this.evaluate(expression.otherwise, frame);
        return new Undefined("", "the inline if-expression evaluated to false and no else section was defined.");
      case "or": {
        const left = this.evaluate(expression.left, frame);
        return isTrue(left) ? left : this.evaluate(expression.right, frame);
      }
      case "and": {
        const left = this.evaluate(expression.left, frame);
        return isTrue(left) ? this.evaluate(expression.right, frame) : left;
      }
      case "not":
        return !isTrue(this.evaluate(expression.operand, frame));
      case "negative":
        return negate(this.evaluate(expression.operand, frame));
      case "positive":
        return positive(this.evaluate(expression.operand, frame));
      case "compare":
        return this.#compare(expression.first, expression.rest, frame);
      case "binary": {
        const left = this.evaluate(expression.left, frame);
        const right = this.evaluate(expression.right, frame);
        this.line = expression.line;
        return operate(expression.operator, left, right, this.budget);
      }
      case "concat": {
        const pieces = this.#all(expression.items, frame).map(str);
        this.budget.make(pieces.reduce((sum, piece) => sum + piece.length, 0));
        return pieces.join("");
      }
      case "attribute": {
        const of = this.evaluate(expression.of, frame);
        this.line = expression.line;
        return attribute(of, expression.name, this);
      }
      case "item": {
        const of = this.evaluate(expression.of, frame);
        const key = this.evaluate(expression.key, frame);
        this.line = expression.line;
        return item(of, key, this);
      }
      case "slice": {
        const part = (each: Expression | undefined) => (each ? this.evaluate(each, frame) : null);
        return new Slice(part(expression.start), part(expression.stop), part(expression.step));
      }
      case "call":
        return this.evaluateCall(expression, frame);
      case "filter":
        return this.evaluateFilter(expression, frame);
      case "test": {
        const value = this.evaluate(expression.value, frame);
        const { args, named } = this.given(expression, frame);
        this.line = expression.line;
        return this.test(expression.name, value, args, named);
      }
    }
  }

  /** @param caller what a `{% call %}` hands over */
  evaluateCall(expression: Expression & { node: "call" }, frame: Frame, caller?: Value): Value {
    const callee = this.evaluate(expression.callee, frame);
    const { args, named } = this.given(expression, frame);
    if (caller !== undefined) named.set("caller", caller);
    this.line = expression.line;
    return this.call(callee, args, named);
  }

  /** @param written what a filter without a value works on: the text of a block */
  evaluateFilter(expression: Expression & { node: "filter" }, frame: Frame, written = ""): Value {
    const { value: of } = expression;
    let value: Value;
    if (!of) value = written;
    else if (of.node === "filter") value = this.evaluateFilter(of, frame, written);
    else value = this.evaluate(of, frame);
    const { args, named } = this.given(expression, frame);
    this.line = expression.line;
    return this.filter(expression.name, value, args, named);
  }

  protected given(call: Arguments, frame: Frame): { args: List; named: Named } {
    const args = this.#all(call.positional, frame);
    const named: Named = new Map();
    for (const [name, value] of call.named) named.set(name, this.evaluate(value, frame));
    if (call.spread) args.push(...iterate(needed(this.evaluate(call.spread, frame))));
    if (call.spreadNamed) {
      const map = needed(this.evaluate(call.spreadNamed, frame));
      if (!(map instanceof Dict)) throw typeError(`argument after ** must be a mapping, not ${typeName(map)}`);
      for (const [key, value] of map.entries()) {
        if (typeof key !== "string") throw typeError("keywords must be strings");
        if (named.has(key)) throw typeError(`got multiple values for keyword argument '${key}'`);
        named.set(key, value);
      }
    }
    return { args, named };
  }

  #all(expressions: Expression[], frame: Frame): List {
    return expressions.map((each) => this.evaluate(each, frame));
  }

  #compare(first: Expression, rest: [Comparison, Expression][], frame: Frame): Value {
    let left = this.evaluate(first, frame);
    for (const [operator, operand] of rest) {
      const right = this.evaluate(operand, frame);
      this.line = operand.line;
      if (!compareBy(operator, left, right)) return false;
      left = right;
    }
    return true;
  }

  call(callee: Value, args: Value[], named: Named): Value {
    needed(callee);
    if (callee instanceof Callable) return callee.call(args, named);
    if (callee instanceof Attributes && callee.call) return callee.call(args, named);
    throw typeError(`'${typeName(callee)}' object is not callable`);
  }

  filter(name: string, value: Value, args: Value[], named: Named): Value {
    const known = this.library.filters.get(name);
    if (!known) throw new JinjaError("unsupported", `No filter named '${name}'.`);
    this.budget.step();
    return known(value, args, named, this);
  }

  test(name: string, value: Value, args: Value[], named: Named): boolean {
    const known = this.library.tests.get(name);
    if (!known) throw new JinjaError("unsupported", `No test named '${name}'.`);
    this.budget.step();
    return known(value, args, named, this);
  }

  hasFilter = (name: string): boolean => this.library.filters.has(name);
  hasTest = (name: string): boolean => this.library.tests.has(name);
}

function compareBy(operator: Comparison, left: Value, right: Value): boolean {
  if (operator === "==") return isEqual(left, right);
  if (operator === "!=") return !isEqual(left, right);
  if (operator === "in") return contains(right, left);
  if (operator === "not in") return !contains(right, left);
  return isOrdered(operator, left, right);
}
