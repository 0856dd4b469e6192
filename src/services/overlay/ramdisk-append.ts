/**
 * Adds files to a ramdisk without taking it apart: the kernel reads several cpio archives after one another, so the
 * additions become a second, small one. The user's bytes stay as they are: device nodes, owners and hard links too.
 */

import { createReadStream, createWriteStream } from "node:fs";
import { copyFile, open, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { JobError } from "../../base/errors.js";
import { freshStream } from "../../base/fresh-file.js";
import { cpioOf, readCpio } from "../cpio.js";
import { compress, compressionOf, decompress } from "../download/decompress.js";
import { limited, uncounted } from "../files/room.js";
import type { ServiceContext } from "../types.js";
import { resolveInside } from "./safe-files.js";
import { type Member, padding } from "./tree.js";
import { programOptions } from "./unpack.js";

export interface Ramdisk {
  file: string;
  /** Bytes before the first archive (a U-Boot header). */
  offset: number;
}

/** How the first archive is compressed; undefined: not at all. @throws JobError when it is no ramdisk */
export async function ramdiskCompression({ file, offset }: Ramdisk): Promise<string | undefined> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(6), 0, 6, offset);
    const head = buffer.subarray(0, bytesRead);
    const compression = compressionOf(head);
    if (compression === undefined && !/^07070[12]$/.test(head.toString("latin1")))
      throw new JobError("The ramdisk is neither a newc cpio archive nor compressed in a known way", {
        advice: "Give a kernel's initramfs; if a U-Boot header is before it, say `header: u-boot`.",
      });
    return compression;
  } finally {
    await handle.close();
  }
}

/** The names in a ramdisk: null for a folder, the target of a link, undefined for what is not there. */
type Listing = Map<string, { folder: boolean; link?: string }>;

async function list(ramdisk: Ramdisk, context: ServiceContext): Promise<Listing> {
  const source = createReadStream(ramdisk.file, { start: ramdisk.offset, highWaterMark: 256 * 1024 });
  const options = programOptions(context);
  const listing: Listing = new Map();
  const plain = (kind: string, bytes: AsyncIterable<Uint8Array>) =>
    limited(decompress(kind, bytes, options, "The ramdisk"), uncounted(context), "The ramdisk");
  for await (const entry of readCpio(source, plain)) {
    context.signal.throwIfAborted();
    listing.set(entry.path, {
      folder: entry.type === "directory",
      ...(entry.link !== undefined && { link: entry.link }),
    });
  }
  return listing;
}

/**
 * Where the members go in a ramdisk that has these names: names go through its links (`lib/modules` where `lib` is
 * a link to `usr/lib`), and a folder that is there keeps its owner and permissions.
 */
function place(members: Member[], listing: Listing): Member[] {
  const linkAt = (path: string) => listing.get(path)?.link;
  return members.flatMap((member) => {
    const path = resolveInside(member.path, linkAt, member.type === "directory");
    if (member.type === "directory" && (path === "" || listing.get(path)?.folder)) return [];
    return [{ ...member, path }];
  });
}

export interface AppendOptions {
  /** Folder names at the top that no ramdisk has: when all members are below them, the ramdisk need not be read. */
  own: string[];
}

/** Writes `to`: the ramdisk and after it the members, compressed as the ramdisk is. @throws JobError */
export async function appendToRamdisk(
  ramdisk: Ramdisk,
  members: Member[],
  to: string,
  context: ServiceContext,
  options: AppendOptions,
): Promise<void> {
  const compression = await ramdiskCompression(ramdisk);
  const apart = members.every(({ path }) => options.own.includes(path.split("/")[0]!));
  const fitted = apart ? members : place(members, await list(ramdisk, context));
  const { signal } = context;
  if (ramdisk.offset === 0) await copyFile(ramdisk.file, to);
  else await pipeline(createReadStream(ramdisk.file, { start: ramdisk.offset }), freshStream(to), { signal });
  if (fitted.length === 0) return;
  const { size } = await stat(to);
  const addition = async function* () {
    // A plain archive is only seen at a multiple of 4; compressed ones follow at once, so that the whole stays one valid file.
    if (compression === undefined) yield padding(size, 4);
    yield* compression === undefined ? cpioOf(fitted) : compress(compression, cpioOf(fitted), programOptions(context));
  };
  await pipeline(Readable.from(addition(), { objectMode: false }), createWriteStream(to, { flags: "a" }), { signal });
}
