import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a folder and those above it that are missing; one that is there is left as it is. Node's own way (`recursive`)
 * never ends where a file system says that the folder's parent is missing while it is there, as /proc does.
 * Throws the system's error.
 */
export function makeFolder(path: string, mode = 0o755): void {
  const make = () => {
    try {
      mkdirSync(path, { mode });
    } catch (error) {
      const isThere = statSync(path, { throwIfNoEntry: false })?.isDirectory();
      if (!isThere) throw error;
    }
  };
  try {
    make();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) throw error;
    makeFolder(dirname(path), mode);
    make();
  }
}
