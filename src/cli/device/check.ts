import { resolve } from "node:path";
import type { Problem } from "../../base/problem.js";
import type { DeviceOptions } from "../commands/device.js";
import type { CliContext } from "../context.js";
import { deviceFiles } from "../device-files.js";
import { EXIT } from "../exit-codes.js";
import { countText, errorsOf } from "../problems.js";
import { readText } from "../read-text.js";
import { UsageError } from "../usage-error.js";
import { foldersOf, json, loadNamed, namedDevice, problemData, tell } from "./named-device.js";

/** `lava-dispatch device check`: those that are named, or all of the folders that are. */
export async function checkDevices(words: string[], options: DeviceOptions, context: CliContext): Promise<number> {
  const devices =
    words.length > 0 ? words.map((word) => namedDevice(word, options, context)) : allDevices(options, context);
  if (devices.length === 0)
    throw new UsageError("There is no device to check.", "Name one, or a folder of them: --devices DIR.");
  const results: { name: string; file: string; problems: Problem[] }[] = [];
  let code: number = EXIT.passed;
  for (const device of devices) {
    const { problems } = await loadNamed(device, options, context, true);
    results.push({ name: device.name, file: device.file, problems });
    if (!options.json) {
      const told = tell(problems, options, context);
      code = code === EXIT.passed ? told : code;
      const errors = errorsOf(problems).length;
      const counts = countText(errors, problems.length - errors);
      context.stdout.write(`${device.name}: ${errors > 0 ? counts : counts ? `usable, ${counts}` : "usable"}\n`);
    } else if (errorsOf(problems).length > 0) code = EXIT.infrastructure;
  }
  if (options.json) {
    const shown = results.map(({ name, file, problems }) => ({
      name,
      file,
      usable: errorsOf(problems).length === 0,
      problems: problemData(problems),
    }));
    context.stdout.write(json(shown));
  }
  return code;
}

function allDevices(options: DeviceOptions, context: CliContext) {
  const named = new Set(options.devices ?? []);
  const folders = foldersOf(options, context);
  return deviceFiles(folders)
    .filter(({ folder }) => named.size === 0 || isIn(folder, named, context.cwd))
    .map(({ name, file }) => ({ name, file, text: readText(file, context.cwd, "device") }));
}

const isIn = (folder: string, named: Set<string>, cwd: string): boolean =>
  [...named].some((each) => resolve(cwd, each) === resolve(cwd, folder));
