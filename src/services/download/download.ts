/** What all downloads share: one pass that counts, sums, decompresses and stores (spec pipeline.md §6). */

import { createHash, type Hash } from "node:crypto";
import { chmod, mkdir, realpath, rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { DispatchError, InfrastructureError, JobError, systemFault } from "../../base/errors.js";
import { freshStream } from "../../base/fresh-file.js";
import type { JsonMap } from "../../base/json.js";
import { limited, limitsOf, type Room, takeRoom, uncounted } from "../files/room.js";
import { isBelow } from "../files/worker-path.js";
import type { ServiceContext, ServiceResult } from "../types.js";
import { COMPRESSIONS, compressionProgram, decompress } from "./decompress.js";
import { ChangedOnServer } from "./http-transfer.js";
import { type DownloadInput, type LocalFile, localFile, readDownloadInput, shownUrl } from "./local-file.js";
import { unpackTar } from "./unpack-tar.js";

/** Where bytes come from, opened: the size is known where it can be. */
export interface Source {
  /** Size in bytes, as told by whoever has the file. */
  total?: number | undefined;
  bytes: AsyncIterable<Uint8Array>;
  /** Other users of the worker may not read it. */
  private?: boolean;
  /** Undone when the bytes have been read. */
  release?(): Promise<void>;
}
/** Opens the source of a download; called again when the download has to begin again. */
export type OpenSource = (input: DownloadInput, context: ServiceContext) => Promise<Source>;

/** Times that a download begins again because the file changed under it. */
const RESTARTS = 15;
/** ms between two lines of progress in the log, and between two reports to the viewer. */
const LOG_EVERY = 5_000;
const REPORT_EVERY = 200;

const mb = (bytes: number): string => (bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0);

/** Counts and sums what passes, and tells how it goes. */
class Meter {
  done = 0;
  readonly #hashes: { [algorithm: string]: Hash };
  readonly #begin: number;
  #logged: number;
  #reported = 0;
  constructor(
    readonly input: DownloadInput,
    readonly total: number | undefined,
    readonly context: ServiceContext,
  ) {
    const algorithms = new Set(["sha256", ...Object.keys(input.sums)]);
    this.#hashes = Object.fromEntries([...algorithms].map((name) => [name, createHash(name)]));
    this.#begin = this.#logged = context.clock.now();
  }

  async *measure(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      this.done += chunk.length;
      for (const hash of Object.values(this.#hashes)) hash.update(chunk);
      this.#tell();
      yield chunk;
    }
  }

  #tell(): void {
    const now = this.context.clock.now();
    if (now - this.#reported >= REPORT_EVERY) {
      this.#reported = now;
      this.report();
    }
    if (now - this.#logged < LOG_EVERY) return;
    this.#logged = now;
    const share = this.total
      ? `${Math.floor((100 * this.done) / this.total)
          .toString()
          .padStart(3)} % `
      : "";
    this.context.log.debug(`progress ${share}(${mb(this.done)} MB, ${this.rate()} MB/s)`);
  }

  report(): void {
    this.context.progress({
      label: this.input.key,
      done: this.done,
      ...(this.total !== undefined && { total: this.total }),
    });
  }

  seconds(): number {
    return (this.context.clock.now() - this.#begin) / 1000;
  }
  rate(): string {
    return (this.done / 2 ** 20 / Math.max(this.seconds(), 0.001)).toFixed(2);
  }

  /** The sums in hexadecimal; to be called once. */
  sums(): { [algorithm: string]: string } {
    return Object.fromEntries(Object.entries(this.#hashes).map(([name, hash]) => [name, hash.digest("hex")]));
  }
}

/** Faults of the worker's own disk as the errors that they are. */
function storageError(error: unknown, file: string): unknown {
  const { code, errno } = error as NodeJS.ErrnoException;
  if (errno === undefined) return error;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new InfrastructureError(`The disk is full: cannot write '${file}'`, {
      cause: error,
      advice: "Make room on the worker, or give the dispatcher a bigger download folder.",
    });
  const fault = systemFault(error);
  if (fault instanceof JobError) return fault;
  return new InfrastructureError(`Cannot store '${file}': ${(error as Error).message}`, { cause: error });
}

/** Fails when a sum of the job is not the file's. */
function compareSums(input: DownloadInput, sums: { [algorithm: string]: string }): void {
  for (const [algorithm, expected] of Object.entries(input.sums)) {
    if (sums[algorithm] === expected) continue;
    throw new JobError(
      `The ${algorithm} sum of '${shownUrl(input.url)}' is ${sums[algorithm]}, but the job expects ${expected}`,
      {
        advice: `The file is not the one the job was written for: correct \`${algorithm}sum\` in the job, or the file on the server.`,
      },
    );
  }
}

/** A container that saw the folder may have put a link in its place. @throws JobError when it leads elsewhere */
async function checkPlace({ folder }: LocalFile, base: string): Promise<void> {
  const [real, root] = await Promise.all([realpath(folder), realpath(base)]);
  if (!isBelow(real, root)) throw new JobError(`'${folder}' was replaced by a link that leads elsewhere`);
}

/** One attempt, from the first byte to the file's final name. */
async function fetchOnce(
  input: DownloadInput,
  local: LocalFile,
  open: OpenSource,
  context: ServiceContext,
): Promise<JsonMap> {
  const { log, signal } = context;
  log.info(`downloading ${shownUrl(input.url)}`);
  log.debug(`saving as ${local.file}`);
  const source = await open(input, context);
  log.debug(
    source.total === undefined ? "total size: not told" : `total size: ${source.total} (${mb(source.total)} MB)`,
  );
  if (local.decompress) log.debug(`decompressing ${local.decompress} on the way`);
  else log.debug(input.compression ? `kept compressed (${input.compression})` : "No compression specified");

  const part = `${local.file}.part`;
  const meter = new Meter(input, source.total, context);
  const options = {
    signal,
    log,
    clock: context.clock,
    env: context.env,
    ...(context.guard && { guard: context.guard }),
  };
  const undone: (() => Promise<unknown>)[] = [];
  const what = `'${shownUrl(input.url)}'`;
  const room: Room = { ...context, onCleanup: (undo) => undone.push(undo) };
  // Of an archive its members count: what the stream brings may be packed.
  const streamed: Room = input.archive ? uncounted(room) : room;
  try {
    await rm(part, { recursive: true, force: true });
    await mkdir(input.archive ? part : local.folder, { recursive: true });
    await checkPlace(local, input.directory ?? context.paths.work);
    // What the TFTP server hands out must be readable for it; all else stays as closed as it was, and what is made of it
    // lies in the same folder.
    const closed = source.private === true && !isBelow(local.file, context.paths.tftpRoot);
    if (closed && input.archive) await chmod(part, 0o700);
    if (closed && input.uniquify) await chmod(local.folder, 0o700);
    const limits = limitsOf(context);
    const measured = meter.measure(source.bytes);
    const plain = local.decompress ? decompress(local.decompress, measured, options, what) : measured;
    await pipeline(
      limited(plain, streamed, what),
      input.archive
        ? await unpackTar(part, {
            log,
            maxBytes: limits.bytes,
            maxEntries: limits.files,
            take: (bytes) => takeRoom(room, bytes, what),
          })
        : freshStream(part, { highWaterMark: 256 * 1024, ...(closed && { mode: 0o600 }) }),
      {
        signal,
      },
    );
    meter.report();
    if (source.total !== undefined && meter.done !== source.total)
      throw new InfrastructureError(`Only ${meter.done} of ${source.total} bytes of '${shownUrl(input.url)}' came`, {
        advice: "The server ends the transfer too early: look at its logs and at proxies on the way.",
      });
    const sums = meter.sums();
    compareSums(input, sums);
    if (input.archive) await rm(local.file, { recursive: true, force: true });
    await rename(part, local.file);
    log.info(`${mb(meter.done)} MB downloaded in ${meter.seconds().toFixed(2)} s (${meter.rate()} MB/s)`);
    for (const undo of undone) context.onCleanup(undo);
    return { size: meter.done, sha256: sums.sha256 ?? "" };
  } catch (error) {
    for (const undo of undone) await undo();
    await rm(part, { recursive: true, force: true }).catch(() => {});
    signal.throwIfAborted();
    throw storageError(error, part);
  } finally {
    await source.release?.();
  }
}

/**
 * Downloads, checks and stores one file.
 * @returns data.downloads.<key> (docs/machines.md "Namespace data"), and LAVA's `extra`: label, size, sha256sum.
 * @throws JobError for a wrong sum or a broken compression; InfrastructureError for server, network and disk.
 */
export async function download(raw: JsonMap, context: ServiceContext, open: OpenSource): Promise<ServiceResult> {
  const input = readDownloadInput(raw, context);
  const local = localFile(input, context);
  context.onCleanup(async () => {
    context.log.debug(`Cleaning up downloaded file: ${local.file}`);
    await rm(local.file, { recursive: true, force: true }).catch(() => {});
  });
  for (let restarts = 0; ; restarts++) {
    try {
      const { size, sha256 } = (await fetchOnce(input, local, open, context)) as { size: number; sha256: string };
      return {
        data: {
          downloads: {
            [input.key]: {
              file: local.file,
              name: local.name,
              size,
              sha256,
              compression: local.compression,
              ...(input.imageArg && { image_arg: input.imageArg }),
            },
          },
        },
        extra: { label: input.key, size, sha256sum: sha256 },
      };
    } catch (error) {
      if (!(error instanceof ChangedOnServer)) throw error;
      if (restarts >= RESTARTS)
        throw new InfrastructureError(
          `Unable to download '${shownUrl(input.url)}': ${error.message} (began ${restarts + 1} times)`,
          {
            cause: error,
            advice:
              "The server cuts transfers and cannot continue them: mend the server, or put the file on another one.",
          },
        );
      context.log.warning(`${error.message}: the download begins again`);
    }
  }
}

/** Programs that a download needs. */
export const downloadPrograms = ({ input }: { input: JsonMap }): string[] => {
  const { compression, keep_compressed, archive } = input;
  if (typeof compression !== "string" || keep_compressed === true || (compression === "zip" && !archive)) return [];
  const program = compressionProgram(compression);
  return program ? [program] : [];
};

/**
 * Problems of a download's inputs, before anything is asked of a server.
 * @param checkUrl throws a DispatchError for a URL that the download cannot use
 */
export function checkDownloadInput(
  raw: JsonMap,
  context: ServiceContext,
  checkUrl: (url: string) => unknown = () => {},
): DispatchError[] {
  try {
    const input = readDownloadInput(raw, context);
    checkUrl(input.url);
    return input.compression && !COMPRESSIONS.includes(input.compression)
      ? [
          new JobError(
            `Unknown compression '${input.compression}' of '${input.key}' (known: ${COMPRESSIONS.join(", ")})`,
          ),
        ]
      : [];
  } catch (error) {
    if (error instanceof DispatchError) return [error];
    throw error;
  }
}
