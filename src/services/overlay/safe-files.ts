/** Files in folders whose contents came from elsewhere: a link in them leads nowhere outside. */
import { constants, mkdirSync } from "node:fs";
import { open, realpath, rm } from "node:fs/promises";
import { isAbsolute, join, normalize, sep } from "node:path";
import { JobError } from "../../base/errors.js";

export { writeFresh } from "../../base/fresh-file.js";

/** Most links followed on the way to one file, as in Linux. */
const MOST_LINKS = 40;

/**
 * Where `path` leads inside a root: links on its way are followed as if the root were `/`, so neither `..` nor an
 * absolute target leaves it. Relative result without a leading slash, "" for the root.
 * @param linkAt target of the link at a path inside the root, undefined where there is no link
 * @param last whether a link at the path itself is followed too
 * @throws JobError when the links form a loop
 */
export function resolveInside(path: string, linkAt: (path: string) => string | undefined, last: boolean): string {
  const left = path.split("/");
  const done: string[] = [];
  let links = 0;
  for (let part = left.shift(); part !== undefined; part = left.shift()) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      done.pop();
      continue;
    }
    const here = [...done, part].join("/");
    const target = last || left.some((next) => next !== "" && next !== ".") ? linkAt(here) : undefined;
    if (target === undefined) {
      done.push(part);
      continue;
    }
    if (++links > MOST_LINKS) throw new JobError(`Too many links on the way to '${path}'`);
    if (target.startsWith("/")) done.length = 0;
    left.unshift(...target.split("/"));
  }
  return done.join("/");
}

/** Checks a path that a job gives: relative, and not upwards. @throws JobError naming it `what`. */
export function insidePath(path: string, what: string): string {
  const clean = normalize(path);
  if (path === "" || path.includes("\0") || isAbsolute(clean) || clean === ".." || clean.startsWith(`..${sep}`))
    throw new JobError(`${what} must be a relative path that does not lead upwards: '${path}'`);
  return clean;
}

/**
 * The text of a file below a folder that came from elsewhere. @throws JobError naming it `what` when it is missing, is
 * larger than `most` bytes, is no file, or a link leads out of the folder.
 */
export async function readInside(folder: string, path: string, what: string, most = 16 * 1024 * 1024): Promise<string> {
  const file = join(folder, insidePath(path, what));
  const real = await realpath(file).catch(() => {
    throw new JobError(`${what} '${path}' does not exist`);
  });
  if (!real.startsWith(`${await realpath(folder)}${sep}`))
    throw new JobError(`${what} '${path}' is a link that leads outside`);
  // Not blocking: a pipe by that name must not hold the job up.
  const handle = await open(real, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new JobError(`${what} '${path}' is not a file`);
    if (stat.size > most) throw new JobError(`${what} '${path}' is too big (${stat.size} bytes)`);
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

/** An empty folder, whatever was there before. */
export async function freshFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }); // May be large.
  mkdirSync(folder, { recursive: true });
}
