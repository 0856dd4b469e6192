/** Devices, jobs and settings that come with the package: they go by their names. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { nearest } from "../base/nearest.js";
import { packageRoot } from "./package-root.js";
import { UsageError } from "./usage-error.js";

interface Kind {
  /** In messages. */
  what: string;
  /** Folder of the package. */
  folder: string;
  /** How deep its files may lie: below that is what belongs to them. */
  depth: number;
}

const KINDS = {
  device: { what: "device", folder: "device-configs/devices", depth: 1 },
  job: { what: "job", folder: "jobs", depth: 2 },
  dispatcher: { what: "dispatcher's settings", folder: "device-configs", depth: 1 },
} satisfies { [kind: string]: Kind };

export type BuiltInKind = keyof typeof KINDS;

const EXTENSION = ".yaml";
/** A name is no path: it cannot lead out of its folder. */
const NAME = /^\w[\w.+-]*(\/\w[\w.+-]*)*$/;

/** Names of what is built in, sorted. */
export function builtInNames(kind: BuiltInKind): string[] {
  const { folder, depth } = KINDS[kind];
  return readdirSync(join(packageRoot(), folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(EXTENSION) && name.split("/").length <= depth)
    .map((name) => name.slice(0, -EXTENSION.length))
    .sort();
}

const pathOf = (kind: BuiltInKind, name: string): string =>
  join(packageRoot(), KINDS[kind].folder, name.endsWith(EXTENSION) ? name : name + EXTENSION);

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/**
 * The file that a word of the command line means: the file of that path, else what is built in under that name.
 * Throws UsageError for a name that is neither; what looks like a path is left to be read, and told, as one.
 */
export function namedFile(word: string, kind: BuiltInKind, cwd: string): string {
  const here = statSync(resolve(cwd, word), { throwIfNoEntry: false });
  if (here && !here.isDirectory()) return word;
  if (NAME.test(word)) {
    const path = pathOf(kind, word);
    if (isFile(path)) return shown(path, cwd);
  }
  const names = builtInNames(kind);
  const meant = basename(word, EXTENSION);
  const near = names.includes(meant) ? [meant] : nearest(word.endsWith(EXTENSION) ? meant : word, names);
  const { what } = KINDS[kind];
  if (here || !NAME.test(word) || /\.\w+$/.test(word)) {
    if (here || near.length === 0) return word;
    throw new UsageError(
      `Cannot read the ${what} ${word}: there is no such file.`,
      `Check the path; the built-in ${what} goes by its name: ${near[0]}`,
    );
  }
  throw new UsageError(
    `Cannot read the ${what} ${word}: there is no such file, and none of that name is built in.`,
    near.length > 0
      ? `Did you mean ${near.map((name) => `"${name}"`).join(" or ")}?`
      : `Check the path, or take a built-in one: ${names.join(", ")}`,
  );
}

/** Relative where it is below the current folder. */
function shown(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short.startsWith("..") ? path : short;
}

/** What the first lines of a built-in file say of it. */
export function builtInSummary(kind: BuiltInKind, name: string): string {
  return /^# (.*)$/m.exec(readFileSync(pathOf(kind, name), "utf8"))?.[1] ?? "";
}
