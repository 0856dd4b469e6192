/** A file of a disk that is full. */
import { execFileSync } from "node:child_process";

/** Makes a file to which nothing can be written; false where that is not allowed (needs root). */
export function makeFullFile(path: string): boolean {
  try {
    execFileSync("mknod", [path, "c", "1", "7"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
