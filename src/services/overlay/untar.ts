/**
 * Unpacks tar archives into a folder that stands for a target's root. The `tar` package reads the archive; writing is
 * done here, since its own extraction rewrites absolute links (a root file system is full of them), refuses names
 * that go through a link (`lib/modules` where `lib` is a link) and loses set-uid bits.
 */
import { readlinkSync } from "node:fs";
import { chmod, chown, lchown, link, lstat, mkdir, open, readdir, rm, rmdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Parser, type ReadEntry } from "tar";
import { JobError } from "../../base/errors.js";
import { resolveInside } from "./safe-files.js";

export interface UntarOptions {
  signal: AbortSignal;
  /** What is unpacked, for messages. */
  what: string;
  /** Keep the archive's owners (only root can). */
  owners?: boolean;
  /** Bytes that may come out; JobError beyond. */
  mostBytes?: number;
  /** Members that may come out; JobError beyond. */
  mostMembers?: number;
}

export interface UntarReport {
  members: number;
  bytes: number;
  /** Device nodes, pipes and the like, which were left out. */
  skipped: string[];
}

const MOST_BYTES = 64 * 2 ** 30;
const MOST_MEMBERS = 4_000_000;

const FILE_TYPES = new Set(["File", "OldFile", "ContiguousFile"]);
const FOLDER_TYPES = new Set(["Directory", "GNUDumpDir"]);

/**
 * Unpacks a tar archive (plain bytes). Nothing is written outside `into`: names are resolved as if it were the root
 * directory, links in it included. Device nodes and pipes are left out.
 * @throws JobError when the archive is damaged, leads upwards, or holds more than allowed
 */
export async function untar(
  source: AsyncIterable<Uint8Array>,
  into: string,
  options: UntarOptions,
): Promise<UntarReport> {
  const report: UntarReport = { members: 0, bytes: 0, skipped: [] };
  const owners = options.owners === true && process.getuid?.() === 0;
  /** Folders made here, whose permissions are set last: one may forbid writing. */
  const folders = new Map<string, ReadEntry>();
  const fault = (text: string, cause?: unknown) =>
    new JobError(`${options.what} cannot be unpacked: ${text}`, { cause });
  const linkAt = (path: string): string | undefined => {
    try {
      return readlinkSync(join(into, path));
    } catch {
      return undefined;
    }
  };

  /** Absolute place of a member, its parent folders made. */
  const place = async (name: string, last: boolean): Promise<string> => {
    if (name.split("/").includes("..")) throw fault(`'${name}' leads upwards`);
    const path = resolveInside(name, linkAt, last);
    const absolute = join(into, path);
    const parent = dirname(absolute);
    if (path !== "")
      await mkdir(parent, { recursive: true }).catch((cause) => {
        throw ["EEXIST", "ENOTDIR"].includes(cause.code) ? fault(`'${name}' lies below a file`, cause) : cause;
      });
    return absolute;
  };

  /** Removes what stands in a new member's way. */
  const clear = async (absolute: string): Promise<void> => {
    const old = await lstat(absolute).catch(() => undefined);
    if (!old) return;
    if (!old.isDirectory()) return rm(absolute);
    if (absolute === into || (await readdir(absolute)).length > 0)
      throw fault(`'${absolute.slice(into.length)}' is a folder already`);
    await rmdir(absolute);
  };

  const write = async (entry: ReadEntry): Promise<void> => {
    const { type, path } = entry;
    if (FOLDER_TYPES.has(type)) {
      const absolute = await place(path, true);
      const old = await lstat(absolute).catch(() => undefined);
      if (old && !old.isDirectory()) await rm(absolute);
      if (!old?.isDirectory()) await mkdir(absolute);
      if ((!old?.isDirectory() || folders.has(absolute)) && absolute !== into) folders.set(absolute, entry);
      entry.resume();
    } else if (FILE_TYPES.has(type)) {
      const absolute = await place(path, false);
      await clear(absolute);
      const handle = await open(absolute, "wx", 0o600);
      try {
        for await (const chunk of entry as AsyncIterable<Uint8Array>) {
          report.bytes += chunk.length;
          if (report.bytes > (options.mostBytes ?? MOST_BYTES))
            throw fault(`it holds more than ${options.mostBytes ?? MOST_BYTES} bytes`);
          await handle.writeFile(chunk);
        }
        if (owners) await handle.chown(entry.uid ?? 0, entry.gid ?? 0);
        await handle.chmod((entry.mode ?? 0o644) & 0o7777); // After chown, which clears set-uid.
        if (entry.mtime) await handle.utimes(entry.mtime, entry.mtime);
      } finally {
        await handle.close();
      }
    } else if (type === "SymbolicLink") {
      const absolute = await place(path, false);
      await clear(absolute);
      await symlink(entry.linkpath ?? "", absolute);
      if (owners) await lchown(absolute, entry.uid ?? 0, entry.gid ?? 0);
      entry.resume();
    } else if (type === "Link") {
      const target = join(into, resolveInside(entry.linkpath ?? "", linkAt, false));
      const absolute = await place(path, false);
      if (target !== absolute) {
        await clear(absolute);
        await link(target, absolute).catch((cause) => {
          throw fault(`'${path}' is a link to '${entry.linkpath}', which cannot be linked to`, cause);
        });
      }
      entry.resume();
    } else {
      report.skipped.push(path);
      entry.resume();
    }
  };

  await mkdir(into, { recursive: true });
  let failure: unknown;
  let last: Promise<void> = Promise.resolve();
  const parser = new Parser({
    onwarn: (code, message) => {
      if (code === "TAR_BAD_ARCHIVE" || code === "TAR_ABORT" || code === "TAR_ENTRY_INVALID")
        failure ??= fault(String(message));
    },
    onReadEntry: (entry) => {
      last = last
        .then(async () => {
          if (failure) return void entry.resume();
          if (++report.members > (options.mostMembers ?? MOST_MEMBERS)) throw fault("it holds too many members");
          await write(entry);
        })
        .catch((error) => {
          failure ??= error;
          entry.resume();
        });
    },
  });
  const ended = new Promise<void>((resolve) => parser.once("end", () => resolve()));
  try {
    for await (const chunk of source) {
      options.signal.throwIfAborted();
      if (failure) break;
      if (!parser.write(Buffer.from(chunk)))
        await new Promise<void>((resolve) => parser.once("drain", () => resolve()));
    }
  } catch (error) {
    failure ??= error;
  }
  parser.end(); // Also after a failure: the member being written is closed by it.
  await ended;
  await last;
  if (failure) throw failure;
  for (const [absolute, entry] of [...folders].reverse()) {
    if (owners) await chown(absolute, entry.uid ?? 0, entry.gid ?? 0);
    await chmod(absolute, (entry.mode ?? 0o755) & 0o7777);
  }
  return report;
}
