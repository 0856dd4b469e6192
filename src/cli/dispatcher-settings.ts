/** dispatcher.yaml (spec output.md §4). */
import { ConfigurationError } from "../base/errors.js";
import { isMap, type JsonMap } from "../base/json.js";
import type { Problem } from "../base/problem.js";
import { parseYaml } from "../definition/yaml-text.js";

export interface DispatcherSettings {
  settings: JsonMap;
  problems: Problem[];
}

/** A line that says nothing: empty, a comment, the mark of a document. */
const NOTHING = /^\ufeff?(?:---|\.\.\.)?\s*(?:#.*)?$/;

/** Reads the dispatcher's settings. An empty file has none; what is no map sets nothing, as with LAVA. */
export function dispatcherSettings(text: string, file: string): DispatcherSettings {
  if (text.split(/\r?\n/).every((line) => NOTHING.test(line))) return { settings: {}, problems: [] };
  const { value, problems } = parseYaml(text, file);
  const own = problems.map((problem) => ({ ...problem, errorClass: ConfigurationError.name }));
  if (isMap(value)) return { settings: value, problems: own };
  if (value === null || own.length > 0) return { settings: {}, problems: own };
  const location = { file, line: 1, column: 1 };
  const message = "the dispatcher's settings are not used: they must be a map of keys";
  return { settings: {}, problems: [{ severity: "warning", errorClass: ConfigurationError.name, message, location }] };
}
