import type { BlockStatement } from "./nodes.js";
import type { Template } from "./parser.js";
import type { Value } from "./values.js";

/** A block, as one of the templates of a chain has it. */
export interface Block {
  template: Template;
  statement: BlockStatement;
}

/** The variables of a rendering and the blocks of its templates. */
export class Context {
  /** What templates have set at their top level. */
  readonly vars = new Map<string, Value>();
  /** Of these, what another template may import. */
  readonly exported = new Set<string>();
  /** Of each name the youngest first: `super()` is the next one. */
  readonly blocks = new Map<string, Block[]>();
  constructor(
    /** Given from outside, and the functions that every template has. */
    readonly given: ReadonlyMap<string, Value>,
    template?: Template,
  ) {
    if (template) this.add(template);
  }

  add(template: Template): void {
    for (const [name, statement] of template.blocks) {
      const all = this.blocks.get(name) ?? [];
      all.push({ template, statement });
      this.blocks.set(name, all);
    }
  }

  resolve(name: string): Value | undefined {
    return this.vars.get(name) ?? this.given.get(name);
  }

  /** All variables, and `locals` over them. */
  all(locals: Iterable<[string, Value]> = []): Map<string, Value> {
    return new Map([...this.given, ...this.vars, ...locals]);
  }

  /** The same blocks with variables of a part of a template. */
  derived(locals: Iterable<[string, Value]>): Context {
    const context = new Context(this.all(locals));
    for (const [name, blocks] of this.blocks) context.blocks.set(name, [...blocks]);
    return context;
  }
}
