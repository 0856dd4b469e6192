/** What all services that fetch a test definition take and check alike. */
import { DispatchError } from "../../base/errors.js";
import type { JsonMap } from "../../base/json.js";
import type { ServiceContext } from "../types.js";
import { integer, text } from "./inputs.js";
import { newTest } from "./layout.js";
import { insidePath } from "./safe-files.js";

const PATH = "`path` of a test definition";

/** Inputs index, stage, name and path as the test that they describe. @throws JobError when the path leads outside */
export function testOf(input: JsonMap, context: ServiceContext) {
  const index = integer(input, "index");
  const path = insidePath(text(input, "path"), PATH);
  return { index, path, test: newTest(context, index, integer(input, "stage"), text(input, "name"), path) };
}

/** The path, where it is known before the run. @throws JobError when it leads outside */
export function checkPath(input: JsonMap): void {
  if (typeof input.path === "string") insidePath(input.path, PATH);
}

/** What a check before the run throws, as the list that `validate` gives; anything but a DispatchError is a bug and goes on. */
export async function refusals(check: () => void | Promise<void>): Promise<DispatchError[]> {
  try {
    await check();
    return [];
  } catch (error) {
    if (error instanceof DispatchError) return [error];
    throw error;
  }
}
