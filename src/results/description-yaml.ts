/** description.yaml: the tree that will run, in LAVA's form (spec output.md §4). */
import { join } from "node:path";
import { writeFresh } from "../base/fresh-file.js";
import { writeFailure } from "./append-file.js";
import { blockYaml } from "./block-yaml.js";

/** Writes the description of a pipeline. Throws InfrastructureError. */
export function writeDescription(directory: string, description: unknown): void {
  const path = join(directory, "description.yaml");
  try {
    writeFresh(path, blockYaml(description));
  } catch (error) {
    throw writeFailure(path, error);
  }
}
