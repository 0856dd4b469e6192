import { createRequire } from "node:module";
import { ConfigurationError } from "../base/errors.js";
import type { CelScope } from "./cel.js";
import type { Text } from "./machines-types.js";

type Template = (scope: CelScope) => string;
type HandlebarsInstance = ReturnType<typeof import("handlebars")["create"]>;

/** Our helpers; the names of Handlebars' own are set aside as well. */
const HELPERS: { [name: string]: (...values: unknown[]) => unknown } = {
  contains: (text, part) => String(text).includes(String(part)),
  words,
};
const BUILT_IN = [
  "if",
  "unless",
  "each",
  "with",
  "lookup",
  "log",
  "this",
  "true",
  "false",
  "null",
  "undefined",
  "else",
];
const PLAIN = /\{\{([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\}\}/g;

// Caches: loading Handlebars costs more than all the rest of building a pipeline.
let handlebars: HandlebarsInstance | undefined;
const templates = new Map<Text, Template>();

function words(value: unknown): string {
  return Array.isArray(value)
    ? value.map(words).join(", ")
    : value === null || value === undefined
      ? ""
      : String(value);
}

function load(): HandlebarsInstance {
  if (handlebars) return handlebars;
  const library = createRequire(import.meta.url)("handlebars") as typeof import("handlebars");
  handlebars = library.create();
  for (const [name, helper] of Object.entries(HELPERS)) handlebars.registerHelper(name, helper);
  return handlebars;
}

function valueAt(scope: CelScope, path: string): unknown {
  let value: unknown = scope;
  for (const key of path.split("."))
    value = typeof value === "object" && value !== null && Object.hasOwn(value, key) ? value[key as never] : undefined;
  return value === false ? "" : (value ?? "");
}

/**
 * Most texts hold nothing but paths (`{{parameters.method}}`): these are filled in without Handlebars, in its way.
 * Undefined for all others.
 */
function plainTemplate(template: Text): Template | undefined {
  const rest = template.replace(PLAIN, (whole, path: string) => {
    const root = path.split(".")[0]!;
    return root in HELPERS || BUILT_IN.includes(root) ? whole : "";
  });
  if (rest.includes("{{") || rest.includes("\\")) return undefined;
  return (scope) => template.replace(PLAIN, (_, path: string) => String(valueAt(scope, path)));
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
      render = plainTemplate(template) ?? load().compile(template, { noEscape: true });
      templates.set(template, render);
    }
    return render(scope);
  } catch (error) {
    throw new ConfigurationError(`The text "${template}" cannot be rendered: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** What is wrong with a template, in Handlebars' words; undefined when it parses. */
export function checkText(template: Text): string | undefined {
  if (!template.includes("{{")) return undefined;
  try {
    load().parse(template);
    return undefined;
  } catch (error) {
    return (error as Error).message.split("\n").at(-1);
  }
}
