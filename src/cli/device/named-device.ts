import { ConfigurationError } from "../../base/errors.js";
import { isMap, type Json, type JsonMap } from "../../base/json.js";
import type { Problem } from "../../base/problem.js";
import { parseYaml } from "../../definition/yaml-text.js";
import { isJinja } from "../../device/dictionary.js";
import { type LoadedDevice, loadDevice } from "../../device/load-device.js";
import { askPython } from "../ask-python.js";
import type { DeviceOptions } from "../commands/device.js";
import type { CliContext } from "../context.js";
import { deviceFile } from "../device-files.js";
import { deviceTemplates } from "../device-templates.js";
import { exitCodeOfProblems, printProblems } from "../problems.js";
import { readText } from "../read-text.js";
import { paintFor } from "../screen.js";
import { plain } from "../terminal/paint.js";
import { UsageError } from "../usage-error.js";

export interface NamedDevice {
  name: string;
  file: string;
  text: string;
}

export const foldersOf = ({ devices, deviceTypes }: DeviceOptions, { cwd, lavaRoot }: CliContext) => ({
  cwd,
  ...(devices && { devices }),
  ...(deviceTypes && { deviceTypes }),
  ...(lavaRoot !== undefined && { lavaRoot }),
});

export const nameOfFile = (file: string): string =>
  (file.split("/").at(-1) ?? file).replace(/\.(?:jinja2|j2|ya?ml)$/, "");

/** The file of a device that was named. Throws UsageError. */
export function namedDevice(word: string, options: DeviceOptions, context: CliContext): NamedDevice {
  const file = deviceFile(word, foldersOf(options, context));
  return { name: nameOfFile(file), file, text: readText(file, context.cwd, "device") };
}

export function templatesFor(file: string, options: DeviceOptions, context: CliContext) {
  const found = deviceTemplates(file, foldersOf(options, context));
  return options.jinja === "python" ? { ...found, jinja: { ...found.jinja, python: askPython(context.env) } } : found;
}

/** The device's configuration, and what is wrong with it. */
export async function loadNamed(
  { file, text }: NamedDevice,
  options: DeviceOptions,
  context: CliContext,
  tellUnread = false,
): Promise<LoadedDevice> {
  const loaded = await loadDevice(text, file, {
    context: pairs(options.context ?? [], "context", readValue),
    variables: pairs(options.set ?? [], "set", (value) => value),
    tellUnread,
    ...templatesFor(file, options, context),
  });
  return {
    ...loaded,
    problems: loaded.problems.map((problem) => ({ errorClass: ConfigurationError.name, ...problem })),
  };
}

function pairs(words: string[], option: string, read: (text: string) => Json): JsonMap {
  return Object.fromEntries(
    words.map((pair) => {
      const at = pair.indexOf("=");
      if (at <= 0) throw new UsageError(`--${option} ${pair}: this is no pair.`, `Write --${option} key=value.`);
      return [pair.slice(0, at), read(pair.slice(at + 1))];
    }),
  );
}

/** A job's context is YAML. */
const readValue = (text: string): Json => parseYaml(text, "").value ?? text;

/** The device type that a dictionary names; undefined for a configuration that is rendered already. */
export function typeOf({ text, file }: NamedDevice): string | undefined {
  if (isJinja(text, file)) {
    const extended = /\{%[-+]?\s*extends\s+(['"])(.*?)\1/.exec(text)?.[2];
    return extended?.replace(/\.jinja2$/, "");
  }
  const { value } = parseYaml(text, file);
  if (!isMap(value)) return undefined;
  if (typeof value.extends === "string") return value.extends;
  return typeof value.devicetype === "string" ? value.devicetype : undefined;
}

/** Tells problems on standard error. */
export function tell(problems: Problem[], options: DeviceOptions, context: CliContext): number {
  printProblems(problems, context, paintFor(options.color, context, context.stderr) !== plain);
  return exitCodeOfProblems(problems);
}

export const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Problems as data. */
export const problemData = (problems: Problem[]) =>
  problems.map(({ severity, message, location, hint }) => ({
    severity,
    message,
    ...(location && { file: location.file, line: location.line, column: location.column }),
    ...(hint !== undefined && { hint }),
  }));
