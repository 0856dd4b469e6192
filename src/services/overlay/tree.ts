/** A folder as a list of archive members: always the same for the same contents. */
import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { InfrastructureError } from "../../base/errors.js";

/** Time stamp of everything in the archives, seconds; old enough that no board's clock is behind it once it is set. */
export const FIXED_TIME = 946_684_800;

/** Bytes up to which a file is read and written at once. */
export const SMALL = 256 * 1024;

export interface Member {
  /** Relative to the folder. */
  path: string;
  type: "directory" | "file" | "symlink";
  /** Permission bits. */
  mode: number;
  /** Bytes of a file, 0 otherwise. */
  size: number;
  /** Target of a symlink. */
  link?: string;
  /** The file on the worker. */
  source: string;
}

/** 0755 and 0644, whatever the worker's umask made of them; what others may not read stays so. */
function permissions(mode: number): number {
  const run = mode & 0o100;
  if ((mode & 0o077) === 0) return run ? 0o700 : 0o600;
  return run ? 0o755 : 0o644;
}

/** The members of a folder, parents first, sorted by name. Sockets, pipes and devices are left out. */
export async function treeOf(folder: string): Promise<Member[]> {
  const members: Member[] = [];
  const walk = async (below: string): Promise<void> => {
    const names = (await readdir(join(folder, below))).sort((a, b) => (a < b ? -1 : 1));
    for (const name of names) {
      const path = below ? `${below}/${name}` : name;
      const source = `${folder}/${path}`;
      const stat = lstatSync(source);
      if (stat.isDirectory()) {
        members.push({ path, type: "directory", mode: 0o755, size: 0, source });
        await walk(path);
      } else if (stat.isSymbolicLink()) {
        members.push({ path, type: "symlink", mode: 0o777, size: 0, link: readlinkSync(source), source });
      } else if (stat.isFile()) {
        members.push({ path, type: "file", mode: permissions(stat.mode), size: stat.size, source });
      }
    }
  };
  await walk("");
  return members;
}

const changed = ({ source }: Member) => new InfrastructureError(`${source} changed while it was read`);

/** Exactly the bytes that the member's size promises. @throws InfrastructureError when the file changed meanwhile. */
export async function* contentOf(member: Member): AsyncGenerator<Uint8Array> {
  if (member.size <= SMALL) {
    const content = readFileSync(member.source);
    if (content.length !== member.size) throw changed(member);
    if (content.length) yield content;
    return;
  }
  const handle = await open(member.source);
  try {
    let left = member.size;
    while (left > 0) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(Math.min(left, 256 * 1024)));
      if (bytesRead === 0) throw changed(member);
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** Zero bytes that fill `size` up to a multiple of `unit`. */
export const padding = (size: number, unit: number): Buffer => Buffer.alloc((unit - (size % unit)) % unit);
