/** Unpacks a test definition that stands in the job as the base64 text of a tar archive (as LAVA once had it). */
import { JobError } from "../base/errors.js";
import { checkPath, refusals, testOf } from "./overlay/definition-inputs.js";
import { text } from "./overlay/inputs.js";
import { asJson } from "./overlay/layout.js";
import { freshFolder } from "./overlay/safe-files.js";
import type { Service } from "./types.js";
import { unpackArchive } from "./unpack-archive.js";

/** The archive's bytes. @throws JobError when the text is no base64 */
function decoded(base64: string): Buffer {
  const compact = base64.replace(/\s+/g, "");
  if (compact === "" || compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(compact))
    throw new JobError("The `repository` of a test definition from tar is not the base64 text of an archive", {
      advice: "Make it with: tar -cz <files> | base64",
    });
  return Buffer.from(compact, "base64");
}

/** Inputs: index, stage, name, path, archive (base64 of a tar, plain or gz). Data: tests.<index>. */
export const testDefinitionTar: Service = {
  name: "test-definition-tar",

  async validate(input) {
    return refusals(() => {
      checkPath(input);
      if (input.archive !== undefined) decoded(text(input, "archive"));
    });
  },

  async run(input, context) {
    const { index, test } = testOf(input, context);
    context.log.debug(`Unpacking the archive of '${test.name}' to ${test.target_directory}`);
    await freshFolder(test.directory);
    await unpackArchive(decoded(text(input, "archive")), test.directory, context);
    return { data: { tests: { [index]: { ...asJson(test), repository: "tar", from: "tar" } } } };
  },
};
