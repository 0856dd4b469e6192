import { readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { JobError } from "../base/errors.js";
import { appendOverlays } from "./append-overlays.js";
import { unpackInto } from "./archive-extract.js";
import { bounded } from "./files/bounded.js";
import { ZIP_PROGRAMS } from "./files/unzip.js";
import { text } from "./overlay/inputs.js";
import { insidePath } from "./overlay/safe-files.js";
import { mustSucceed } from "./run-program.js";
import type { Service } from "./types.js";

/** The file of a path in a folder; by its name alone where only one has it. @throws JobError */
async function findFile(folder: string, path: string): Promise<string> {
  const inside = insidePath(path, "The image's name");
  if ((await stat(join(folder, inside)).catch(() => undefined))?.isFile()) return join(folder, inside);
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const found = entries
    .filter((entry) => entry.isFile() && entry.name === basename(inside))
    .map((entry) => join(entry.parentPath, entry.name));
  if (found.length === 1 && inside === basename(inside)) return found[0] as string;
  const all = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  throw new JobError(`There ${found.length > 1 ? "are several files" : "is no file"} '${path}' in the archive`, {
    advice: `It holds: ${all.sort().slice(0, 20).join(", ")}${all.length > 20 ? ", ..." : ""}`,
  });
}

/**
 * Puts the test overlay into an image that lies in an archive: a folder that was unpacked before, or a zip, which is packed
 * again. Inputs: file (of a download), image (path in it), format (as of append-overlays), partition?,
 * packed? (it is a zip).
 */
export const archiveOverlay: Service = {
  name: "archive-overlay",
  programs: (known) => [
    ...(appendOverlays.programs?.(known) ?? []),
    ...(known.input.packed === true ? [...ZIP_PROGRAMS, "zip"] : []),
  ],

  async run(input, context) {
    const file = text(input, "file");
    const image = text(input, "image");
    if (image === "") throw new JobError("The job names no image in the archive that the overlay could go to");
    const append = async (folder: string) => {
      const { format, partition = null } = input;
      const found = await findFile(folder, image);
      await appendOverlays.run({ file: found, format: format ?? null, overlays: { lava: true }, partition }, context);
      return relative(folder, found);
    };
    if ((await stat(file)).isDirectory()) {
      await append(file);
      return { data: { overlay: { applied: true } } };
    }
    const folder = join(context.paths.work, `archive-${context.action.level}`);
    const part = `${file}.part.zip`;
    try {
      await unpackInto(file, folder, undefined, context);
      await append(folder);
      const names = await readdir(folder);
      await rm(part, { force: true });
      const error = context.action.commandError;
      await bounded(context, { into: part, what: `'${basename(file)}', packed again,` }, (bounds) =>
        mustSucceed(["zip", "-q", "-r", part, "--", ...names], { ...context, cwd: folder, error, ...bounds }),
      );
      await rename(part, file);
    } finally {
      await Promise.all([folder, part].map((path) => rm(path, { recursive: true, force: true })));
    }
    return { data: { overlay: { applied: true } } };
  },
};
