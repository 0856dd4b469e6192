/** Unpacks a downloaded archive with a test definition into the overlay. */
import { DispatchError } from "../base/errors.js";
import { integer, optionalText, text } from "./overlay/inputs.js";
import { asJson, newTest } from "./overlay/layout.js";
import { freshFolder, insidePath } from "./overlay/safe-files.js";
import type { Service } from "./types.js";
import { unpackArchive } from "./unpack-archive.js";

/**
 * Inputs: index, stage, name, path, archive (absolute path of a tar, plain or gz), repository (its URL), strip_components?.
 * Data: tests.<index>.
 */
export const testDefinitionUrl: Service = {
  name: "test-definition-url",

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
    const strip = typeof input.strip_components === "number" ? input.strip_components : 0;
    const archive = text(input, "archive");
    context.log.debug(`Unpacking ${archive} to ${test.target_directory}`);
    await freshFolder(test.directory);
    await unpackArchive(archive, test.directory, context, strip);
    const repository = optionalText(input, "repository") ?? archive;
    return { data: { tests: { [index]: { ...asJson(test), repository, from: "url" } } } };
  },
};
