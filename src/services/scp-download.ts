import { createReadStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { DispatchError, InfrastructureError, JobError } from "../base/errors.js";
import { checkDownloadInput, download, downloadPrograms, type Source } from "./download/download.js";
import { localFile, readDownloadInput, shownUrl } from "./download/local-file.js";
import { programFailure, runProgram } from "./run-program.js";
import type { Service } from "./types.js";

/** The words for scp: host with user, port, and the path on it. */
function remote(url: string): { host: string; port: string | undefined; path: string } {
  const [, host, port, path] =
    /^scp:\/\/((?:[\w.+-]+@)?(?:[\w.-]+|\[[0-9a-f:.]+\]))(?::(\d+)|:)?(\/.+)$/i.exec(url) ?? [];
  if (!host || !path || host.startsWith("-"))
    throw new JobError(`'${shownUrl(url)}' is not a valid scp URL`, { advice: "Write scp://user@host/absolute/path" });
  return { host, port, path };
}

/** Copies a file of another machine; keys and known hosts are the worker's own. */
export const scpDownload: Service = {
  name: "scp-download",
  programs: (known) => ["scp", ...downloadPrograms(known)],

  async validate(raw, context) {
    const problems = checkDownloadInput(raw, context);
    if (problems.length > 0) return problems;
    try {
      remote(readDownloadInput(raw, context).url);
      return [];
    } catch (error) {
      if (error instanceof DispatchError) return [error];
      throw error;
    }
  },

  run: (raw, context) =>
    download(raw, context, async (input): Promise<Source> => {
      const { host, port, path } = remote(input.url);
      const { folder } = localFile(input, context);
      await mkdir(folder, { recursive: true });
      const copy = join(folder, ".scp-copy");
      const argv = ["scp", "-q", "-o", "BatchMode=yes", ...(port ? ["-P", port] : []), "--", `${host}:${path}`, copy];
      const release = () => rm(copy, { force: true });
      const result = await runProgram(argv, context);
      if (result.code !== 0) {
        await release();
        const error = /No such file|not a regular file/.test(result.output) ? "JobError" : "InfrastructureError";
        throw programFailure(argv, result, error);
      }
      const found = await stat(copy).catch((cause) => {
        throw new InfrastructureError(`scp left no file of '${shownUrl(input.url)}'`, { cause });
      });
      return { total: found.size, bytes: createReadStream(copy, { highWaterMark: 256 * 1024 }), release };
    }),
};
