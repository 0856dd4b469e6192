/** The recordings below a folder. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { recordingIn } from "./find-recording.js";

const GOLDEN = "golden.txt";
/** Recordings that stand as single files, each with a job of its own name. */
const SINGLE = /\.(?:cast|raw|log|ya?ml)(?:\.gz)?$/;

const stemOf = (file: string): string =>
  basename(file)
    .replace(/\.gz$/, "")
    .replace(/\.[^.]+$/, "");

/** Folders that hold a recording, and files with `<name>.job.yaml` beside them, by name. */
export function recordingsBelow(folder: string): string[] {
  const found: string[] = [];
  const walk = (path: string) => {
    if (recordingIn(path)) {
      found.push(path);
      return;
    }
    for (const name of readdirSync(path).sort()) {
      const inner = join(path, name);
      if (statSync(inner).isDirectory()) walk(inner);
      else if (SINGLE.test(name) && existsSync(join(path, `${stemOf(name)}.job.yaml`))) found.push(inner);
    }
  };
  walk(folder);
  return found;
}

/** Where a recording's golden trace stands. */
export const goldenFile = (recording: string): string =>
  statSync(recording).isDirectory()
    ? join(recording, GOLDEN)
    : join(dirname(recording), `${stemOf(recording)}.${GOLDEN}`);
