/** Checks a fetched definition and puts its own files beside it: testdef.yaml, uuid, testdef_metadata. */
import { join } from "node:path";
import type { JsonMap } from "../base/json.js";
import { checkDefinition, readYaml } from "./overlay/definition.js";
import { dig, integer } from "./overlay/inputs.js";
import { type Test, testOf } from "./overlay/layout.js";
import { readInside, writeFresh } from "./overlay/safe-files.js";
import type { Service, ServiceContext } from "./types.js";

/** What the result lines of the overlay's actions say of a definition. */
export const testExtra = (test: Test, context: ServiceContext): JsonMap => {
  const [index = ""] = test.id.split("_");
  const from = dig(context.data.tests, index, "from");
  const repository = dig(context.data.tests, index, "repository");
  return {
    uuid: test.uuid,
    name: test.name,
    path: test.path,
    ...(from !== undefined && { from }),
    // That of an inline definition is the definition itself.
    ...(typeof repository === "string" && { repository }),
  };
};

export const testOverlay: Service = {
  name: "test-overlay",
  async run(input, context) {
    const index = integer(input, "index");
    const test = testOf(context, index);
    const what = `The test definition '${test.name}' (${test.path})`;
    const text = await readInside(test.directory, test.path, `The test definition of '${test.name}'`);
    const { definition, notes } = checkDefinition(await readYaml(text, what), what);
    for (const note of notes) context.log.warning(`${what}: ${note}`);
    const { stringify } = await import("yaml");
    const known = dig(context.data.tests, String(index)) as JsonMap;
    const metadata = {
      ...definition.metadata,
      test_name: test.name,
      path: test.path,
      ...(typeof known.repository === "string" && { repository: known.repository }),
      ...(typeof known.revision === "string" && { revision: known.revision }),
      ...(typeof known.commit_id === "string" && { commit_id: known.commit_id }),
    };
    writeFresh(join(test.directory, "testdef.yaml"), text);
    writeFresh(join(test.directory, "uuid"), `${test.uuid}\n`);
    writeFresh(join(test.directory, "testdef_metadata"), stringify(metadata, { version: "1.1" }));
    const { pattern, fixupdict, expected } = definition;
    return {
      data: {
        tests: {
          [index]: { ...(pattern && { pattern }), ...(fixupdict && { fixupdict }), ...(expected && { expected }) },
        },
      },
      extra: testExtra(test, context),
    };
  },
};
