/** dispatcher.yaml (spec output.md §4). */
import { ConfigurationError } from "../base/errors.js";
import { isMap, type JsonMap } from "../base/json.js";
import type { Problem } from "../base/problem.js";
import { parseYaml } from "../definition/yaml-text.js";

export interface DispatcherSettings {
  settings: JsonMap;
  problems: Problem[];
}

/** Reads the dispatcher's settings; an empty file has none. */
export function dispatcherSettings(text: string, file: string): DispatcherSettings {
  const { value, problems } = parseYaml(text, file);
  const own = problems.map((problem) => ({ ...problem, errorClass: ConfigurationError.name }));
  if (value === null || isMap(value)) return { settings: value ?? {}, problems: own };
  const location = { file, line: 1, column: 1 };
  const message = "The dispatcher's settings are one map of keys.";
  return {
    settings: {},
    problems: [...own, { severity: "error", errorClass: ConfigurationError.name, message, location }],
  };
}
