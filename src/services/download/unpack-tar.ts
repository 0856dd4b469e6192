/** Tar archives from strangers: nothing of them lands outside the folder. */
import { isAbsolute, posix } from "node:path";
import type { Writable } from "node:stream";
import { JobError } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";

export interface UnpackOptions {
  /** Leading path components to drop. */
  strip?: number;
  log: Logger;
  /** Bounds against archives made to exhaust the worker. */
  maxEntries?: number;
  maxBytes?: number;
  /** Told the size of each member before it is written; what it throws ends the unpacking. */
  take?: (bytes: number) => void;
}

const KINDS = new Set(["File", "OldFile", "ContiguousFile", "Directory", "SymbolicLink", "Link", "GNUDumpDir"]);

/** Whether a link's target lies inside: `..` only at its beginning, and never above the root of the archive. */
function staysInside(folder: string, target: string): boolean {
  if (isAbsolute(target)) return false;
  const words = target.split("/");
  const climbs = words.findIndex((word) => word !== ".." && word !== ".");
  if (climbs >= 0 && words.slice(climbs).includes("..")) return false;
  return !posix.normalize(posix.join(folder, target)).split("/").includes("..");
}

/**
 * A stream that unpacks a tar archive (plain or gz) into `folder`, which must exist. Absolute names lose their slash, as with
 * GNU tar; devices and links that lead out are left out with a warning.
 * @throws JobError on the stream for a name with `..`, a broken archive, or more than the bounds.
 */
export async function unpackTar(folder: string, options: UnpackOptions): Promise<Writable> {
  const { Unpack } = await import("tar");
  const maxEntries = options.maxEntries ?? 1_000_000;
  const maxBytes = options.maxBytes ?? 64 * 2 ** 30;
  let entries = 0;
  let bytes = 0;
  let refused: JobError | undefined;
  const refuse = (message: string) => {
    refused ??= new JobError(message, { advice: "Unpack the archive by hand and look at what is in it." });
    return false;
  };
  const unpack = new Unpack({
    cwd: folder,
    strip: options.strip ?? 0,
    preserveOwner: false,
    noMtime: true,
    filter: (path, entry) => {
      if (refused || !("type" in entry)) return false;
      entries++;
      bytes += entry.size ?? 0;
      if (path.split("/").includes("..")) return refuse(`The archive holds '${path}', which lies outside of it`);
      if (entries > maxEntries) return refuse(`The archive holds more than ${maxEntries} files`);
      if (bytes > maxBytes) return refuse(`The archive holds more than ${maxBytes} bytes`);
      try {
        options.take?.(entry.size ?? 0);
      } catch (error) {
        refused ??= error as JobError;
        return false;
      }
      const target = entry.linkpath ?? "";
      const outside =
        entry.type === "SymbolicLink"
          ? !staysInside(posix.dirname(path), target)
          : entry.type === "Link" && !staysInside(".", target);
      if (!KINDS.has(entry.type) || outside) {
        options.log.warning(
          outside
            ? `left out of the archive: '${path}' links to '${target}', outside of it`
            : `left out of the archive: '${path}' (${entry.type})`,
        );
        return false;
      }
      return true;
    },
    onwarn: (code, message, data) => {
      if (code === "TAR_BAD_ARCHIVE" || code === "TAR_ABORT") refuse(`The archive is broken: ${message}`);
      else if (code === "TAR_ENTRY_ERROR" || code === "TAR_ENTRY_INVALID" || code === "TAR_ENTRY_UNSUPPORTED") {
        const cause = data instanceof Error ? data : (data as { error?: unknown } | undefined)?.error;
        const error = cause as NodeJS.ErrnoException | undefined;
        if (error?.code === "ENOSPC") fault ??= error;
        else options.log.warning(`archive: ${message}`);
      }
    },
  });
  let fault: Error | undefined;
  const { Writable } = await import("node:stream");
  const closed = new Promise<void>((resolve, reject) => {
    unpack.once("close", resolve);
    unpack.once("error", reject);
  });
  closed.catch((error: NodeJS.ErrnoException) => {
    if (String(error.code).startsWith("TAR_")) refuse(`The archive is broken: ${error.message}`);
    else fault ??= error;
  });
  const failure = () => refused ?? fault;
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (failure()) return done(failure());
      if (unpack.write(chunk)) done(failure());
      else unpack.once("drain", () => done(failure()));
    },
    final(done) {
      unpack.end();
      closed.then(
        () => done(failure()),
        () => done(failure()),
      );
    },
  });
}
