import { createReadStream } from "node:fs";
import { open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { compressionProgram } from "./download/decompress.js";
import { unzip, ZIP_PROGRAMS } from "./files/unzip.js";
import { optionalText, text } from "./overlay/inputs.js";
import { freshFolder } from "./overlay/safe-files.js";
import { unpackStream } from "./overlay/unpack.js";
import { untar } from "./overlay/untar.js";
import type { Service, ServiceContext } from "./types.js";

const ZIP = Buffer.from("PK\x03\x04", "latin1");

/** Whether a file is a zip archive, by its first bytes. */
export async function isZip(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(ZIP.length), 0, ZIP.length, 0);
    return buffer.equals(ZIP);
  } finally {
    await handle.close();
  }
}

/** Unpacks an archive (zip, or tar with any compression) into a folder, which is made anew. */
export async function unpackInto(
  file: string,
  directory: string,
  compression: string | undefined,
  context: ServiceContext,
): Promise<void> {
  await freshFolder(directory);
  if (await isZip(file)) return unzip(file, directory, context);
  const source = unpackStream(createReadStream(file), compression, context, "The archive");
  await untar(source, directory, { signal: context.signal, what: "The archive" });
}

/**
 * Unpacks an archive beside the job's files: never outside of its folder, and bounded in size and number.
 * Inputs: file, compression?. Data: archive {directory}.
 */
export const archiveExtract: Service = {
  name: "archive-extract",
  programs({ input }) {
    const compression = typeof input.compression === "string" ? input.compression : undefined;
    if (compression === "zip") return ZIP_PROGRAMS;
    const program = compression === undefined ? undefined : compressionProgram(compression);
    return program === undefined ? [] : [program];
  },

  async run(input, context) {
    const file = text(input, "file");
    const directory = join(context.paths.work, `archive-${context.action.level}`);
    context.log.info(`Unpacking ${file} to ${directory}`);
    context.onCleanup(() => rm(directory, { recursive: true, force: true }));
    // `archive: tar` has unpacked it while it was downloaded.
    if ((await stat(file)).isDirectory()) return { data: { archive: { directory: file } } };
    await unpackInto(file, directory, optionalText(input, "compression"), context);
    return { data: { archive: { directory } } };
  },
};
