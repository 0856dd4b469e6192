import { ConfigurationError } from "../../base/errors.js";
import type { JsonMap } from "../../base/json.js";
import { pythonRegExp } from "../../base/python-regexp.js";

/** Percent-encodes as a form does: a space becomes `+`, only `-._~` and letters and digits stay. */
const formEncode = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");

const rules = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : value ? [String(value)] : []);

/**
 * The URL of the lab's cache for `url` (`http_url_format_string` of the dispatcher's configuration, spec pipeline.md §6), or
 * undefined when there is no cache, no include rule matches, or an exclude rule does.
 * @throws ConfigurationError when a rule is not a regular expression.
 */
export function cachedUrl(url: string, dispatcher: JsonMap): string | undefined {
  const format = dispatcher.http_url_format_string;
  if (typeof format !== "string" || format === "") return undefined;
  const matches = (rule: string) => {
    try {
      return pythonRegExp(rule).test(url);
    } catch (cause) {
      throw new ConfigurationError(`The HTTP cache rule '${rule}' is not a regular expression`, { cause });
    }
  };
  const include = rules(dispatcher.http_cache_include_rules);
  if (include.length > 0 && !include.some(matches)) return undefined;
  if (rules(dispatcher.http_cache_exclude_rules).some(matches)) return undefined;
  return format.replace("%s", () => formEncode(url)).replaceAll("%%", "%");
}
