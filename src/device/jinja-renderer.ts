import type { Json, JsonMap } from "../base/json.js";
import { Environment } from "./jinja/environment.js";
import { JinjaError } from "./jinja/errors.js";
import { readNames } from "./jinja/scopes.js";
import type { Renderer } from "./renderer.js";
import { TemplateError } from "./template-language.js";

/** A dictionary in Jinja2, by its text. */
export interface JinjaTemplate {
  file: string;
  text: string;
}

/** Finds a template by the name that another one gives it. */
export type FindTemplate = (name: string) => { file: string; text: string } | undefined;

/** LAVA's device types and dictionaries, with our own interpreter. */
export class JinjaRenderer implements Renderer<JinjaTemplate> {
  /** Files of the templates that were asked for, by their names. */
  readonly #files = new Map<string, { file: string; text: string }>();
  readonly #environment: Environment;
  constructor(find: FindTemplate) {
    this.#environment = new Environment((name) => {
      const found = find(name);
      if (found) this.#files.set(name, found);
      return found?.text;
    });
  }

  async render(template: JinjaTemplate, variables: JsonMap) {
    try {
      const { text, places, unset } = this.#environment.render(this.#parse(template), variables);
      const placeOf = ({ template: name, line }: { template: string; line: number }) => ({
        file: this.#fileOf(name),
        line,
      });
      return {
        text,
        places: places.map((place) => place && placeOf(place)),
        unset: unset.map((each) => ({ name: each.name, place: placeOf(each) })),
      };
    } catch (error) {
      throw this.#told(error, template);
    }
  }

  /** What a dictionary sets for the templates above it, and the name that it extends. */
  read(template: JinjaTemplate): { extended?: string; values: Map<string, { value: Json | undefined; line: number }> } {
    try {
      return this.#environment.read(this.#parse(template));
    } catch (error) {
      throw this.#told(error, template);
    }
  }

  /** All names that the templates which were used read, but those that the dictionary alone reads. */
  namesRead(): Set<string> {
    const names = new Set<string>();
    for (const name of this.#files.keys()) {
      const template = this.#environment.template(name);
      if (template) for (const read of readNames(template.body)) names.add(read);
    }
    return names;
  }

  /** The names that a dictionary reads itself. */
  ownNames(template: JinjaTemplate): Set<string> {
    return readNames(this.#parse(template).body);
  }

  /** The text of a template that was used. */
  sourceOf(file: string): string | undefined {
    return [...this.#files.values()].find((each) => each.file === file)?.text;
  }

  #parse({ file, text }: JinjaTemplate) {
    this.#dictionary = file;
    return this.#environment.parse(text, DICTIONARY);
  }
  #dictionary = "";

  #fileOf(name: string): string {
    return name === DICTIONARY ? this.#dictionary : (this.#files.get(name)?.file ?? name);
  }

  #told(error: unknown, template: JinjaTemplate): unknown {
    if (!(error instanceof JinjaError)) return error;
    const name = error.template ?? DICTIONARY;
    const hint = error.fault === "unsupported" ? "--jinja python renders it with Python's Jinja2" : undefined;
    return new TemplateError(
      error.message,
      error.line ?? 1,
      1,
      name === DICTIONARY ? template.file : this.#fileOf(name),
      hint,
    );
  }
}

/** No template can have this name: what it stands for is not looked up. */
const DICTIONARY = "\0dictionary";
