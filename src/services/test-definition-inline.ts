/** Writes a definition that stands in the job itself into the overlay. */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DispatchError, JobError } from "../base/errors.js";
import type { Json } from "../base/json.js";
import { checkDefinition } from "./overlay/definition.js";
import { integer, text } from "./overlay/inputs.js";
import { asJson, newTest } from "./overlay/layout.js";
import { freshFolder, insidePath, writeFresh } from "./overlay/safe-files.js";
import type { Service } from "./types.js";

export const testDefinitionInline: Service = {
  name: "test-definition-inline",
  async validate(input) {
    try {
      if (input.definition !== undefined) checkDefinition(input.definition, `The inline definition '${input.name}'`);
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
    const definition = input.definition as Json;
    if (definition === undefined) throw new JobError("An inline test definition needs its `repository`");
    const test = newTest(context, index, integer(input, "stage"), text(input, "name"), path);
    context.log.debug(`Writing ${path} to ${test.target_directory}`);
    await freshFolder(test.directory);
    await mkdir(dirname(join(test.directory, path)), { recursive: true });
    const { stringify } = await import("yaml");
    writeFresh(join(test.directory, path), stringify(definition, { version: "1.1" }));
    return { data: { tests: { [index]: asJson({ ...test, repository: definition, from: "inline" }) } } };
  },
};
