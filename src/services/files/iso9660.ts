/** Files in an ISO 9660 image: found by their Rock Ridge or plain names, read without mounting. */
import type { FileHandle } from "node:fs/promises";
import { JobError } from "../../base/errors.js";

const SECTOR = 2048;
/** The volume descriptors begin here. */
const FIRST_DESCRIPTOR = 16;
const PRIMARY = 1;
const END_OF_DESCRIPTORS = 255;
/** Where the root's record stands in a primary descriptor. */
const ROOT_RECORD = 156;
const FLAG_FOLDER = 2;
/** Bytes of one folder that are read; real ones have a few sectors. */
const LARGEST_FOLDER = 16 * 2 ** 20;

export interface IsoFile {
  /** Byte in the image, and size in bytes. */
  start: number;
  size: number;
  folder: boolean;
}

async function read(image: FileHandle, start: number, size: number): Promise<Buffer> {
  const { buffer, bytesRead } = await image.read(Buffer.alloc(size), 0, size, start);
  if (bytesRead < size) throw new JobError("The medium's image ends too early");
  return buffer;
}

/** The name that Rock Ridge gives a record, if it does. */
function rockRidgeName(systemUse: Buffer): string | undefined {
  let name: string | undefined;
  for (let at = 0; at + 5 <= systemUse.length; ) {
    const length = systemUse[at + 2] ?? 0;
    if (length < 4) break;
    if (systemUse.toString("latin1", at, at + 2) === "NM")
      name = (name ?? "") + systemUse.toString("utf8", at + 5, Math.min(at + length, systemUse.length));
    at += length;
  }
  return name;
}

/** A directory record at an offset; undefined at the end of a sector's records. */
function record(bytes: Buffer, at: number): { name: string; file: IsoFile; length: number } | undefined {
  const length = bytes[at] ?? 0;
  if (length < 34 || at + length > bytes.length) return undefined;
  const nameLength = bytes[at + 32] ?? 0;
  const plain = bytes.toString("latin1", at + 33, at + 33 + nameLength);
  const systemUse = bytes.subarray(at + 33 + nameLength + (nameLength % 2 === 0 ? 1 : 0), at + length);
  return {
    name: rockRidgeName(systemUse) ?? plain.replace(/\.?;\d+$/, ""),
    file: {
      start: bytes.readUInt32LE(at + 2) * SECTOR,
      size: bytes.readUInt32LE(at + 10),
      folder: ((bytes[at + 25] ?? 0) & FLAG_FOLDER) !== 0,
    },
    length,
  };
}

async function rootOf(image: FileHandle): Promise<IsoFile> {
  for (let sector = FIRST_DESCRIPTOR; sector < FIRST_DESCRIPTOR + 64; sector++) {
    const descriptor = await read(image, sector * SECTOR, SECTOR);
    if (descriptor.toString("latin1", 1, 6) !== "CD001" || descriptor[0] === END_OF_DESCRIPTORS) break;
    const root = descriptor[0] === PRIMARY ? record(descriptor, ROOT_RECORD) : undefined;
    if (root) return root.file;
  }
  throw new JobError("The medium is no ISO 9660 image");
}

/** The record with a name in a folder; plain ISO names are upper case. */
async function lookUp(image: FileHandle, folder: IsoFile, name: string): Promise<IsoFile | undefined> {
  const bytes = await read(image, folder.start, Math.min(folder.size, LARGEST_FOLDER));
  let folded: IsoFile | undefined;
  for (let sector = 0; sector < bytes.length; sector += SECTOR) {
    const part = bytes.subarray(sector, sector + SECTOR);
    for (let at = 0, found = record(part, at); found; at += found.length, found = record(part, at)) {
      if (found.name === name) return found.file;
      if (found.name.toLowerCase() === name.toLowerCase()) folded ??= found.file;
    }
  }
  return folded;
}

/** Where a file lies in the image. @throws JobError when it is not there */
export async function findInIso(image: FileHandle, path: string): Promise<IsoFile> {
  let at = await rootOf(image);
  for (const name of path.split("/").filter(Boolean)) {
    const next = at.folder ? await lookUp(image, at, name) : undefined;
    if (!next) throw new JobError(`The medium has no file '${path}' ('${name}' is missing)`);
    at = next;
  }
  if (at.folder) throw new JobError(`'${path}' of the medium is a folder`);
  return at;
}
