import { Budget, type Limits } from "./budget.js";
import { isTrue } from "./compare.js";
import type { Block } from "./context.js";
import { Context } from "./context.js";
import { JinjaError, typeError } from "./errors.js";
import { Evaluator, type Library } from "./evaluator.js";
import { Frame } from "./frame.js";
import { globals } from "./globals.js";
import { isIterable, iterate } from "./iterate.js";
import { Loop } from "./loop.js";
import { makeMacro } from "./macro.js";
import type {
  BlockStatement,
  CallStatement,
  Expression,
  ForStatement,
  MacroStatement,
  Statement,
  Target,
} from "./nodes.js";
import { Output, type Place } from "./output.js";
import type { Template } from "./parser.js";
import { str } from "./text.js";
import {
  Attributes,
  asText,
  type Callable,
  type List,
  Namespace,
  needed,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from "./values.js";

/** A name without a value that was printed: nothing stands there in the text. */
export interface Unset extends Place {
  name: string;
  /** The line of the rendered text. */
  at: number;
}

export interface Rendering {
  text: string;
  /** Where each line of the text comes from; the first is that of line 1. */
  places: (Place | undefined)[];
  unset: Unset[];
}

/** Renders one template: its statements, one after the other. */
export class Interpreter extends Evaluator {
  readonly #modules = new Map<Template, Value>();
  readonly #globals: ReadonlyMap<string, Value>;
  readonly #output: Output;
  readonly #unset: Unset[] = [];
  constructor(
    library: Library,
    limits: Limits,
    /** @returns undefined when there is no template of that name */
    private readonly load: (name: string) => Template | undefined,
  ) {
    super(library, new Budget(limits));
    this.#globals = globals(this);
    this.#output = new Output(this.budget);
  }

  /** @throws JinjaError with the template and its line */
  render(template: Template, variables: Iterable<[string, Value]>): Rendering {
    const context = new Context(new Map([...this.#globals, ...variables]), template);
    try {
      this.#root(template, context, this.#output);
    } catch (error) {
      // the stack of JavaScript ended before a limit was reached
      if (!(error instanceof RangeError)) throw error;
      throw new JinjaError("limit", "the template goes too deep: does something call or include itself?").at(
        template.name,
        this.line || 1,
      );
    }
    const { text, places } = this.#output;
    return { text, places, unset: this.#unset };
  }

  /** What a template sets at its top level. @throws JinjaError with the template and its line */
  variables(template: Template): ReadonlyMap<string, Value> {
    const context = new Context(this.#globals, template);
    this.#root(template, context, this.#output);
    return context.vars;
  }

  /** A template from its top, and then the one that it extends. */
  #root(template: Template, context: Context, output: Output): void {
    this.budget.deeper(() => {
      const frame = new Frame(template.scope, context, template, undefined, {}, true);
      if (template.scope.loads.get("self") === "parameter") frame.set("self", this.#self(context));
      this.#execute(template.body, frame.enter(), output);
      const { extended, line } = frame.root;
      if (!extended) return;
      try {
        this.#root(extended, context, output);
      } catch (error) {
        throw error instanceof JinjaError ? error.at(template.name, line ?? 1) : error;
      }
    });
  }

  #execute(body: Statement[], frame: Frame, output: Output): void {
    for (const statement of body) {
      this.budget.step();
      this.line = statement.line;
      try {
        this.#one(statement, frame, output);
      } catch (error) {
        throw error instanceof JinjaError ? error.at(frame.template.name, this.line) : error;
      }
    }
  }

  #one(statement: Statement, frame: Frame, output: Output): void {
    const { line } = statement;
    const { name: template } = frame.template;
    switch (statement.statement) {
      case "text":
        if (!isDropped(frame)) output.write(statement.text, template, line, true);
        break;
      case "print":
        if (!isDropped(frame)) this.#print(statement.value, frame, output, line);
        break;
      case "set":
        this.#assign(statement.target, this.evaluate(statement.value, frame), frame);
        break;
      case "set-block": {
        const inner = this.#inner(statement, frame);
        const written = this.#written(statement.body, inner);
        const { filter } = statement;
        const value = filter?.node === "filter" ? this.evaluateFilter(filter, inner, written.text) : written.text;
        this.#assign(statement.target, value, frame);
        break;
      }
      case "if": {
        const taken = statement.arms.find(([test, , at]) => {
          this.line = at;
          return isTrue(this.evaluate(test, frame));
        });
        this.#execute(taken?.[1] ?? statement.otherwise, frame, output);
        break;
      }
      case "for":
        this.#for(statement, frame, output);
        break;
      case "with": {
        const inner = new Frame(statement.scope!, frame.context, frame.template, frame);
        for (const [index, target] of statement.targets.entries()) {
          this.#bind(target, this.evaluate(statement.values[index]!, frame), inner);
        }
        this.#execute(statement.body, inner.enter(), output);
        break;
      }
      case "filter": {
        const inner = this.#inner(statement, frame);
        const written = new Output(this.budget);
        this.#execute(statement.body, inner, written);
        const value = this.evaluateFilter(statement.filter as Expression & { node: "filter" }, inner, written.text);
        output.copy(str(value), written, template, line);
        break;
      }
      case "scope":
        this.#execute(statement.body, this.#inner(statement, frame), output);
        break;
      case "block":
        this.#block(statement, frame, output);
        break;
      case "extends":
        this.#extends(statement.template, frame);
        break;
      case "include":
        this.#include(statement, frame, output);
        break;
      case "import":
        this.#store(statement.name, this.#module(statement.template, statement.withContext, frame), frame, false);
        break;
      case "from": {
        const module = this.#module(statement.template, statement.withContext, frame);
        for (const [name, as] of statement.names) {
          const message = `the template does not export the requested name '${name}'`;
          this.#store(as, module.get(name) ?? new Undefined(name, message), frame, false);
        }
        break;
      }
      case "macro":
        this.#store(statement.name, this.#macro(statement, statement.name, frame), frame, true);
        break;
      case "call": {
        const caller = this.#macro(statement, "caller", frame);
        output.write(
          str(this.evaluateCall(statement.call as Expression & { node: "call" }, frame, caller)),
          template,
          line,
        );
        break;
      }
    }
  }

  #print(expression: Expression, frame: Frame, output: Output, line: number): void {
    const value = this.evaluate(expression, frame);
    const { name: template } = frame.template;
    if (value instanceof Undefined && output === this.#output) {
      this.#unset.push({ name: value.asked, template, line: expression.line, at: output.line });
    }
    output.write(str(value), template, line);
  }

  /** The frame of a statement that has names of its own. */
  #inner(statement: { scope?: Frame["scope"] }, frame: Frame): Frame {
    return frame.inner(statement.scope!).enter();
  }

  /** What a body writes, kept apart. What is kept in a variable is never dropped. */
  #written(body: Statement[], frame: Frame): Output {
    const written = new Output(this.budget);
    const kept = new Frame(frame.scope, frame.context, frame.template, frame, frame.root, false);
    this.#execute(body, kept, written);
    return written;
  }

  #assign(target: Target, value: Value, frame: Frame): void {
    if (target.target === "name") this.#store(target.name, value, frame, true);
    else this.#bind(target, value, frame);
  }

  #bind(target: Target, value: Value, frame: Frame): void {
    switch (target.target) {
      case "name":
        if (frame.isTopLevel) this.#store(target.name, value, frame, true);
        else frame.set(target.name, value);
        break;
      case "attribute": {
        const space = frame.get(target.name);
        if (!(space instanceof Namespace))
          throw new JinjaError("runtime", "cannot assign attribute on non-namespace object");
        space.attributes.set(target.attribute, value);
        break;
      }
      case "tuple": {
        needed(value);
        if (!isIterable(value)) throw typeError(`cannot unpack non-iterable ${typeName(value)} object`);
        const values = [...iterate(value)];
        const expected = target.items.length;
        if (values.length > expected)
          throw new JinjaError("runtime", `too many values to unpack (expected ${expected})`);
        if (values.length < expected) {
          throw new JinjaError("runtime", `not enough values to unpack (expected ${expected}, got ${values.length})`);
        }
        for (const [index, each] of target.items.entries()) this.#bind(each, values[index]!, frame);
        break;
      }
    }
  }

  /** @param isExported whether a template that imports this one may have it */
  #store(name: string, value: Value, frame: Frame, isExported: boolean): void {
    frame.set(name, value);
    if (!frame.isTopLevel) return;
    frame.context.vars.set(name, value);
    if (!name.startsWith("_")) {
      if (isExported) frame.context.exported.add(name);
      else frame.context.exported.delete(name);
    }
  }

  #for(
    statement: ForStatement,
    frame: Frame,
    output: Output,
    depth = 0n,
    items = this.evaluate(statement.items, frame),
  ): void {
    const { test, target, recursive } = statement;
    const chosen = test ? this.#chosen(statement, test, items, frame) : iterate(items);
    const again = (inner: Value, deeper: bigint): string =>
      this.budget.deeper(() => {
        const written = new Output(this.budget);
        this.#for(statement, frame, written, deeper, inner);
        return written.text;
      });
    const loop = new Loop(test ? undefined : items, chosen, depth, recursive ? again : undefined);
    const value = loop.value;
    let isEmpty = true;
    for (let next = loop.next(); next !== undefined; next = loop.next()) {
      isEmpty = false;
      this.budget.step();
      const inner = new Frame(statement.scope!, frame.context, frame.template, frame);
      if (statement.usesLoop) inner.set("loop", value);
      this.line = statement.line;
      this.#bind(target, next, inner);
      this.#execute(statement.body, inner.enter(), output);
    }
    if (isEmpty && statement.otherwise.length > 0) {
      this.#execute(statement.otherwise, frame.inner(statement.otherwiseScope!).enter(), output);
    }
  }

  *#chosen(statement: ForStatement, test: Expression, items: Value, frame: Frame): Generator<Value> {
    for (const each of iterate(items)) {
      const inner = new Frame(statement.testScope!, frame.context, frame.template, frame);
      this.#bind(statement.target, each, inner);
      if (isTrue(this.evaluate(test, inner.enter()))) yield each;
    }
  }

  #block(statement: BlockStatement, frame: Frame, output: Output): void {
    // a template that extends another writes nothing itself: its blocks are used where the parent has them
    if (frame.isTopLevel && frame.root.extended) return;
    const context = statement.scoped ? frame.context.derived(frame.locals()) : frame.context;
    const blocks = context.blocks.get(statement.name) ?? [];
    if (statement.required && blocks.length <= 1) {
      throw new JinjaError("runtime", `Required block '${statement.name}' not found`);
    }
    this.#runBlock(blocks[0]!, context, output);
  }

  #runBlock({ template, statement }: Block, context: Context, output: Output): void {
    this.budget.deeper(() => {
      const frame = new Frame(statement.scope!, context, template);
      const { loads } = statement.scope!;
      if (loads.get("self") === "parameter") frame.set("self", this.#self(context));
      if (loads.get("super") === "parameter") {
        const at = context.blocks.get(statement.name)!.findIndex((block) => block.statement === statement);
        frame.set("super", this.#blockReference(statement.name, at + 1, context));
      }
      this.#execute(statement.body, frame.enter(), output);
    });
  }

  #blockReference(name: string, at: number, context: Context): Value {
    const block = context.blocks.get(name)?.[at];
    if (!block) return new Undefined("super", `there is no parent block called '${name}'.`);
    const call = (): string => {
      const written = new Output(this.budget);
      this.#runBlock(block, context, written);
      return written.text;
    };
    const parent = (asked: string) => (asked === "super" ? this.#blockReference(name, at + 1, context) : undefined);
    return new Attributes("BlockReference", parent, undefined, call);
  }

  #self(context: Context): Value {
    return new Attributes("TemplateReference", (name) =>
      context.blocks.has(name) ? this.#blockReference(name, 0, context) : undefined,
    );
  }

  #template(name: Value): Template | undefined {
    const text = asText(needed(name));
    if (text === undefined) throw typeError(`a template's name is a text, not ${typeName(name)}`);
    return this.load(text);
  }

  #existing(name: Value): Template {
    const found = this.#template(name);
    if (!found) throw notFound(name);
    return found;
  }

  #extends(name: Expression, frame: Frame): void {
    if (!frame.isTopLevel) throw new JinjaError("syntax", "cannot use extend from a non top-level scope");
    const parent = this.#existing(this.evaluate(name, frame));
    if (frame.root.extended) throw new JinjaError("runtime", "extended multiple times");
    frame.context.add(parent);
    frame.root.extended = parent;
    frame.root.line = name.line;
  }

  #include(statement: Statement & { statement: "include" }, frame: Frame, output: Output): void {
    const named = this.evaluate(statement.template, frame);
    const names: readonly Value[] = Array.isArray(named) ? named : named instanceof Tuple ? named.items : [named];
    let found: Template | undefined;
    for (const name of names) found ??= this.#template(name);
    if (!found) {
      if (statement.ignoreMissing) return;
      throw notFound(named);
    }
    if (statement.withContext) {
      this.#root(found, new Context(frame.context.all(frame.locals()), found), output);
    } else output.write(str(this.#moduleOf(found)), frame.template.name, statement.line);
  }

  #module(name: Expression, withContext: boolean, frame: Frame): Attributes {
    const found = this.#existing(this.evaluate(name, frame));
    if (!withContext) return this.#moduleOf(found);
    return this.#makeModule(found, new Context(frame.context.all(frame.locals()), found));
  }

  /** A template that sees no variables is the same for all. */
  #moduleOf(template: Template): Attributes {
    const known = this.#modules.get(template) ?? this.#makeModule(template, new Context(this.#globals, template));
    this.#modules.set(template, known);
    return known as Attributes;
  }

  #makeModule(template: Template, context: Context): Attributes {
    const written = new Output(this.budget);
    this.#root(template, context, written);
    const get = (name: string) => (context.exported.has(name) ? context.vars.get(name) : undefined);
    return new Attributes("TemplateModule", get, () => written.text);
  }

  #macro(statement: MacroStatement | CallStatement, name: string, frame: Frame): Callable {
    return makeMacro(statement, name, (prepare) =>
      this.budget.deeper(() => {
        const inner = new Frame(statement.scope!, frame.context, frame.template, frame, {}, false);
        prepare(inner, (expression) => this.evaluate(expression, inner));
        const written = new Output(this.budget);
        this.#execute(statement.body, inner, written);
        return written.text;
      }),
    );
  }
}

const isDropped = ({ isRootText, root }: Frame): boolean => isRootText && root.extended !== undefined;

function notFound(name: Value): JinjaError {
  const names: List = Array.isArray(name) ? name : [name];
  const [first] = names;
  const text =
    names.length === 1
      ? `there is no template "${str(first!)}"`
      : `there is none of the templates ${names.map(str).join(", ")}`;
  return new JinjaError("undefined", text);
}
