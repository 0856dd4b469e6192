/** Unpacks a downloaded archive with a test definition into the overlay. */

import { checkPath, refusals, testOf } from "./overlay/definition-inputs.js";
import { optionalText, text } from "./overlay/inputs.js";
import { asJson } from "./overlay/layout.js";
import { freshFolder } from "./overlay/safe-files.js";
import type { Service } from "./types.js";
import { unpackArchive } from "./unpack-archive.js";

/**
 * Inputs: index, stage, name, path, archive (absolute path of a tar, plain or gz), repository (its URL), strip_components?.
 * Data: tests.<index>.
 */
export const testDefinitionUrl: Service = {
  name: "test-definition-url",

  async validate(input) {
    return refusals(() => checkPath(input));
  },

  async run(input, context) {
    const { index, test } = testOf(input, context);
    const strip = typeof input.strip_components === "number" ? input.strip_components : 0;
    const archive = text(input, "archive");
    context.log.debug(`Unpacking ${archive} to ${test.target_directory}`);
    await freshFolder(test.directory);
    await unpackArchive(archive, test.directory, context, strip);
    const repository = optionalText(input, "repository") ?? archive;
    return { data: { tests: { [index]: { ...asJson(test), repository, from: "url" } } } };
  },
};
