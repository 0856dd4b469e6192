import type { Json } from "../../base/json.js";
import { LIMITS, type Limits } from "./budget.js";
import type { Filter, Test } from "./builtin.js";
import { JinjaError } from "./errors.js";
import type { Library } from "./evaluator.js";
import { Interpreter, type Rendering } from "./interpreter.js";
import { fromJson, toJson } from "./json-values.js";
import { LAVA_FILTERS } from "./lava-filters.js";
import { NUMBER_FILTERS } from "./number-filters.js";
import { parseTemplate, type Template } from "./parser.js";
import { setNames } from "./scopes.js";
import { SEQUENCE_FILTERS } from "./sequence-filters.js";
import { TESTS } from "./tests.js";
import { TEXT_FILTERS } from "./text-filters.js";

/** The text of a template by its name; undefined when there is none. */
export type LoadTemplate = (name: string) => string | undefined;

const LIBRARY: Library = {
  filters: new Map<string, Filter>(
    Object.entries({ ...TEXT_FILTERS, ...NUMBER_FILTERS, ...SEQUENCE_FILTERS, ...LAVA_FILTERS }),
  ),
  tests: new Map<string, Test>(Object.entries(TESTS)),
};

/**
 * Jinja2 as LAVA's server has it: sandboxed, with `trim_blocks`, without autoescape, and with LAVA's filters. Templates are
 * untrusted: they see what they are given and the templates that `load` gives, and what they take is bounded.
 */
export class Environment {
  readonly #templates = new Map<string, Template>();
  constructor(
    private readonly load: LoadTemplate,
    private readonly limits: Limits = LIMITS,
  ) {}

  /** A template of that name; undefined when there is none. @throws JinjaError when it cannot be read */
  template(name: string): Template | undefined {
    const known = this.#templates.get(name);
    if (known) return known;
    const text = this.load(name);
    return text === undefined ? undefined : this.parse(text, name);
  }

  /** A template from its text; from now on it goes by its name. */
  parse(text: string, name: string): Template {
    try {
      const template = parseTemplate(text, name);
      this.#templates.set(name, template);
      return template;
    } catch (error) {
      if (error instanceof JinjaError) throw error.at(name, error.line ?? 1);
      if (error instanceof RangeError) throw new JinjaError("limit", "the template is nested too deeply").at(name, 1);
      throw error;
    }
  }

  /**
   * What a template sets at its top level, without the template that it extends.
   * @throws JinjaError with the template and its line
   */
  read(template: Template): { extended?: string; values: Map<string, { value: Json | undefined; line: number }> } {
    const extending = template.body.find((each) => each.statement === "extends");
    const named = extending?.template.node === "constant" ? extending.template.value : undefined;
    const nothing = parseTemplate("", template.name);
    const interpreter = new Interpreter(LIBRARY, this.limits, (name) =>
      name === named ? nothing : this.template(name),
    );
    const set = interpreter.variables(template);
    const lines = setNames(template.body);
    const values = new Map(
      [...set].map(([name, value]) => [name, { value: toJson(value), line: lines.get(name) ?? 1 }]),
    );
    return { ...(typeof named === "string" && { extended: named }), values };
  }

  /** @throws JinjaError with the template and its line */
  render(template: Template, variables: { [name: string]: Json }): Rendering {
    const interpreter = new Interpreter(LIBRARY, this.limits, (name) => this.template(name));
    return interpreter.render(
      template,
      Object.entries(variables).map(([name, value]) => [name, fromJson(value)]),
    );
  }
}
