/** result.yaml: LAVA's final result map (spec output.md §3, "end of job"). */

import { blockYaml } from "./block-yaml.js";
import type { RunReport } from "./report-model.js";

export function resultYaml({ verdict }: RunReport): string {
  const result = verdict.error ? "fail" : verdict.result;
  return blockYaml({
    definition: "lava",
    case: "job",
    result,
    ...(result === "fail" && {
      error_msg: verdict.error?.message ?? "Unknown error",
      error_type: verdict.error?.type ?? "Unknown",
    }),
  });
}
