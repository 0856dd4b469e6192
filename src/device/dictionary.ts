import { type Json, type JsonMap, setKey } from "../base/json.js";
import type { ParsedYaml } from "../definition/yaml-text.js";

/** Whether a device file is a template in Jinja2, as LAVA's dictionaries are: by its name, or because it begins with a tag. */
export const isJinja = (text: string, file: string): boolean =>
  /\.(?:jinja2|j2)$/.test(file) || /^\s*(?:\{#[\s\S]*?#\}\s*)*\{%/.test(text);

/** Values of a dictionary in Jinja2 as if they were written in YAML: each has its place where it is set. */
export function pseudoDictionary(
  text: string,
  file: string,
  type: string,
  values: ReadonlyMap<string, { value: Json | undefined; line: number }>,
): ParsedYaml {
  const value: JsonMap = { extends: type };
  for (const [name, each] of values) if (each.value !== undefined) setKey(value, name, each.value);
  const lines = text.split(/\r\n?|\n/);
  const sourceLine = (line: number) => lines[line - 1] ?? "";
  return {
    value,
    problems: [],
    file,
    locate: ([name]) => ({ file, line: values.get(String(name))?.line ?? 1, column: 1 }),
    sourceLine,
    sourceAt: ({ line }) => sourceLine(line),
  };
}
