import { createRequire } from "node:module";
import { ConfigurationError } from "../base/errors.js";
import type { CelScope } from "./cel.js";
import type { Text } from "./machines-types.js";

type Template = (scope: CelScope) => string;
type HandlebarsInstance = ReturnType<typeof import("handlebars")["create"]>;

// Caches: loading Handlebars costs more than everything else that `validate` does, and most texts have no `{{`.
let handlebars: HandlebarsInstance | undefined;
const templates = new Map<Text, Template>();

const words = (value: unknown): string =>
  Array.isArray(value) ? value.map(words).join(", ") : value === null || value === undefined ? "" : String(value);

function load(): HandlebarsInstance {
  if (handlebars) return handlebars;
  const library = createRequire(import.meta.url)("handlebars") as typeof import("handlebars");
  handlebars = library.create();
  handlebars.registerHelper("contains", (text: unknown, part: unknown) => String(text).includes(String(part)));
  handlebars.registerHelper("words", words);
  return handlebars;
}

/**
 * Renders a text for a person: Handlebars without HTML escapes; a missing value is empty. Helpers: `(contains text part)`,
 * `{{words list}}`. Throws a ConfigurationError when the template is broken.
 */
export function renderText(template: Text, scope: CelScope): string {
  if (!template.includes("{{")) return template;
  try {
    let render = templates.get(template);
    if (!render) {
      render = load().compile(template, { noEscape: true });
      templates.set(template, render);
    }
    return render(scope);
  } catch (error) {
    throw new ConfigurationError(`The text "${template}" cannot be rendered: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Whether the template parses; the message of Handlebars when it does not. */
export function checkText(template: Text): string | undefined {
  if (!template.includes("{{")) return undefined;
  try {
    load().parse(template);
    return undefined;
  } catch (error) {
    return (error as Error).message.split("\n").at(-1);
  }
}
