import type Handlebars from "handlebars";
import runtime from "handlebars/runtime.js";
import type { JsonMap } from "../base/json.js";
import { type AskedName, checkNames, HELPERS, type Rendered, unmark } from "./template-language.js";

/** What a compiled template needs of Handlebars; its own types of this part say nothing. */
const { template } = runtime as unknown as Pick<typeof Handlebars, "template">;

/** A template as scripts/build-templates.mjs compiles it. */
export interface CompiledTemplate {
  /** The front matter, as parsed. */
  front: JsonMap;
  names: AskedName[];
  spec: TemplateSpecification;
}

/**
 * As `renderTemplate`, without Handlebars' compiler.
 * @throws TemplateError with the template's line
 */
export function renderCompiled({ names, spec }: CompiledTemplate, variables: JsonMap): Rendered {
  checkNames(names, variables);
  return unmark(template(spec)(variables, { helpers: HELPERS }));
}
