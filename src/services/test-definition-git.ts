/** Clones a test definition's repository into the overlay. */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { cloneRepository } from "./git-clone.js";
import { checkPath, refusals, testOf } from "./overlay/definition-inputs.js";
import { optionalText, text } from "./overlay/inputs.js";
import { asJson } from "./overlay/layout.js";
import type { Service } from "./types.js";

/**
 * Inputs: index, stage, name, path, repository, branch?, revision?, history?, shallow?, recursive?.
 * Data: tests.<index>.
 */
export const testDefinitionGit: Service = {
  name: "test-definition-git",
  programs: () => ["git"],

  async validate(input) {
    return refusals(() => checkPath(input));
  },

  async run(input, context) {
    const { index, path, test } = testOf(input, context);
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
      extra: { commit, repository, path },
    };
  },
};
