import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "./usage-error.js";

const REASONS: { [code: string]: string } = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "it may not be read",
};

/** Text of a file that a command line names. Throws UsageError. */
export function readText(path: string, cwd: string, what: string): string {
  try {
    return readFileSync(resolve(cwd, path), "utf8");
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    throw new UsageError(`Cannot read the ${what} ${path}: ${REASONS[code] ?? message}.`, "Check the path.");
  }
}
