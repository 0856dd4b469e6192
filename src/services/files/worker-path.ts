/** Files and folders of the worker that a job names itself: `file:` URLs, local repositories. */
import { constants } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { sep } from "node:path";
import { JobError } from "../../base/errors.js";
import type { ServiceContext } from "../types.js";

/** File systems whose files are the system itself. */
const NO_DISK = ["/proc", "/sys", "/dev"];

/** Whether a real path is a real folder, or lies in it. */
export const isBelow = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

/** The folders that jobs may read, where the dispatcher's settings name them (`job_folders`); links resolved. */
async function allowedFolders({ dispatcher }: Pick<ServiceContext, "dispatcher">): Promise<string[] | undefined> {
  const { job_folders: given } = dispatcher;
  if (!Array.isArray(given)) return undefined;
  return Promise.all(given.map((folder) => realpath(String(folder)).catch(() => String(folder))));
}

/**
 * The real path of what a job names on the worker, links resolved. Without settings a job reads what its dispatcher reads,
 * as with LAVA; with `job_folders` only what lies in one of them, and nothing is told of what lies elsewhere.
 * @throws JobError when it is not allowed, or the file system is none of a disk; the error of the system when it is not there
 */
export async function workerPath(path: string, context: Pick<ServiceContext, "dispatcher">): Promise<string> {
  const allowed = await allowedFolders(context);
  const real = await realpath(path).catch((error: NodeJS.ErrnoException) => {
    if (allowed && !allowed.some((folder) => isBelow(path, folder))) return path;
    throw error;
  });
  if (allowed && !allowed.some((folder) => isBelow(real, folder)))
    throw new JobError(`The worker does not give '${path}' to jobs`, {
      advice: "The dispatcher's settings name the folders that jobs may read (`job_folders`): put the file there.",
    });
  if (NO_DISK.some((folder) => isBelow(real, folder)))
    throw new JobError(`'${path}' is the worker's own system, no file for a job`);
  return real;
}

/** Whether a file is kept from other users of the worker. */
export const isPrivate = async (path: string): Promise<boolean> => ((await stat(path)).mode & constants.S_IROTH) === 0;
