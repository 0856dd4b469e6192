import type { Json, JsonMap } from "../../base/json.js";
import type { TestDefinition } from "./definition.js";
import { pythonText } from "./python-text.js";

const lines = (...maps: JsonMap[]): string[] =>
  maps.flatMap((map) => Object.entries(map).map(([name, value]) => `${name}='${pythonText(value)}'`));

/** `parameters` and `params` that the job gives for one definition. */
export interface JobParameters {
  parameters: JsonMap;
  params: JsonMap;
}

/** Head of install.sh and run.sh: defaults of the definition, then the job's values (spec test-shell.md §3). */
export const parameterLines = (definition: TestDefinition, job: JobParameters): string[] => [
  "###default parameters from test definition###",
  ...lines(definition.params, definition.parameters),
  "######",
  "###test parameters from job submission###",
  ...lines(job.parameters, job.params),
  "######",
];

/** The value of a parameter, the job's before the definition's; undefined when there is none of that name. */
export function parameterValue(name: string, definition: TestDefinition, job: JobParameters): string | undefined {
  for (const map of [job.params, job.parameters, definition.parameters, definition.params])
    if (Object.hasOwn(map, name)) return pythonText(map[name] as Json);
  return undefined;
}
