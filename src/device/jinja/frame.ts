import type { Context } from "./context.js";
import type { Template } from "./parser.js";
import type { Scope } from "./scopes.js";
import type { Value } from "./values.js";

/** The names of a part of a template while it runs. */
export class Frame {
  readonly #values = new Map<string, Value | undefined>();
  constructor(
    readonly scope: Scope,
    readonly context: Context,
    readonly template: Template,
    readonly parent?: Frame,
    /** Of a template's root: what it extends, once that is known. */
    readonly root: { extended?: Template; line?: number } = parent?.root ?? {},
    /** Below a template's root, text is dropped once the template extends another. */
    readonly isRootText: boolean = parent?.isRootText ?? false,
  ) {}

  /** What is set here is a variable of the whole rendering. */
  get isTopLevel(): boolean {
    return this.parent === undefined && this.isRootText;
  }

  /** Gives all names what they have at the beginning, but the parameters, which were given before. */
  enter(): this {
    for (const [name, load] of this.scope.loads) {
      if (load === "resolve") this.#values.set(name, this.context.resolve(name));
      else if (load === "alias") this.#values.set(name, this.parent?.get(name));
      else if (load === "missing") this.#values.set(name, undefined);
    }
    return this;
  }

  get(name: string): Value | undefined {
    for (let frame: Frame | undefined = this; frame; frame = frame.parent) {
      if (frame.#values.has(name)) return frame.#values.get(name);
    }
    // a name that no scope knows is one that the interpreter asks for itself
    return this.context.resolve(name);
  }

  set(name: string, value: Value | undefined): void {
    this.#values.set(name, value);
  }

  /** What is set here and around here, for templates that are included. */
  locals(): Map<string, Value> {
    const found = new Map<string, Value>();
    for (let frame: Frame | undefined = this; frame; frame = frame.parent) {
      for (const name of frame.scope.stores) {
        const value = found.has(name) ? undefined : this.get(name);
        if (value !== undefined) found.set(name, value);
      }
    }
    return found;
  }

  inner(scope: Scope): Frame {
    return new Frame(scope, this.context, this.template, this);
  }
}
