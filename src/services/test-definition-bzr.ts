/** Branches a test definition's Bazaar repository into the overlay (as LAVA once did; Breezy has the same command). */
import { mkdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { DispatchError, JobError } from "../base/errors.js";
import { shownUrl } from "./download/local-file.js";
import { bounded } from "./files/bounded.js";
import { workerPath } from "./files/worker-path.js";
import { checkPath, refusals, testOf } from "./overlay/definition-inputs.js";
import { optionalText, text } from "./overlay/inputs.js";
import { asJson } from "./overlay/layout.js";
import { mustSucceed } from "./run-program.js";
import type { Service, ServiceContext } from "./types.js";

/** A branch as bzr takes it: a URL of the network, or an absolute folder (relative ones start at the job's). */
async function locationOf(repository: string, context: ServiceContext): Promise<string> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(repository)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    const folder = resolve(context.paths.jobDir, repository);
    return workerPath(folder, context).catch((error) => {
      // What is not there, bzr says itself.
      if (error instanceof DispatchError) throw error;
      return folder;
    });
  }
  if (/^(https?|bzr|bzr\+ssh|sftp|lp)$/.test(scheme)) return repository;
  throw new JobError(`Bazaar repositories cannot be branched by '${scheme}:'`, {
    advice: "Use https, http, bzr, bzr+ssh, sftp, lp, or a folder.",
  });
}

/** Inputs: index, stage, name, path, repository, revision?. Data: tests.<index>. */
export const testDefinitionBzr: Service = {
  name: "test-definition-bzr",
  programs: () => ["bzr"],

  async validate(input, context) {
    return refusals(async () => {
      checkPath(input);
      if (typeof input.repository === "string") await locationOf(input.repository, context);
    });
  },

  async run(input, context) {
    const { index, path, test } = testOf(input, context);
    const repository = text(input, "repository");
    const revision = optionalText(input, "revision");
    await mkdir(dirname(test.directory), { recursive: true });
    await rm(test.directory, { recursive: true, force: true });
    // The history is left behind: the board has no use for it.
    const words = ["bzr", "export", ...(revision ? [`--revision=${revision}`] : []), "--"];
    const options = { ...context, error: "InfrastructureError" } as const;
    const argv = [...words, test.directory, await locationOf(repository, context)];
    await bounded(context, { into: test.directory, what: `The branch of '${shownUrl(repository)}'` }, (bounds) =>
      mustSucceed(argv, { ...options, ...bounds }),
    );
    await rm(join(test.directory, ".bzr"), { recursive: true, force: true });
    const found = { repository, from: "bzr", ...(revision && { revision, commit_id: revision }) };
    return {
      data: { tests: { [index]: { ...asJson(test), ...found } } },
      extra: { commit: revision ?? "head", repository, path },
    };
  },
};
