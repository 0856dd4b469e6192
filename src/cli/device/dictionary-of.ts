import { isMap, type JsonMap } from "../../base/json.js";
import type { Problem } from "../../base/problem.js";
import { parseYaml } from "../../definition/yaml-text.js";
import { isJinja } from "../../device/dictionary.js";
import { type JinjaSource, readJinja } from "../../device/jinja-device.js";
import type { NamedDevice } from "./named-device.js";

export interface DictionaryOf {
  form: "jinja" | "yaml";
  /** The device type; undefined when the file is a rendered configuration. */
  type?: string;
  variables: JsonMap;
  /** `device` of a dictionary in YAML: merged over the rendered configuration. */
  overrides?: JsonMap;
  problems: Problem[];
}

/** What a dictionary says, in whichever form it is written. */
export function dictionaryOf({ text, file }: NamedDevice, jinja: JinjaSource): DictionaryOf {
  if (isJinja(text, file)) {
    const { python: _, ...own } = jinja;
    const { dictionary, problem } = readJinja(text, file, own);
    const type = dictionary?.extended?.replace(/\.jinja2$/, "");
    const known = [...(dictionary?.values ?? [])].flatMap(([name, { value }]) =>
      value === undefined ? [] : [[name, value]],
    );
    return {
      form: "jinja",
      ...(type !== undefined && { type }),
      variables: Object.fromEntries(known),
      problems: problem ? [problem] : [],
    };
  }
  const { value, problems } = parseYaml(text, file);
  if (!isMap(value)) return { form: "yaml", variables: {}, problems };
  const { extends: type, device, ...variables } = value;
  if (typeof type !== "string") return { form: "yaml", variables: {}, problems };
  return { form: "yaml", type, variables, ...(isMap(device) && { overrides: device }), problems };
}
