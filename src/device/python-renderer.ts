import type { Json, JsonMap } from "../base/json.js";
import { isMap } from "../base/json.js";
import type { FindTemplate, JinjaTemplate } from "./jinja-renderer.js";
import type { Renderer } from "./renderer.js";
import { TemplateError } from "./template-language.js";

/** Asks src/device/python/render.py in a process of its own. */
export type AskPython = (request: JsonMap) => Promise<Json>;

/** LAVA's device types with Python's Jinja2, for what our interpreter does not know. It tells no lines of its templates. */
export const pythonRenderer = (ask: AskPython, folders: string[], find: FindTemplate): Renderer<JinjaTemplate> => ({
  async render({ file, text }, variables) {
    const name = "dictionary";
    const answer = await ask({ name, source: text, folders, context: variables });
    if (isMap(answer) && typeof answer.text === "string") return { text: answer.text, places: [] };
    const { message, template, line } = isMap(answer) && isMap(answer.error) ? answer.error : {};
    const at = String(template ?? name);
    const place = at === name ? file : (find(at)?.file ?? at);
    throw new TemplateError(String(message ?? "Python gave no text"), typeof line === "number" ? line : 1, 1, place);
  },
});
