import { isMap, type JsonMap } from "../base/json.js";
import { nearest } from "../base/nearest.js";
import type { Problem } from "../base/problem.js";
import { problemAt } from "../definition/schema-problems.js";
import { type ParsedYaml, parseYaml } from "../definition/yaml-text.js";
import { compiledTemplate } from "./compiled-templates.js";
import type { CompiledTemplate } from "./render-compiled.js";
import { splitTemplate } from "./split-template.js";

/** Finds device-type templates by name; `names` lists them for hints. */
export interface TemplateSource {
  template(name: string): { file: string; text: string } | undefined;
  names?(): string[];
}

/** One device-type template: its front matter, and the text to render. */
export interface DeviceTemplate {
  name: string;
  file: string;
  text: string;
  /** The device type that it extends. */
  parent?: string;
  /** The front matter: what is wrong with a name in it has its place there. */
  front: () => ParsedYaml;
  /** Defaults of what a device dictionary may set. */
  variables: JsonMap;
  /** Defaults of what a dictionary or a job's context may set. */
  context: JsonMap;
  /** The text below the front matter, on the same lines as in the file. */
  body: string;
  /** There is one of each template of this project. */
  compiled?: CompiledTemplate;
}

const FRONT_KEYS = ["extends", "variables", "context"];

/**
 * The templates that a dictionary stands on, the outermost parent first. What cannot be found or turns in a circle is
 * a problem at the `extends` that names it.
 */
export function templateChain(
  dictionary: ParsedYaml,
  name: string,
  source: TemplateSource,
  problems: Problem[],
): DeviceTemplate[] {
  const chain: DeviceTemplate[] = [];
  let asking = () => dictionary;
  for (let wanted: string | undefined = name; wanted !== undefined; ) {
    const refuse = (message: string, hint?: string) => {
      problems.push(problemAt(asking(), ["extends"], "error", message, { hint }));
      return [];
    };
    if (!/^[\w.-]+$/.test(wanted)) return refuse(`"${wanted}" cannot be the name of a device type`);
    if (chain.some((template) => template.name === wanted)) {
      return refuse(
        `the device types extend each other in a circle: ${[...chain.map((t) => t.name), wanted].join(" > ")}`,
      );
    }
    const found = source.template(wanted);
    if (!found) {
      const near = nearest(wanted, source.names?.() ?? []);
      const hint = near.length > 0 ? `did you mean ${near.map((word) => `"${word}"`).join(" or ")}?` : undefined;
      return refuse(`there is no device type "${wanted}"`, hint);
    }
    const template = readTemplate(wanted, found.file, found.text, problems);
    if (!template) return [];
    chain.push(template);
    asking = template.front;
    wanted = template.parent;
  }
  return chain.reverse();
}

function readTemplate(name: string, file: string, text: string, problems: Problem[]): DeviceTemplate | undefined {
  const { front: head, body } = splitTemplate(text);
  const compiled = compiledTemplate(text);
  if (compiled) {
    const front = () => parseYaml(head, file);
    return { name, file, text, front, ...partsOf(compiled.front), body, compiled };
  }
  const front = parseYaml(head, file);
  const before = problems.length;
  problems.push(...front.problems);
  const value = isMap(front.value) ? front.value : {};
  for (const [key, part] of Object.entries(value)) {
    if (!FRONT_KEYS.includes(key)) {
      const hint = `known here: ${FRONT_KEYS.join(", ")}`;
      problems.push(
        problemAt(front, [key], "error", `"${key}" is not a key of a device type's head`, { hint, part: "key" }),
      );
    } else if (key === "extends" ? typeof part !== "string" : !isMap(part) && part !== null) {
      const shape = key === "extends" ? "the name of a device type" : "a map of names and defaults";
      problems.push(problemAt(front, [key], "error", `"${key}" must be ${shape}`, { part: "key" }));
    }
  }
  if (problems.slice(before).some(({ severity }) => severity === "error")) return undefined;
  return { name, file, text, front: () => front, ...partsOf(value), body };
}

const partsOf = ({ extends: parent, variables, context }: JsonMap) => ({
  ...(typeof parent === "string" && { parent }),
  variables: isMap(variables) ? variables : {},
  context: isMap(context) ? context : {},
});
