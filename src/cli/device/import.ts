import type { ImportOptions } from "../commands/device.js";
import type { CliContext } from "../context.js";
import { EXIT } from "../exit-codes.js";
import { errorsOf } from "../problems.js";
import { readText } from "../read-text.js";
import { UsageError } from "../usage-error.js";
import { dictionaryOf } from "./dictionary-of.js";
import { json, loadNamed, nameOfFile, problemData, tell, templatesFor } from "./named-device.js";
import { placeFor, writeDictionary } from "./write-dictionary.js";

/** `lava-dispatch device import`: a dictionary that does not work is not taken. */
export async function importDevice(from: string, options: ImportOptions, context: CliContext): Promise<number> {
  const text = readText(from, context.cwd, "device");
  const name = options.name ?? nameOfFile(from);
  const { form, type } = dictionaryOf({ name, file: from, text }, templatesFor(from, options, context).jinja);
  const place = placeFor(name, form, options, context);
  // templates are found from where the dictionary will be
  const { problems } = await loadNamed({ name, file: place.shown, text }, options, context, true);
  const wrong = problems.map((problem) =>
    problem.location?.file === place.shown ? { ...problem, location: { ...problem.location, file: from } } : problem,
  );
  const code = tell(wrong, options, context);
  const isTaken = errorsOf(wrong).length === 0;
  if (isTaken && type === undefined) {
    throw new UsageError(
      `${from} is no dictionary: it extends no device type.`,
      "A rendered configuration is used as it is: --device FILE.",
    );
  }
  if (isTaken) writeDictionary(place, text);
  const done = place.exists || place.others.length > 0 ? "updated" : "added";
  if (options.json) {
    context.stdout.write(json({ name, ...(isTaken && { file: place.shown, done }), problems: problemData(wrong) }));
  } else if (isTaken) context.stdout.write(`${name}: ${done} (${place.shown})\n`);
  else context.stderr.write(`${name}: not imported\n`);
  return isTaken ? EXIT.passed : code;
}
