import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { JobError } from "../base/errors.js";
import { text, texts } from "./overlay/inputs.js";
import { writeFresh } from "./overlay/safe-files.js";
import { filesByLabel, fillWord } from "./tool/tool-command.js";
import type { Service } from "./types.js";

/**
 * Writes lines to a file in the job's scratch folder: a script for a tool.
 * Inputs: name (of the file), lines, files? (data.downloads: `{label}` in a line becomes the file's path).
 * Data: files {<name>: absolute path}.
 */
export const writeText: Service = {
  name: "write-text",

  async run(input, context) {
    const name = text(input, "name");
    if (name !== basename(name) || name.startsWith(".")) throw new JobError(`'${name}' is not the name of a file`);
    const files = filesByLabel(input.files);
    const lines = texts(input, "lines").map((line) => fillWord(line, files));
    const folder = join(context.paths.work, "scripts", context.action.level);
    await mkdir(folder, { recursive: true });
    const file = join(folder, name);
    writeFresh(file, lines.map((line) => `${line}\n`).join(""));
    context.log.debug(`${name}:`);
    for (const line of lines) context.log.debug(`- ${line}`);
    return { data: { files: { [name]: file } } };
  },
};
