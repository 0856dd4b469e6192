/** A job's scratch folder: downloads, overlays and whatever else it makes. */
import { mkdtempSync, rmdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ConfigurationError } from "../base/errors.js";
import { makeFolder } from "../base/make-folder.js";
import { jobFolderName } from "../services/job-folder-name.js";
import type { Inputs } from "./load-inputs.js";

/** Where LAVA's dispatcher keeps what its jobs make. Its worker removes `<prefix><job id>` of it after every job, killed ones too. */
export const LAVA_FOLDER = "/var/lib/lava/dispatcher/tmp";

export interface WorkFolder {
  path: string;
  remove(): void;
}

/** What decides where it lies. */
export interface WorkPlace extends Pick<Inputs, "dispatcher" | "jobId"> {
  /** Where it lies when the dispatcher's settings name no folder; the system's own for temporary files, where this cannot be. */
  usual?: string | undefined;
}

/**
 * Makes it: below `<prefix><job id>` of the folder that the dispatcher's settings name, else of the usual one. Each run
 * has one of its own in there. Throws ConfigurationError when it cannot be made where the settings want it.
 */
export function makeWorkFolder({ dispatcher, jobId, usual }: WorkPlace): WorkFolder {
  const { dispatcher_download_dir: wanted } = dispatcher;
  const name = jobFolderName({ dispatcher, jobId });
  if (typeof wanted === "string" && wanted) {
    try {
      return ofJob(join(wanted, name));
    } catch (cause) {
      throw cannotBe(wanted, cause as Error);
    }
  }
  if (usual !== undefined) {
    try {
      return ofJob(join(usual, name));
    } catch {
      // An ordinary user, mostly: LAVA's own folder is root's.
    }
  }
  try {
    const path = mkdtempSync(join(tmpdir(), `lava-dispatch-${name.replaceAll("/", "-")}-`));
    return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
  } catch (cause) {
    throw cannotBe(tmpdir(), cause as Error);
  }
}

/** One in the job's folder, which goes with the last one in it. */
function ofJob(folder: string): WorkFolder {
  makeFolder(folder);
  const path = mkdtempSync(join(folder, "run-"));
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true });
      try {
        rmdirSync(folder);
      } catch {
        // Another run of the same job, or what somebody else put there.
      }
    },
  };
}

/** Shows the log in the job's folder, where LAVA's web server looks for it; that it cannot be there is no fault of the job. */
export function linkLog({ path }: WorkFolder, output: string): () => void {
  const link = join(dirname(path), "logs.yaml");
  try {
    rmSync(link, { force: true });
    symlinkSync(join(output, "logs.yaml"), link);
  } catch {
    return () => {};
  }
  return () => rmSync(link, { force: true });
}

function cannotBe(place: string, cause: Error): ConfigurationError {
  return new ConfigurationError(`The job's scratch folder cannot be made in ${place}: ${cause.message}`, {
    cause,
    advice: "Look at `dispatcher_download_dir` of the dispatcher's configuration, and at the disk.",
  });
}
