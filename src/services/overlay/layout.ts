/** Where things lie in the overlay (spec test-shell.md §1), on the worker and on the target. */
import { join, posix } from "node:path";
import { JobError, LAVABug } from "../../base/errors.js";
import { isMap, type JsonMap } from "../../base/json.js";
import type { ServiceContext } from "../types.js";
import { dig } from "./inputs.js";

/** `data.overlay` of the namespace. */
export interface Overlay {
  /** Folder on the worker whose contents go to the target's root. */
  directory: string;
  /** R on the target, e.g. `/lava-1001`. */
  results_dir: string;
  /** Interpreter of the helper scripts. */
  shell: string;
  distro?: string;
  /** Names below `directory` that stay out of the copy in the output directory. */
  private: string[];
  tarball?: string;
  /** An image holds it already. */
  applied?: boolean;
  sha256?: string;
}

/** `data.tests.<index>` of the namespace, as far as this folder reads it. */
export interface Test {
  uuid: string;
  name: string;
  /** `<index>_<name>`, the TESTRUN_ID. */
  id: string;
  stage: number;
  path: string;
  /** Folder on the worker that holds the definition's files. */
  directory: string;
  /** The same folder on the target. */
  target_directory: string;
}

/** The namespace's overlay. @throws LAVABug when no action has made it. */
export function overlayOf(context: ServiceContext): Overlay {
  const overlay = context.data.overlay;
  if (isMap(overlay) && typeof overlay.directory === "string") return overlay as unknown as Overlay;
  throw new LAVABug("No overlay was made in this namespace");
}

/** A test definition of the namespace. @throws LAVABug when no action has fetched it. */
export function testOf(context: ServiceContext, index: number): Test {
  const test = dig(context.data.tests, String(index));
  if (isMap(test)) return test as unknown as Test;
  throw new LAVABug(`Test definition ${index} was not fetched`);
}

/** R on the worker. */
export const resultsFolder = (overlay: Overlay): string => join(overlay.directory, overlay.results_dir);

/** What a fetching action saves of a definition as `data.tests.<index>`, its folder still to be made. */
export function newTest(context: ServiceContext, index: number, stage: number, name: string, path: string): Test {
  if (!/^[\w-]+$/.test(name)) throw new JobError(`The test name '${name}' may hold letters, digits, '_' and '-' only`);
  const overlay = overlayOf(context);
  const id = `${index}_${name}`;
  const below = [String(stage), "tests", id];
  return {
    uuid: `${context.jobId}_${context.action.level}`,
    name,
    id,
    stage,
    path,
    directory: join(resultsFolder(overlay), ...below),
    target_directory: posix.join(overlay.results_dir, ...below),
  };
}

/** The name of a file for the board: relative to the TFTP root. @throws LAVABug when it lies elsewhere. */
export function tftpName(context: ServiceContext, file: string): string {
  const name = posix.relative(context.paths.tftpRoot, file);
  if (name.startsWith("..")) throw new LAVABug(`${file} is not below the TFTP root`);
  return name;
}

export const asJson = (value: object): JsonMap => value as JsonMap;
