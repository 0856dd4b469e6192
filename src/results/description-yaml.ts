/** description.yaml: the tree that will run, in LAVA's form (spec output.md §4). */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeFailure } from "./append-file.js";
import { blockYaml } from "./block-yaml.js";

/** Writes the description of a pipeline. Throws InfrastructureError. */
export function writeDescription(directory: string, description: unknown): void {
  const path = join(directory, "description.yaml");
  try {
    writeFileSync(path, blockYaml(description));
  } catch (error) {
    throw writeFailure(path, error);
  }
}
