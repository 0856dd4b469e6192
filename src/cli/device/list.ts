import type { ListOptions } from "../commands/device.js";
import type { CliContext } from "../context.js";
import { deviceFiles } from "../device-files.js";
import { deviceTypes } from "../device-templates.js";
import { EXIT } from "../exit-codes.js";
import { readText } from "../read-text.js";
import { harmless } from "../terminal/paint.js";
import { foldersOf, json, typeOf } from "./named-device.js";

/** `lava-dispatch device list`. */
export async function listDevices(options: ListOptions, context: CliContext): Promise<number> {
  const folders = foldersOf(options, context);
  const rows = options.types
    ? [...deviceTypes(folders)].map(([name, file]) => ({ name, file }))
    : deviceFiles(folders).map(({ name, file }) => {
        const type = typeOf({ name, file, text: readText(file, context.cwd, "device") });
        return { name, ...(type !== undefined && { type }), file };
      });
  if (options.json) context.stdout.write(json(rows));
  else for (const line of table(rows)) context.stdout.write(`${harmless(line)}\n`);
  return EXIT.passed;
}

function table(rows: { name: string; type?: string; file: string }[]): string[] {
  const typed = rows.some(({ type }) => type !== undefined);
  const columns = rows.map(({ name, type, file }) => (typed ? [name, type ?? "-", file] : [name, file]));
  const widths = (columns[0] ?? []).map((_, index) =>
    columns.reduce((most, row) => Math.max(most, row[index]!.length), 0),
  );
  return columns.map((row) =>
    row.map((cell, index) => (index < row.length - 1 ? cell.padEnd(widths[index]!) : cell)).join("  "),
  );
}
