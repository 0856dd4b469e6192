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
  const columns = rows.map(({ name, type, file }) =>
    type === undefined && !rows.some((row) => row.type) ? [name, file] : [name, type ?? "-", file],
  );
  const widths = columns.reduce<number[]>(
    (all, row) => row.map((cell, index) => Math.max(cell.length, all[index] ?? 0)),
    [],
  );
  const most = (index: number) => Math.max(...columns.map((row) => row[index]?.length ?? 0), widths[index] ?? 0);
  return columns.map((row) =>
    row.map((cell, index) => (index < row.length - 1 ? cell.padEnd(most(index)) : cell)).join("  "),
  );
}
