/** Which files belong to a recording, and of which kind it is. */
import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { looksBinary, openConsoleLog } from "./console-recording.js";
import { openLavaLog } from "./lava-log-recording.js";
import { openOwnRecording } from "./own-recording.js";
import { readHead } from "./read-lines.js";
import { type Recording, RecordingError, type RecordingFormat } from "./recording.js";

/** Files in a folder that are recordings, the best first. */
const NAMES = ["console.cast", "logs.yaml", "output.yaml", "console.raw", "console.log", "console.txt"];
const JOURNAL = "journal.jsonl";
const HEAD = 4096;

export interface RecordingFiles {
  /** As it was named. */
  name: string;
  path: string;
  journal?: string;
  /** Files beside it that say what was run. */
  job?: string;
  device?: string;
  dispatcher?: string;
}

/** A pipe or a device is none: it may never end. */
const first = (paths: string[]): string | undefined =>
  paths.flatMap((path) => [path, `${path}.gz`]).find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());

/** The recording of a folder, if it holds one. */
export const recordingIn = (folder: string): string | undefined => first(NAMES.map((name) => join(folder, name)));

/**
 * Finds the files of a recording: a folder (an output directory, or a job's files as a server gives them) or a file.
 * Beside `my-board.cast` both `my-board.job.yaml` and `job.yaml` are looked for. Throws RecordingError.
 */
export function findRecording(path: string, name = path): RecordingFiles {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new RecordingError(`There is no recording ${name}.`, "Check the path.");
  const file = stat.isDirectory() ? recordingIn(path) : path;
  if (file === undefined)
    throw new RecordingError(`${name} holds no recording.`, `A recording is one of: ${NAMES.join(", ")}, gzip or not.`);
  const folder = dirname(file);
  const stem = basename(file)
    .replace(/\.gz$/, "")
    .replace(/\.[^.]+$/, "");
  const beside = (what: string) => first([join(folder, `${stem}.${what}`), join(folder, what)]);
  const found = {
    journal: beside(JOURNAL),
    job: beside("job.yaml"),
    device: beside("device.yaml"),
    // Jobs of one server share it.
    dispatcher: beside("dispatcher.yaml") ?? first([join(dirname(folder), "dispatcher.yaml")]),
  };
  const known = Object.entries(found).filter(([, value]) => value !== undefined);
  return { name, path: file, ...(Object.fromEntries(known) as Partial<RecordingFiles>) };
}

/** Tells the kinds apart by what the file begins with. */
export function formatOf(head: Buffer): RecordingFormat {
  const text = head.toString("utf8").trimStart();
  if (/^\{[^\n]*"version"\s*:/.test(text)) return "own";
  if (/^(?:---\s*\n)?(?:#[^\n]*\n)*- ?(?:\{ ?["']?(?:dt|lvl|msg)["']? ?:|["']?dt["']? ?:)/.test(text))
    return "lava-log";
  return "console";
}

/** Opens a recording of any kind. Throws RecordingError. */
export async function openRecording({ name, path, journal }: RecordingFiles): Promise<Recording> {
  const head = await readHead(path, HEAD);
  const format = formatOf(head);
  if (format === "own") return openOwnRecording(name, path, journal);
  if (format === "lava-log") return openLavaLog(name, path);
  if (/^\{"kind":/.test(head.toString("utf8")))
    throw new RecordingError(
      `${name} is a journal: it does not hold what the console said.`,
      "Give console.cast beside it.",
    );
  const text = head.toString("utf8").trimStart();
  if (/^<(!doctype|html)/i.test(text))
    throw new RecordingError(
      `${path} is a web page, no recording.`,
      "A server may have answered with its login page: fetch the file again, with what it asks for.",
    );
  const kind = Object.entries(NAMED).find(([ending]) => path.replace(/\.gz$/, "").endsWith(ending))?.[1];
  if (kind && !looksBinary(head) && text !== "")
    throw new RecordingError(
      `${path} is no ${kind}, although its name says so.`,
      "Give console.cast of a run, logs.yaml of a LAVA job, or the text of a serial console under another name.",
    );
  return openConsoleLog(name, path);
}

/** What a file is by the end of its name. */
const NAMED = { ".yaml": "log of a LAVA job", ".yml": "log of a LAVA job", ".cast": "asciicast" };
