/** Zip archives from strangers: looked at before they are unpacked, and again afterwards. */
import { lstat, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { JobError } from "../../base/errors.js";
import { programOptions } from "../overlay/unpack.js";
import { mustSucceed } from "../run-program.js";
import type { ServiceContext } from "../types.js";
import { bounded } from "./bounded.js";
import { takeFile } from "./room.js";

const MOST_FILES = 100_000;
const MOST_BYTES = 16 * 2 ** 30;
/** Characters of a list that are read: the bound above, and long names. */
const MOST_LIST = 32 * 2 ** 20;

export const ZIP_PROGRAMS = ["unzip", "zipinfo"];

/** Unpacks into a folder that exists. @throws JobError for names that leave it, and for more than the bounds */
export async function unzip(file: string, into: string, context: ServiceContext): Promise<void> {
  const options = { ...programOptions(context), error: "JobError", quiet: true } as const;
  const what = `'${basename(file)}'`;
  const names = (await mustSucceed(["zipinfo", "-1", file], { ...options, maxOutput: MOST_LIST })).split("\n");
  const outside = names.find((name) => name.startsWith("/") || name.split("/").includes(".."));
  if (outside !== undefined) throw new JobError(`${what} holds '${outside}', which lies outside of it`);
  if (names.length > MOST_FILES) throw new JobError(`${what} holds more than ${MOST_FILES} files`);
  const totals = await mustSucceed(["zipinfo", "-t", file], options);
  const bytes = Number(/(\d+) bytes? uncompressed/.exec(totals)?.[1]);
  if (!(bytes <= MOST_BYTES)) throw new JobError(`${what} holds more than ${MOST_BYTES} bytes`);
  takeFile(context, bytes, what);
  const error = () => new JobError(`${what} holds more than the ${bytes} bytes that its list tells`);
  await bounded(context, { into, what, granted: { bytes, error } }, (bounds) =>
    mustSucceed(["unzip", "-q", "-o", file, "-d", into], { ...options, ...bounds }),
  );
  // What is not a file or a folder is of no use to a device's disk, and a link may lead anywhere.
  for (const entry of await readdir(into, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() || entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    if (!(await lstat(path).catch(() => undefined))) continue;
    context.log.warning(`left out of the archive: '${entry.name}' is a link or the like`);
    await rm(path, { force: true });
  }
}
