/** Clones a test definition's repository into the overlay. */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { DispatchError } from "../base/errors.js";
import { cloneRepository } from "./git-clone.js";
import { integer, optionalText, text } from "./overlay/inputs.js";
import { asJson, newTest } from "./overlay/layout.js";
import { insidePath } from "./overlay/safe-files.js";
import type { Service } from "./types.js";

/**
 * Inputs: index, stage, name, path, repository, branch?, revision?, history?, shallow?, recursive?.
 * Data: tests.<index>.
 */
export const testDefinitionGit: Service = {
  name: "test-definition-git",
  programs: () => ["git"],

  async validate(input) {
    try {
      if (typeof input.path === "string") insidePath(input.path, "`path` of a test definition");
      return [];
    } catch (error) {
      if (error instanceof DispatchError) return [error];
      throw error;
    }
  },

  async run(input, context) {
    const index = integer(input, "index");
    const path = insidePath(text(input, "path"), "`path` of a test definition");
    const test = newTest(context, index, integer(input, "stage"), text(input, "name"), path);
    const repository = text(input, "repository");
    const branch = optionalText(input, "branch");
    const revision = optionalText(input, "revision");
    await mkdir(dirname(test.directory), { recursive: true });
    const { commit } = await cloneRepository(
      {
        repository,
        ...(branch && { branch }),
        ...(revision && { revision }),
        shallow: input.shallow !== false,
        recursive: input.recursive === true,
        history: input.history !== false,
      },
      test.directory,
      context,
    );
    context.log.debug(`Test definition '${test.name}' is at commit ${commit}`);
    const found = { repository, from: "git", commit_id: commit, ...(revision && { revision }) };
    return {
      data: { tests: { [index]: { ...asJson(test), ...found } } },
      extra: { uuid: test.uuid, repository, path, success: commit },
    };
  },
};
