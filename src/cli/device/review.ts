import type { ReviewOptions } from "../commands/device.js";
import type { CliContext } from "../context.js";
import { EXIT } from "../exit-codes.js";
import { errorsOf } from "../problems.js";
import { UsageError } from "../usage-error.js";
import { json, loadNamed, namedDevice, tell } from "./named-device.js";

/** `lava-dispatch device review`: what a job would run on. Nothing is printed of a configuration that is broken. */
export async function reviewDevice(word: string, options: ReviewOptions, context: CliContext): Promise<number> {
  const { device, problems, rendered } = await loadNamed(namedDevice(word, options, context), options, context);
  const code = tell(problems, options, context);
  if (errorsOf(problems).length > 0) return code;
  if (options.json) context.stdout.write(json(device));
  else if (!options.text) {
    const { blockYaml } = await import("../../results/block-yaml.js");
    context.stdout.write(blockYaml(device));
  } else if (rendered !== undefined) context.stdout.write(rendered.endsWith("\n") ? rendered : `${rendered}\n`);
  else throw new UsageError("--text is for device types in Jinja2: this device has none.", "Leave it out.");
  return EXIT.passed;
}
