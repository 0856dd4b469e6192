/** Packs the overlay: the same tree gives the same bytes. A copy without private files stays in the output directory. */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, mkdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { freshStream, writeFresh } from "../base/fresh-file.js";
import { overlayOf } from "./overlay/layout.js";
import { tarOf } from "./overlay/tar-write.js";
import { type Member, treeOf } from "./overlay/tree.js";
import type { Service } from "./types.js";

/** Writes the members as a tar.gz; gives its sha256. */
async function pack(members: Member[], file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  const hashed = async function* (source: AsyncIterable<Uint8Array>) {
    for await (const chunk of source) {
      hash.update(chunk);
      yield chunk;
    }
  };
  await pipeline(Readable.from(tarOf(members), { objectMode: false }), createGzip(), hashed, freshStream(file), {
    signal,
  });
  return hash.digest("hex");
}

export const overlayCompress: Service = {
  name: "overlay-compress",
  async run(_input, context) {
    const { action, paths, log, signal } = context;
    const overlay = overlayOf(context);
    const members = await treeOf(overlay.directory);
    const tarball = join(paths.work, `overlay-${action.level}.tar.gz`);
    const sha256 = await pack(members, tarball, signal);
    const copy = join(paths.output, basename(tarball));
    await mkdir(paths.output, { recursive: true });
    const secret = new Set(overlay.private);
    const open = members.filter(({ path }) => !secret.has(path));
    const hidden = members.length - open.length;
    if (hidden === 0) {
      await rm(copy, { recursive: true, force: true });
      await copyFile(tarball, copy, constants.COPYFILE_EXCL);
    }
    const copySha256 = hidden === 0 ? sha256 : await pack(open, copy, signal);
    writeFresh(`${copy}.sha256`, `${copySha256}  ${basename(copy)}\n`);
    log.debug(`overlay: ${tarball} sha256 ${sha256}`);
    if (hidden) log.debug(`The copy ${copy} (sha256 ${copySha256}) leaves out ${hidden} private file(s)`);
    return { data: { overlay: { tarball, sha256 } } };
  },
};
