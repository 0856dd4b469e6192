import { createRequire } from "node:module";
import type { CompiledTemplate } from "./render-compiled.js";

/** Whole template files, by their text: one that was changed is not known, and compiled when it is used. */
let known: { [text: string]: CompiledTemplate } | undefined;

/** The compiled form of a template of this project. */
export function compiledTemplate(text: string): CompiledTemplate | undefined {
  known ??= createRequire(import.meta.url)("./generated/templates.cjs") as { [text: string]: CompiledTemplate };
  return Object.hasOwn(known, text) ? known[text] : undefined;
}
