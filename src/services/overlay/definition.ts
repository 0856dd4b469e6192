/** A test definition (spec test-shell.md §3): read, checked, and no wider than what is used of it. */
import { JobError } from "../../base/errors.js";
import { isMap, type Json, type JsonMap } from "../../base/json.js";
import { plainText, pythonText } from "./python-text.js";

const FORMAT = "Lava-Test Test Definition 1.0";

export interface GitRepository {
  url: string;
  branch?: string;
  destination?: string;
}

export interface TestDefinition {
  /** All of it, as read. */
  raw: JsonMap;
  metadata: JsonMap;
  /** Defaults of `params` and `parameters`, the latter winning. */
  params: JsonMap;
  parameters: JsonMap;
  install?: {
    keys: string[];
    sources: string[];
    deps: string[];
    /** `deps-<distro>` */
    distroDeps: { [distro: string]: string[] };
    repositories: GitRepository[];
    steps: string[];
  };
  steps: string[];
  /** Regular expression of `parse`, its translation of results, and the cases that must be reported. */
  pattern?: string;
  fixupdict?: { [result: string]: string };
  expected?: string[];
}

/** Collects what is wrong, so that all of it can be told at once. */
class Check {
  readonly problems: string[] = [];
  readonly notes: string[] = [];
  map(value: Json | undefined, where: string): JsonMap {
    if (value === undefined || value === null) return {};
    if (isMap(value)) return value;
    this.problems.push(`\`${where}\` must be a map`);
    return {};
  }
  /** Texts of a list; null items are skipped, others taken as the text that LAVA makes of them. */
  list(value: Json | undefined, where: string): string[] {
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value)) {
      this.problems.push(`\`${where}\` must be a list`);
      return [];
    }
    return value.flatMap((item, index) => {
      if (item === null) return [];
      if (typeof item !== "object") return [plainText(item)];
      const hint = isMap(item) ? ": a text with `: ` in it needs quotes around all of it" : "";
      this.notes.push(`\`${where}[${index}]\` should be a text${hint}`);
      return [pythonText(item)];
    });
  }
}

/** The definition's YAML, read as jobs are (definition/yaml-text.ts: YAML 1.1, bounded). @throws JobError */
export async function readYaml(text: string, what: string): Promise<Json> {
  const { parseYaml } = await import("../../definition/yaml-text.js");
  const { value, problems } = parseYaml(text, what, { names: ["parameters", "params"] });
  const error = problems.find(({ severity }) => severity === "error");
  if (!error) return value;
  const at = error.location ? ` (line ${error.location.line}, column ${error.location.column})` : "";
  throw new JobError(`${what} is not valid YAML${at}: ${error.message}`, error.hint ? { advice: error.hint } : {});
}

function repositories(value: Json | undefined, check: Check): GitRepository[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    check.problems.push("`install.git-repos` must be a list");
    return [];
  }
  return value.flatMap((item, index): GitRepository[] => {
    if (typeof item === "string") return [{ url: item }];
    const where = `install.git-repos[${index}]`;
    const { url, branch, destination } = check.map(item, where);
    if (typeof url !== "string") {
      check.problems.push(`\`${where}\` needs a \`url\``);
      return [];
    }
    return [
      { url, ...(typeof branch === "string" && { branch }), ...(typeof destination === "string" && { destination }) },
    ];
  });
}

/**
 * Checks a test definition and gives the parts that are used.
 * @param what names it in messages
 * @throws JobError naming all that is wrong
 */
export function checkDefinition(raw: Json, what: string): { definition: TestDefinition; notes: string[] } {
  if (!isMap(raw)) throw new JobError(`${what} must be a map with \`metadata\` and \`run\``);
  const check = new Check();
  const metadata = check.map(raw.metadata, "metadata");
  if (raw.metadata === undefined) check.problems.push("`metadata` is missing");
  else if (typeof metadata.name !== "string") check.problems.push("`metadata.name` is missing");
  if (metadata.format !== FORMAT) check.notes.push(`\`metadata.format\` should be "${FORMAT}"`);
  // a definition may only install something
  const run = check.map(raw.run, "run");
  if (run.steps === undefined) check.notes.push("there are no `run.steps`, so nothing runs");
  const install = raw.install === undefined || raw.install === null ? undefined : check.map(raw.install, "install");
  const parse = check.map(raw.parse, "parse");
  const fixup = check.map(parse.fixupdict, "parse.fixupdict");
  if (parse.pattern !== undefined && parse.pattern !== null && typeof parse.pattern !== "string")
    check.problems.push("`parse.pattern` must be a text");
  const definition: TestDefinition = {
    raw,
    metadata,
    params: check.map(raw.params, "params"),
    parameters: check.map(raw.parameters, "parameters"),
    steps: check.list(run.steps, "run.steps"),
    ...(install && {
      install: {
        keys: check.list(install.keys, "install.keys"),
        sources: check.list(install.sources, "install.sources"),
        deps: check.list(install.deps, "install.deps"),
        distroDeps: Object.fromEntries(
          Object.keys(install)
            .filter((key) => key.startsWith("deps-"))
            .map((key) => [key.slice(5), check.list(install[key], `install.${key}`)]),
        ),
        repositories: repositories(install["git-repos"], check),
        steps: check.list(install.steps, "install.steps"),
      },
    }),
    ...(typeof parse.pattern === "string" && parse.pattern && { pattern: parse.pattern }),
    ...(Object.keys(fixup).length && {
      fixupdict: Object.fromEntries(Object.entries(fixup).map(([key, value]) => [key, plainText(value)])),
    }),
    ...(raw.expected !== undefined && raw.expected !== null && { expected: check.list(raw.expected, "expected") }),
  };
  if (check.problems.length)
    throw new JobError(`${what} is not a test definition: ${check.problems.join("; ")}`, {
      advice: "A test definition needs `metadata` with `format` and `name`, and `run` with `steps`.",
    });
  return { definition, notes: check.notes };
}
