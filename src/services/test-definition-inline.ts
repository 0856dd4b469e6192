/** Writes a definition that stands in the job itself into the overlay. */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { JobError } from "../base/errors.js";
import type { Json } from "../base/json.js";
import { checkDefinition } from "./overlay/definition.js";
import { checkPath, refusals, testOf } from "./overlay/definition-inputs.js";
import { asJson } from "./overlay/layout.js";
import { freshFolder, writeFresh } from "./overlay/safe-files.js";
import type { Service } from "./types.js";

export const testDefinitionInline: Service = {
  name: "test-definition-inline",
  async validate(input) {
    return refusals(() => {
      if (input.definition !== undefined) checkDefinition(input.definition, `The inline definition '${input.name}'`);
      checkPath(input);
    });
  },
  async run(input, context) {
    const { index, path, test } = testOf(input, context);
    const definition = input.definition as Json;
    if (definition === undefined) throw new JobError("An inline test definition needs its `repository`");
    context.log.debug(`Writing ${path} to ${test.target_directory}`);
    await freshFolder(test.directory);
    await mkdir(dirname(join(test.directory, path)), { recursive: true });
    const { stringify } = await import("yaml");
    writeFresh(join(test.directory, path), stringify(definition, { version: "1.1" }));
    return { data: { tests: { [index]: asJson({ ...test, repository: definition, from: "inline" }) } } };
  },
};
