import { createReadStream, stat as statWithCallback } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { promisify } from "node:util";
import { DispatchError, JobError } from "../base/errors.js";
import { checkDownloadInput, download, downloadPrograms, type Source } from "./download/download.js";
import { readDownloadInput } from "./download/local-file.js";
import { isPrivate, workerPath } from "./files/worker-path.js";
import type { Service, ServiceContext } from "./types.js";

// Not of node:fs/promises: `validate` would load all of that for this.
const stat = promisify(statWithCallback);

/** The path of a `file:` URL as it is, or percent-decoded when only that exists; a relative one starts at `folder`. */
async function localPath(url: string, folder: string): Promise<string> {
  const raw = url
    .replace(/^file:/i, "")
    .replace(/^\/\/(localhost)?(?=\/)/i, "")
    .replace(/^\/\//, "");
  const path = isAbsolute(raw) ? raw : resolve(folder, raw);
  if (!path.includes("%") || (await stat(path).catch(() => undefined))) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The path and size of a file that can be read. @throws JobError otherwise. */
async function find(url: string, context: ServiceContext): Promise<{ path: string; size: number }> {
  const path = await localPath(url, context.paths.jobDir);
  const real = await workerPath(path, context).catch((cause: NodeJS.ErrnoException) => {
    if (cause instanceof DispatchError) throw cause;
    throw new JobError(
      `'${path}' cannot be read: ${cause.code === "ENOENT" ? "there is no such file" : cause.message}`,
      {
        cause,
        advice: path.includes("/.images/")
          ? "The images of the built-in jobs are made by `lava-dispatch setup` (in a checkout: `npm run setup`)."
          : "Check the `file:` URL in the job; a relative one starts at the job file's folder.",
      },
    );
  });
  const found = await stat(real);
  if (!found.isFile()) throw new JobError(`'${path}' is not a regular file`);
  return { path: real, size: found.size };
}

/** Takes a file of the worker. */
export const fileDownload: Service = {
  name: "file-download",
  programs: downloadPrograms,

  async validate(raw, context) {
    const problems = checkDownloadInput(raw, context);
    if (problems.length > 0) return problems;
    const { url } = readDownloadInput(raw, context);
    context.log.debug(`Checking that ${url} exists`);
    try {
      await find(url, context);
      return [];
    } catch (error) {
      if (error instanceof DispatchError) return [error];
      throw error;
    }
  },

  run: (raw, context) =>
    download(raw, context, async ({ url }): Promise<Source> => {
      const { path, size } = await find(url, context);
      const closed = await isPrivate(path);
      if (closed)
        context.log.warning(`Other users of this worker may not read '${path}', but the job hands it to the board`);
      return { total: size, private: closed, bytes: createReadStream(path, { highWaterMark: 256 * 1024 }) };
    }),
};
