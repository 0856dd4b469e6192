import { flow } from "../../definition/value-text.js";
import type { DeviceOptions } from "../commands/device.js";
import type { CliContext } from "../context.js";
import { EXIT } from "../exit-codes.js";
import { harmless } from "../terminal/paint.js";
import { dictionaryOf } from "./dictionary-of.js";
import { json, namedDevice, tell, templatesFor } from "./named-device.js";

/** `lava-dispatch device show`: the dictionary, as data. */
export async function showDevice(word: string, options: DeviceOptions, context: CliContext): Promise<number> {
  const device = namedDevice(word, options, context);
  const { name, file } = device;
  const { type, form, variables, overrides, problems } = dictionaryOf(
    device,
    templatesFor(file, options, context).jinja,
  );
  const code = tell(problems, options, context);
  if (code !== EXIT.passed) return code;
  const shown = {
    name,
    file,
    form,
    ...(type !== undefined && { type }),
    variables,
    ...(overrides && { device: overrides }),
  };
  if (options.json) {
    context.stdout.write(json(shown));
    return EXIT.passed;
  }
  const kind = type === undefined ? "a rendered configuration: it stands on no device type" : `of the type ${type}`;
  const lines = [`${name}, ${kind} (${file})`];
  for (const [key, value] of Object.entries(variables)) lines.push(`  ${key}: ${flow(value)}`);
  if (overrides) lines.push(`  over the device type: ${flow(overrides)}`);
  for (const line of lines) context.stdout.write(`${harmless(line)}\n`);
  return EXIT.passed;
}
