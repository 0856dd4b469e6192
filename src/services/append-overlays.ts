import { createReadStream } from "node:fs";
import { chmod, open, rename, rm, stat } from "node:fs/promises";
import { basename, posix } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { JobError } from "../base/errors.js";
import { freshStream } from "../base/fresh-file.js";
import { isMap, type JsonMap, own } from "../base/json.js";
import { compress, compressionOf, compressionProgram } from "./download/decompress.js";
import { bounded } from "./files/bounded.js";
import { nameInside } from "./files/name-inside.js";
import { takeFile } from "./files/room.js";
import { writeIntoExt4 } from "./overlay/ext4-write.js";
import { map, text } from "./overlay/inputs.js";
import { overlayOf } from "./overlay/layout.js";
import { appendToRamdisk } from "./overlay/ramdisk-append.js";
import { freshFolder, insidePath } from "./overlay/safe-files.js";
import { withoutTarEnd } from "./overlay/tar-append.js";
import { type Member, treeOf } from "./overlay/tree.js";
import { programOptions, unpackStream } from "./overlay/unpack.js";
import { mustSucceed } from "./run-program.js";
import type { Service, ServiceContext } from "./types.js";

/** The test overlay's name among the overlays of an image; all others are downloads. */
const TEST_OVERLAY = "lava";
const SPARSE_MAGIC = 0xed26ff3a;

/** The file of an overlay `<key>.<name>`, where `<key>` is the download that `image` came from. */
function downloadedOverlay(image: string, name: string, context: ServiceContext): string {
  const downloads = map(context.data, "downloads");
  const key = Object.keys(downloads).find((key) => isMap(downloads[key]) && downloads[key].file === image);
  const overlay = downloads[`${key}.${name}`];
  if (isMap(overlay) && typeof overlay.file === "string") return overlay.file;
  throw new JobError(`The overlay '${name}' of '${basename(image)}' was not downloaded`);
}

/** Folders on the way to a path, which the image may not have yet. */
const foldersTo = (path: string): Member[] =>
  path
    .split("/")
    .slice(0, -1)
    .map((_, i, parts) => ({
      path: parts.slice(0, i + 1).join("/"),
      type: "directory",
      mode: 0o755,
      size: 0,
      source: "",
    }));

/** What an overlay adds to the image's root. */
async function membersOf(image: string, name: string, overlay: JsonMap, context: ServiceContext): Promise<Member[]> {
  const { log, signal } = context;
  if (name === TEST_OVERLAY) {
    const { directory } = overlayOf(context);
    log.debug(`- ${name}: ${directory}`);
    return treeOf(directory);
  }
  const file = downloadedOverlay(image, name, context);
  const path = insidePath(text(overlay, "path").replace(/^\/+/, "") || ".", `\`path\` of the overlay '${name}'`);
  log.debug(`- ${name}: ${file} to /${path}`);
  if (overlay.format === "file") {
    const { size, mode } = await stat(file);
    return [...foldersTo(path), { path, type: "file", mode: mode & 0o100 ? 0o755 : 0o644, size, source: file }];
  }
  if (overlay.format !== "tar")
    throw new JobError(`The overlay '${name}' has the format '${overlay.format}' (known: file, tar)`);
  const folder = nameInside(context.paths.work, `overlay-${context.action.level}-${name}`, "An overlay");
  context.onCleanup(() => rm(folder, { recursive: true, force: true }));
  await freshFolder(folder);
  const { untar } = await import("./overlay/untar.js");
  await untar(unpackStream(createReadStream(file), undefined, context, `The overlay '${name}'`), folder, {
    signal,
    what: `The overlay '${name}'`,
  });
  const members = await treeOf(folder);
  return path === "."
    ? members
    : [...foldersTo(`${path}/x`), ...members.map((member) => ({ ...member, path: posix.join(path, member.path) }))];
}

/** The compression that the file has now, by its first bytes. */
async function compressionNow(file: string): Promise<string | undefined> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(6), 0, 6, 0);
    return compressionOf(buffer.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

/** The size that a sparse image of Android has when it is unpacked, by its header; 0 when it is no such image. */
async function sizeInSparse(file: string): Promise<number> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(28), 0, 28, 0);
    const known = bytesRead === 28 && buffer.readUInt32LE(0) === SPARSE_MAGIC;
    return known ? buffer.readUInt32LE(12) * buffer.readUInt32LE(16) : 0;
  } finally {
    await handle.close();
  }
}

async function appendToTar(file: string, members: Member[], to: string, context: ServiceContext): Promise<void> {
  const compression = await compressionNow(file);
  const { tarOf } = await import("./overlay/tar-write.js");
  const whole = async function* () {
    yield* withoutTarEnd(
      unpackStream(createReadStream(file, { highWaterMark: 256 * 1024 }), compression, context, `'${basename(file)}'`),
    );
    yield* tarOf(members);
  };
  const bytes = compression === undefined ? whole() : compress(compression, whole(), programOptions(context));
  await pipeline(Readable.from(bytes, { objectMode: false }), freshStream(to), { signal: context.signal });
}

/** An image, packed or sparse or neither, with the members in its file system; it comes out as it went in. */
async function appendToImage(
  file: string,
  members: Member[],
  to: string,
  input: JsonMap,
  context: ServiceContext,
): Promise<void> {
  const options = programOptions(context);
  const compression = await compressionNow(file);
  const sparse = input.sparse === true;
  const unpacked = `${to}.unpacked`;
  const raw = sparse ? `${to}.raw` : to;
  const convert = (argv: string[], into: string, what: string, bytes?: number) =>
    bounded(
      context,
      { into, what, ...(bytes !== undefined && { granted: { bytes, error: () => context.meter.refusal(what) } }) },
      (bounds) => mustSucceed(argv, { ...options, error: context.action.commandError, ...bounds }),
    );
  try {
    const plain = unpackStream(
      createReadStream(file, { highWaterMark: 256 * 1024 }),
      compression,
      context,
      `'${basename(file)}'`,
    );
    await pipeline(Readable.from(plain, { objectMode: false }), freshStream(sparse ? unpacked : raw), {
      signal: context.signal,
    });
    if (sparse) {
      const what = `'${basename(file)}', no longer sparse,`;
      const bytes = await sizeInSparse(unpacked);
      takeFile(context, bytes, what);
      await convert(["simg2img", unpacked, raw], raw, what, bytes);
    }
    await writeIntoExt4(raw, members, typeof input.partition === "number" ? input.partition : undefined, context);
    if (sparse) await convert(["img2simg", raw, to], to, `'${basename(file)}', sparse again,`);
    if (compression === undefined) return;
    await rename(to, unpacked);
    const packed = compress(compression, createReadStream(unpacked, { highWaterMark: 256 * 1024 }), options);
    await pipeline(Readable.from(packed, { objectMode: false }), freshStream(to), { signal: context.signal });
  } finally {
    await Promise.all([unpacked, `${to}.raw`].map((path) => rm(path, { force: true })));
  }
}

type Append = (file: string, members: Member[], to: string, input: JsonMap, context: ServiceContext) => Promise<void>;

const FORMATS: { [format: string]: { append: Append; programs(input: JsonMap): string[] } } = {
  "cpio.newc": {
    // The kernel reads one archive after the other: nothing is unpacked, however big the ramdisk is.
    append: (file, members, to, _input, context) => {
      const own = context.data.overlay ? overlayOf(context).results_dir.split("/").filter(Boolean) : [];
      return appendToRamdisk({ file, offset: 0 }, members, to, context, { own: own.length === 1 ? own : [] });
    },
    programs: () => [],
  },
  tar: { append: (file, members, to, _input, context) => appendToTar(file, members, to, context), programs: () => [] },
  ext4: {
    append: appendToImage,
    programs: ({ partition, sparse }) => [
      "debugfs",
      ...(typeof partition === "number" ? ["sfdisk"] : []),
      ...(sparse === true ? ["simg2img", "img2simg"] : []),
    ],
  },
};

/**
 * Puts overlays into a downloaded image, which keeps its name and compression (spec pipeline.md §2, DL).
 * Inputs: file (absolute path of a download), format (cpio.newc, ext4, tar), compression? (told by the file itself), overlays
 * (`lava: true`, others {format: file|tar, path}), partition? (from 0), sparse?.
 * Data: overlay.applied, when the test overlay was put in.
 */
export const appendOverlays: Service = {
  name: "append-overlays",
  programs({ input }) {
    const program = typeof input.compression === "string" ? compressionProgram(input.compression) : undefined;
    return [...(program ? [program] : []), ...(own(FORMATS, String(input.format))?.programs(input) ?? [])];
  },

  async run(input, context) {
    const file = text(input, "file");
    const format = own(FORMATS, text(input, "format"));
    if (!format)
      throw new JobError(
        `Unknown format '${input.format}' of '${basename(file)}' (known: ${Object.keys(FORMATS).join(", ")})`,
      );
    context.log.info(`Modifying '${file}'`);
    context.log.debug("Overlays:");
    const members: Member[] = [];
    let applied = false;
    for (const [name, overlay] of Object.entries(map(input, "overlays"))) {
      if (name === TEST_OVERLAY && overlay !== true) continue;
      applied ||= name === TEST_OVERLAY;
      members.push(...(await membersOf(file, name, isMap(overlay) ? overlay : {}, context)));
    }
    if (members.length === 0) return undefined;
    const part = `${file}.part`;
    try {
      await format.append(file, members, part, input, context);
      await chmod(part, (await stat(file)).mode & 0o777);
      await rename(part, file);
    } finally {
      await rm(part, { force: true });
    }
    return applied ? { data: { overlay: { applied: true } } } : undefined;
  },
};
