/**
 * Unpacks tar archives into a folder that stands for a target's root. The `tar` package reads the archive; writing is
 * done here, since its own extraction rewrites absolute links (a root file system is full of them), refuses names
 * that go through a link (`lib/modules` where `lib` is a link) and loses set-uid bits.
 */
import { Parser, type ReadEntry } from "tar";
import { JobError } from "../../base/errors.js";
import { TargetRoot } from "./target-root.js";

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

/** What the parser says of an archive that cannot be read to its end. */
const DAMAGED = new Set(["TAR_BAD_ARCHIVE", "TAR_ABORT", "TAR_ENTRY_INVALID"]);

/** Writes one member. @throws JobError when its name or its links cannot be inside */
async function write(entry: ReadEntry, root: TargetRoot, report: UntarReport): Promise<void> {
  const { path, linkpath = "", size, uid = 0, gid = 0, mode, mtime } = entry;
  const attributes = (usual: number) => ({ mode: mode ?? usual, uid, gid, ...(mtime && { mtime }) });
  switch (entry.type) {
    case "File":
    case "OldFile":
    case "ContiguousFile":
      report.bytes += size;
      return root.file(path, entry as AsyncIterable<Uint8Array>, attributes(0o644));
    case "Directory":
    case "GNUDumpDir":
      root.directory(path, attributes(0o755));
      break;
    case "SymbolicLink":
      root.symlink(path, linkpath, attributes(0o777));
      break;
    case "Link":
      root.hardLink(path, linkpath);
      break;
    default:
      report.skipped.push(path);
  }
  entry.resume();
}

/**
 * Unpacks a tar archive. Nothing is written outside `into`: names are resolved as if it were the root directory, links
 * in it included. Device nodes and pipes are left out.
 * @throws JobError when the archive is damaged, leads upwards, or holds more than allowed
 */
export async function untar(
  source: AsyncIterable<Uint8Array>,
  into: string,
  options: UntarOptions,
): Promise<UntarReport> {
  const { signal, what, mostBytes = MOST_BYTES, mostMembers = MOST_MEMBERS } = options;
  const root = new TargetRoot(into, options.owners === true && process.getuid?.() === 0);
  const report: UntarReport = { members: 0, bytes: 0, skipped: [] };
  let failure: unknown;
  const fail = (cause: unknown) => {
    failure ??=
      cause instanceof JobError ? new JobError(`${what} cannot be unpacked: ${cause.message}`, { cause }) : cause;
  };
  const take = async (entry: ReadEntry): Promise<void> => {
    try {
      if (failure) return;
      if (++report.members > mostMembers) throw new JobError("it holds too many members");
      if (report.bytes + entry.size > mostBytes) throw new JobError(`it holds more than ${mostBytes} bytes`);
      await write(entry, root, report);
    } catch (error) {
      fail(error);
    } finally {
      entry.resume();
    }
  };
  let last = Promise.resolve();
  const parser = new Parser({
    onwarn: (code, message) => DAMAGED.has(code) && fail(new JobError(String(message))),
    onReadEntry: (entry) => {
      last = last.then(() => take(entry));
    },
  });
  const ended = new Promise<void>((resolve) => parser.once("end", resolve));
  try {
    for await (const chunk of source) {
      signal.throwIfAborted();
      if (failure) break;
      if (!parser.write(Buffer.from(chunk))) await new Promise<void>((resolve) => parser.once("drain", resolve));
    }
  } catch (error) {
    failure ??= error;
  }
  parser.end(); // Also after a failure: the member being written is closed by it.
  await ended;
  await last;
  if (failure) throw failure;
  root.finish();
  return report;
}
