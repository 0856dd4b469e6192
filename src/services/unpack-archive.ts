import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { unpackTar } from "./download/unpack-tar.js";
import type { ServiceContext } from "./types.js";

/** Most bytes of a test definition or a service: it has to fit into a board's memory. */
const MOST_BYTES = 4 * 2 ** 30;

/**
 * Unpacks a tar archive (plain or gz; a file, or its bytes) into a folder that exists, never outside of it.
 * @throws JobError for an archive that is broken, too big, or leads outside
 */
export async function unpackArchive(
  archive: string | Uint8Array,
  folder: string,
  { log, signal }: Pick<ServiceContext, "log" | "signal">,
  strip = 0,
): Promise<void> {
  const unpack = await unpackTar(folder, { log, strip, maxBytes: MOST_BYTES });
  const source = typeof archive === "string" ? createReadStream(archive) : Readable.from([Buffer.from(archive)]);
  await pipeline(source, unpack, { signal });
}
