import type { ExportOptions } from "../commands/device.js";
import type { CliContext } from "../context.js";
import { EXIT } from "../exit-codes.js";
import { UsageError } from "../usage-error.js";
import { type DictionaryOf, dictionaryOf } from "./dictionary-of.js";
import { json, namedDevice, tell, templatesFor } from "./named-device.js";

/** `lava-dispatch device export`. */
export async function exportDevice(word: string, options: ExportOptions, context: CliContext): Promise<number> {
  const device = namedDevice(word, options, context);
  const dictionary = dictionaryOf(device, templatesFor(device.file, options, context).jinja);
  const code = tell(dictionary.problems, options, context);
  if (code !== EXIT.passed) return code;
  const { type, variables, overrides, form } = dictionary;
  if (type === undefined) {
    throw new UsageError(
      `${device.file} is no dictionary: it extends no device type.`,
      "A rendered configuration is used as it is.",
    );
  }
  if (options.json)
    context.stdout.write(json({ extends: type, ...variables, ...(overrides && { device: overrides }) }));
  else context.stdout.write(await dictionaryText({ type, variables, overrides }, options.format));
  if (options.format === "jinja" && overrides && !options.json) {
    context.stderr.write("`device` of the dictionary is left out: a dictionary in Jinja2 cannot say it\n");
  }
  if (
    options.format !== form &&
    form === "jinja" &&
    /\{%[-+]?\s*(?:if|for|block|macro|include|import|from)\b/.test(device.text)
  ) {
    context.stderr.write("only the values are exported: the dictionary has other statements, too\n");
  }
  return EXIT.passed;
}

/** A dictionary as text. */
export async function dictionaryText(
  {
    type,
    variables,
    overrides,
  }: Required<Pick<DictionaryOf, "type" | "variables">> & { overrides?: DictionaryOf["overrides"] | undefined },
  format: "jinja" | "yaml",
): Promise<string> {
  if (format === "jinja") {
    const { jinjaDictionary } = await import("../../device/jinja-literal.js");
    return jinjaDictionary(`${type}.jinja2`, Object.entries(variables));
  }
  const { blockYaml } = await import("../../results/block-yaml.js");
  return blockYaml({ extends: type, ...variables, ...(overrides && { device: overrides }) });
}
