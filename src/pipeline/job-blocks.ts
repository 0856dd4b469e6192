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
  /** Place among all blocks, repetitions counted. */
  index: number;
  family: Family;
  /** The block's keys with the job's protocols merged in. */
  parameters: JsonMap;
  namespace: string;
  /** `connection-namespace`, when it differs from `namespace`. */
  sharedNamespace?: string;
  /** Place in the job. */
  path: YamlPath;
  /** Which repetition of a repeat block it is; 0 outside of one. */
  round: number;
}

/** Families that blocks may name; `finalize` is added by the pipeline itself. */
export function blockFamilies(machines: Machines): string[] {
  return [...new Set(machines.strategies.map(({ family }) => family))].filter((family) => family !== "finalize");
}

/** Repeats a list of blocks (`- repeat: {count: 3, actions: [...]}`), as LAVA once did. */
const REPEAT = "repeat";
/** Blocks of one job, repetitions counted; only what was made to exhaust the dispatcher has more. */
const MOST_BLOCKS = 2000;

/**
 * The job's `actions` as blocks (spec job.md §3), those of a repeat block as often as it says; what has not their form
 * is a problem and left out.
 */
export function readBlocks(job: ParsedYaml, machines: Machines, problems: ProblemList): (Block | undefined)[] {
  const root = isMap(job.value) ? job.value : {};
  if (!isMap(job.value)) problems.add({ message: "A job is one map of keys.", document: job });
  else if (!Array.isArray(root.actions))
    problems.add({ message: "The job has no list of `actions`.", document: job, path: ["actions"] });
  const reader = new BlockReader(job, blockFamilies(machines), isMap(root.protocols) ? root.protocols : {}, problems);
  reader.list(Array.isArray(root.actions) ? root.actions : [], ["actions"], 0);
  return reader.blocks;
}

/** Keys of a block that name a namespace: an empty text names none, which is as if the key were not there. */
const NAMESPACE_KEYS = ["namespace", "connection-namespace", "downloads-namespace"];

const withoutEmptyNamespaces = (block: JsonMap): JsonMap =>
  Object.fromEntries(Object.entries(block).filter(([key, value]) => value !== "" || !NAMESPACE_KEYS.includes(key)));

class BlockReader {
  readonly blocks: (Block | undefined)[] = [];

  constructor(
    private readonly job: ParsedYaml,
    private readonly families: string[],
    private readonly protocols: JsonMap,
    private readonly problems: ProblemList,
  ) {}

  /** Reads a list of blocks; `round` counts the repetitions around it. */
  list(entries: Json[], at: YamlPath, round: number): void {
    for (const [i, entry] of entries.entries()) {
      const path = [...at, i];
      if (isMap(entry) && Object.keys(entry).length === 1 && entry[REPEAT] !== undefined)
        this.#repeat(entry[REPEAT], [...path, REPEAT], round);
      else this.blocks.push(this.#block(entry, path, round));
    }
  }

  #repeat(repeat: Json, path: YamlPath, round: number): void {
    const { problems, job } = this;
    if (!isMap(repeat) || !Array.isArray(repeat.actions)) {
      problems.add({ message: "A repeat block has a `count` and a list of `actions`.", document: job, path });
      return;
    }
    const { count, actions } = repeat;
    if (typeof count !== "number" || !Number.isInteger(count) || count < 1) {
      const message = "The `count` of a repeat block is a whole number of at least 1.";
      problems.add({ message, document: job, path: [...path, "count"] });
      return;
    }
    for (let turn = 0; turn < count; turn++) {
      if (this.blocks.length + actions.length > MOST_BLOCKS) {
        const message = `The job has more than ${MOST_BLOCKS} blocks; the rest is left out.`;
        problems.add({ message, document: job, path: [...path, "count"] });
        return;
      }
      this.list(actions, [...path, "actions"], round * count + turn);
    }
  }

  #block(entry: Json, path: YamlPath, round: number): Block | undefined {
    const { job, families, problems } = this;
    if (!isMap(entry) || Object.keys(entry).length !== 1) {
      const message = "An entry of `actions` is a map with one key.";
      problems.add({ message, document: job, path, hint: `one of ${families.join(", ")}` });
      return undefined;
    }
    const [family, value] = Object.entries(entry)[0] as [string, Json];
    if (!families.includes(family)) {
      const hint = didYouMean(family, families) ?? `use one of ${families.join(", ")}`;
      problems.add({ message: `Unknown action name "${family}".`, document: job, path: [...path, family], hint });
      return undefined;
    }
    if (!isMap(value)) {
      problems.add({ message: `A ${family} block is a map of keys.`, document: job, path: [...path, family] });
      return undefined;
    }
    const block = withoutEmptyNamespaces(value);
    const namespace = typeof block.namespace === "string" ? block.namespace : DEFAULT_NAMESPACE;
    const shared = block["connection-namespace"];
    return {
      index: this.blocks.length,
      family: family as Family,
      parameters: family === "command" ? block : { ...block, ...this.protocols },
      namespace,
      ...(typeof shared === "string" && shared !== namespace && { sharedNamespace: shared }),
      path: [...path, family],
      round,
    };
  }
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
