import { isMap, type Json, type JsonMap } from "../base/json.js";
import type { ParsedYaml, YamlPath } from "../definition/yaml-text.js";
import type { Family, Machines } from "../strategies/machines-types.js";
import { didYouMean } from "../strategies/nearest-name.js";
import type { ProblemList } from "./problem-list.js";

export const DEFAULT_NAMESPACE = "common";
/** Set aside for the containers of docker tests. */
const RESERVED_NAMESPACE = "docker-test-shell";

/** One block of the job's `actions`. */
export interface Block {
  index: number;
  family: Family;
  /** The block's keys with the job's protocols merged in. */
  parameters: JsonMap;
  namespace: string;
  /** `connection-namespace`, when it differs from `namespace`. */
  sharedNamespace?: string;
  /** Place in the job. */
  path: YamlPath;
}

/** Families that blocks may name; `finalize` is added by the pipeline itself. */
export function blockFamilies(machines: Machines): string[] {
  return [...new Set(machines.strategies.map(({ family }) => family))].filter((family) => family !== "finalize");
}

/** The job's `actions` as blocks (spec job.md §3); what has not their form is a problem and left out. */
export function readBlocks(job: ParsedYaml, machines: Machines, problems: ProblemList): (Block | undefined)[] {
  const families = blockFamilies(machines);
  const root = isMap(job.value) ? job.value : {};
  if (!isMap(job.value)) problems.add({ message: "A job is one map of keys.", document: job });
  else if (!Array.isArray(root.actions))
    problems.add({ message: "The job has no list of `actions`.", document: job, path: ["actions"] });
  const protocols = isMap(root.protocols) ? root.protocols : {};
  return (Array.isArray(root.actions) ? root.actions : []).map((entry, index) => {
    const path = ["actions", index];
    if (!isMap(entry) || Object.keys(entry).length !== 1) {
      const message = "An entry of `actions` is a map with one key.";
      problems.add({ message, document: job, path, hint: `one of ${families.join(", ")}` });
      return undefined;
    }
    const [family, block] = Object.entries(entry)[0] as [string, Json];
    if (!families.includes(family)) {
      const hint = didYouMean(family, families) ?? `use one of ${families.join(", ")}`;
      problems.add({ message: `Unknown action name "${family}".`, document: job, path: [...path, family], hint });
      return undefined;
    }
    if (!isMap(block)) {
      problems.add({ message: `A ${family} block is a map of keys.`, document: job, path: [...path, family] });
      return undefined;
    }
    const namespace = typeof block.namespace === "string" ? block.namespace : DEFAULT_NAMESPACE;
    const shared = block["connection-namespace"];
    return {
      index,
      family: family as Family,
      parameters: family === "command" ? block : { ...block, ...protocols },
      namespace,
      ...(typeof shared === "string" && shared !== namespace && { sharedNamespace: shared }),
      path: [...path, family],
    };
  });
}

/** Rules of namespaces that hold before a job runs (spec job.md §3). */
export function checkNamespaces(job: ParsedYaml, blocks: Block[], problems: ProblemList): void {
  const named = blocks.filter(({ namespace }) => namespace !== DEFAULT_NAMESPACE);
  const unnamed = blocks.find(({ namespace }) => namespace === DEFAULT_NAMESPACE);
  if (named.length > 0 && unnamed)
    problems.add({
      message: `Either all blocks have a namespace or none: this one has none (or "${DEFAULT_NAMESPACE}"), another has "${named[0]?.namespace}".`,
      document: job,
      path: [...unnamed.path, "namespace"],
    });
  for (const { namespace, path } of blocks)
    if (namespace === RESERVED_NAMESPACE)
      problems.add({
        message: `The namespace "${namespace}" is reserved.`,
        document: job,
        path: [...path, "namespace"],
      });
}
