/** From a word of a job to a path of the worker: the word must prove that it leads nowhere else. */
import { join } from "node:path";
import { JobError } from "../../base/errors.js";
import type { JobPaths } from "../types.js";

/** A single name of a file or a folder in `folder`. @throws JobError, naming it `what`, when it is a path or says nothing. */
export function nameInside(folder: string, name: string, what: string): string {
  if (name === "" || name === "." || name === ".." || /[/\0]/.test(name))
    throw new JobError(`${what} must be a plain name, not a path: '${name}'`);
  return join(folder, name);
}

/** Where the downloads of a namespace lie, for all who make, read or mount them. @throws JobError when it is no plain name */
export const downloadsOf = ({ work }: Pick<JobPaths, "work">, namespace: string): string =>
  nameInside(join(work, "downloads"), namespace, "A namespace");
