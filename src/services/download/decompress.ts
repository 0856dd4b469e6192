/** Decompression in the stream: gz in this process, the rest by the usual programs. */

import type { ErrorClassName } from "../../base/errors.js";
import { JobError } from "../../base/errors.js";
import { own } from "../../base/json.js";
import { filterThrough, type ProgramOptions } from "../run-program.js";

/** Programs that turn a compression's stream into plain bytes; null: Node's own zlib. */
const DECOMPRESSORS: { [compression: string]: string[] | null } = {
  gz: null,
  xz: ["xz", "--decompress", "--stdout"],
  bz2: ["bzip2", "--decompress", "--stdout"],
  zstd: ["zstd", "--decompress", "--stdout", "--quiet"],
  // Only the first member of the archive can be streamed.
  zip: ["funzip"],
};

const COMPRESSORS: { [compression: string]: string[] | null } = {
  gz: null,
  xz: ["xz", "--check=crc32", "--stdout"],
  bz2: ["bzip2", "--stdout"],
  zstd: ["zstd", "--stdout", "--quiet"],
};

/** First bytes of each compression, in hexadecimal. */
const MAGIC: { [compression: string]: string } = {
  gz: "1f8b",
  xz: "fd377a585a00",
  bz2: "425a68",
  zstd: "28b52ffd",
  zip: "504b0304",
};

export const COMPRESSIONS = Object.keys(DECOMPRESSORS);

/** The compression that a file's first bytes tell of. */
export const compressionOf = (head: Uint8Array): string | undefined =>
  Object.keys(MAGIC).find((name) =>
    Buffer.from(head)
      .toString("hex")
      .startsWith(MAGIC[name] as string),
  );

/** Program that a (de)compression needs, if any. */
export const compressionProgram = (compression: string): string | undefined => own(DECOMPRESSORS, compression)?.[0];

type Bytes = AsyncIterable<Uint8Array>;

async function* throughZlib(source: Bytes, compress: boolean, error: (cause: Error) => Error): Bytes {
  const [{ createGunzip, createGzip }, { pipeline }] = await Promise.all([
    import("node:zlib"),
    import("node:stream/promises"),
  ]);
  const zlib = compress ? createGzip() : createGunzip({ chunkSize: 256 * 1024 });
  let fault: unknown;
  const feeding = pipeline(source, zlib).catch((cause) => {
    fault = cause;
  });
  try {
    for await (const chunk of zlib) yield chunk;
  } catch (cause) {
    fault ??= cause;
  } finally {
    zlib.destroy();
  }
  await feeding;
  if (fault === undefined) return;
  throw fault instanceof Error && String((fault as NodeJS.ErrnoException).code).startsWith("Z_") ? error(fault) : fault;
}

/**
 * The plain bytes of a compressed stream.
 * @throws JobError when the bytes are not of that compression (named `what` in the message).
 */
export async function* decompress(compression: string, source: Bytes, options: ProgramOptions, what: string): Bytes {
  const broken = (cause: unknown) =>
    new JobError(`${what} cannot be decompressed as ${compression}`, {
      cause,
      advice: "Check that the job's `compression` is what the file really is, and that the file is whole.",
    });
  const argv = own(DECOMPRESSORS, compression);
  if (argv === undefined)
    throw new JobError(`Unknown compression '${compression}' (known: ${COMPRESSIONS.join(", ")})`);
  if (argv === null) return yield* throughZlib(source, false, broken);
  try {
    yield* filterThrough(argv, source, { ...options, error: "JobError" satisfies ErrorClassName });
  } catch (error) {
    throw error instanceof JobError ? broken(error) : error;
  }
}

/** The stream compressed. @throws JobError for a compression that cannot be written. */
export async function* compress(compression: string, source: Bytes, options: ProgramOptions): Bytes {
  const argv = own(COMPRESSORS, compression);
  if (argv === undefined)
    throw new JobError(`Cannot compress as '${compression}' (known: ${Object.keys(COMPRESSORS).join(", ")})`);
  if (argv === null) return yield* throughZlib(source, true, (cause) => cause);
  yield* filterThrough(argv, source, { ...options, error: "InfrastructureError" });
}
