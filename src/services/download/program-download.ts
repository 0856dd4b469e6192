/** Downloads by a program that copies a file. */
import { createReadStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { InfrastructureError } from "../../base/errors.js";
import { bounded, roomForDownload } from "../files/bounded.js";
import { programFailure, runProgram } from "../run-program.js";
import type { ServiceContext } from "../types.js";
import type { Source } from "./download.js";
import { type DownloadInput, localFile, shownUrl } from "./local-file.js";

export interface CopyProgram {
  /** The program's words; the last will be the path of the copy. */
  words: string[];
  env?: NodeJS.ProcessEnv;
  /** What the program says when there is no such file: the job's fault, all else is the lab's. */
  missing: RegExp;
}

/**
 * Has a program copy a file beside the place where it is to lie, and gives the copy's bytes.
 * @throws JobError or InfrastructureError with the program's output
 */
export async function copyByProgram(
  input: DownloadInput,
  context: ServiceContext,
  { words, env = context.env, missing }: CopyProgram,
): Promise<Source> {
  const { folder } = localFile(input, context);
  await mkdir(folder, { recursive: true });
  const copy = join(folder, ".copy");
  const argv = [...words, copy];
  const release = () => rm(copy, { force: true });
  const what = `'${shownUrl(input.url)}'`;
  const result = await bounded(context, { into: copy, what, granted: roomForDownload(context, what) }, (bounds) =>
    runProgram(argv, { ...context, env, ...bounds }),
  ).catch(async (error) => {
    await release();
    throw error;
  });
  if (result.code !== 0) {
    await release();
    throw programFailure(argv, result, missing.test(result.output) ? "JobError" : "InfrastructureError");
  }
  const found = await stat(copy).catch((cause) => {
    throw new InfrastructureError(`${words[0]} left no file of '${shownUrl(input.url)}'`, { cause });
  });
  return { total: found.size, bytes: createReadStream(copy, { highWaterMark: 256 * 1024 }), release };
}
