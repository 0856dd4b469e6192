import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { DeviceOptions } from "../commands/device.js";
import type { CliContext } from "../context.js";
import { UsageError } from "../usage-error.js";

const NAME = /^\w[\w.+-]*$/;
const EXTENSIONS = { jinja: ".jinja2", yaml: ".yaml" };

/** Where a device of that name goes: the first folder of `--devices`, without it `devices` here. Throws UsageError. */
export function placeFor(name: string, form: keyof typeof EXTENSIONS, { devices }: DeviceOptions, { cwd }: CliContext) {
  if (!NAME.test(name))
    throw new UsageError(`"${name}" cannot be the name of a device.`, "Letters, digits, -, _, + and . are allowed.");
  const folder = resolve(cwd, devices?.[0] ?? "devices");
  const path = join(folder, name + EXTENSIONS[form]);
  const others = Object.values(EXTENSIONS)
    .map((extension) => join(folder, name + extension))
    .filter((file) => file !== path && existsSync(file));
  const short = relative(cwd, path);
  return { folder, path, shown: short.startsWith("..") ? path : short, exists: existsSync(path), others };
}

/** Writes the whole file or nothing. A dictionary of the same name in the other form is taken away. */
export function writeDictionary({ folder, path, others }: ReturnType<typeof placeFor>, text: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
    for (const other of others) rmSync(other);
  } catch (error) {
    rmSync(`${path}.new`, { force: true });
    throw new UsageError(
      `Cannot write ${path}: ${(error as Error).message}.`,
      "Name a folder of your own: --devices DIR.",
    );
  }
}
