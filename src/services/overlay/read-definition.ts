import { checkDefinition, readYaml, type TestDefinition } from "./definition.js";
import type { Test } from "./layout.js";
import { readInside } from "./safe-files.js";

/** The definition that the test-overlay action put beside the test's files. @throws JobError */
export async function readDefinition(test: Test): Promise<TestDefinition> {
  const what = `The test definition '${test.name}' (${test.path})`;
  const text = await readInside(test.directory, "testdef.yaml", what);
  return checkDefinition(await readYaml(text, what), what).definition;
}
