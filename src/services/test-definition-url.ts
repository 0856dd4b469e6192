/** Unpacks a downloaded archive with a test definition into the overlay. */
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { DispatchError } from "../base/errors.js";
import { unpackTar } from "./download/unpack-tar.js";
import { integer, optionalText, text } from "./overlay/inputs.js";
import { asJson, newTest } from "./overlay/layout.js";
import { freshFolder, insidePath } from "./overlay/safe-files.js";
import type { Service } from "./types.js";

/** Most bytes of a test definition: it has to fit into a board's memory. */
const MOST_BYTES = 4 * 2 ** 30;

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
    const unpack = await unpackTar(test.directory, { log: context.log, strip, maxBytes: MOST_BYTES });
    await pipeline(createReadStream(archive), unpack, { signal: context.signal });
    const repository = optionalText(input, "repository") ?? archive;
    return { data: { tests: { [index]: { ...asJson(test), repository, from: "url" } } } };
  },
};
