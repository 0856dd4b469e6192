import { isMap, type Json, type JsonMap } from "../base/json.js";
import type { Problem } from "../base/problem.js";
import { problemAt } from "./schema-problems.js";
import { pathText } from "./value-text.js";
import type { ParsedYaml, YamlPath } from "./yaml-text.js";

interface Block {
  path: YamlPath;
  parameters: JsonMap;
}

/**
 * What a schema cannot say about a job, as far as its parts have the right shape (spec job.md §2, §3, §8). LAVA asks for
 * all of it where a job is submitted; its dispatcher does not, so that without `strict` these are warnings.
 */
export function crossChecks(job: JsonMap, parsed: ParsedYaml, { strict }: { strict: boolean }): Problem[] {
  const severity = strict ? "error" : "warning";
  const checks: Checks = { job, blocks: blocksOf(job.actions, ["actions"]), parsed, severity };
  return [
    ...longTimeouts(checks),
    // without `strict`, the pipeline tells of namespaces that do not go together
    ...(strict ? namespaces(checks) : []),
    ...testNames(checks),
    ...(isMemberOfGroup(job) ? [] : [...multinode(checks), ...roles(checks)]),
  ];
}

/** Whether a server has split a group of jobs, and this is one of them: it added what else only roles may say. */
const isMemberOfGroup = ({ protocols }: JsonMap): boolean => {
  const group = isMap(protocols) ? protocols["lava-multinode"] : undefined;
  return isMap(group) && group.target_group !== undefined;
};

/** All blocks, those inside of repeat blocks too. */
function blocksOf(actions: Json | undefined, at: YamlPath): Block[] {
  if (!Array.isArray(actions)) return [];
  return actions.flatMap((action, index): Block[] => {
    const [name, parameters] = isMap(action) ? (Object.entries(action)[0] ?? []) : [];
    if (name === undefined || !isMap(parameters)) return [];
    const path = [...at, index, name];
    return name === "repeat" ? blocksOf(parameters.actions, [...path, "actions"]) : [{ path, parameters }];
  });
}

interface Checks {
  job: JsonMap;
  blocks: Block[];
  parsed: ParsedYaml;
  /** Of what LAVA only refuses where jobs are submitted. */
  severity: Problem["severity"];
}

const UNITS: { [unit: string]: number } = { days: 86_400, hours: 3_600, minutes: 60, seconds: 1 };

/** Seconds of a timeout; 0 when it has no unit. */
const seconds = (timeout: JsonMap): number =>
  Object.entries(UNITS).reduce((sum, [unit, factor]) => {
    const count = timeout[unit];
    return typeof count === "number" ? sum + count * factor : sum;
  }, 0);

/** No global or block timeout is longer than the job's; `timeouts` of blocks are not checked. */
function longTimeouts({ job, blocks, parsed, severity }: Checks): Problem[] {
  const { timeouts } = job;
  if (!isMap(timeouts) || !isMap(timeouts.job)) return [];
  const limit = seconds(timeouts.job);
  if (limit === 0) return [];
  const entries: [YamlPath, Json | undefined][] = [
    [["timeouts", "action"], timeouts.action],
    [["timeouts", "connection"], timeouts.connection],
  ];
  for (const kind of ["actions", "connections"]) {
    const named = timeouts[kind];
    if (!isMap(named)) continue;
    for (const [name, timeout] of Object.entries(named)) entries.push([["timeouts", kind, name], timeout]);
  }
  for (const { path, parameters } of blocks) entries.push([[...path, "timeout"], parameters.timeout]);
  return entries.flatMap(([path, timeout]) => {
    const duration = isMap(timeout) ? seconds(timeout) : 0;
    if (duration <= limit) return [];
    const message = `${pathText(path)} (${duration} s) is longer than the whole job may take (${limit} s)`;
    return [
      problemAt(parsed, path, severity, message, {
        hint: "shorten it, or give the job more time",
        related: { path: ["timeouts", "job"], message: "the job's timeout" },
      }),
    ];
  });
}

/** Either every block has a namespace or none. */
function namespaces({ blocks, parsed }: Checks): Problem[] {
  const named = blocks.find(({ parameters }) => parameters.namespace !== undefined);
  if (!named) return [];
  return blocks
    .filter(({ parameters }) => parameters.namespace === undefined)
    .map(({ path }) =>
      problemAt(parsed, path, "error", `${pathText(path)} has no namespace, but other blocks have one`, {
        part: "key",
        hint: "give every block a namespace, or none",
        related: { path: [...named.path, "namespace"], message: "the first block with a namespace" },
      }),
    );
}

/**
 * Names of tests are unique in their block, and should be in their namespace: the index before them keeps apart what
 * later blocks run again. `lava` is the dispatcher's own.
 */
function testNames({ blocks, parsed }: Checks): Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, YamlPath>();
  for (const { path, parameters } of blocks) {
    if (path.at(-1) !== "test" || !Array.isArray(parameters.definitions)) continue;
    for (const [index, item] of parameters.definitions.entries()) {
      if (!isMap(item) || typeof item.name !== "string") continue;
      const at = [...path, "definitions", index, "name"];
      if (item.name === "lava") {
        problems.push(problemAt(parsed, at, "error", 'the name "lava" is reserved', { hint: "choose another name" }));
      }
      const key = JSON.stringify([parameters.namespace || "common", item.name]);
      const first = seen.get(key);
      if (!first) {
        seen.set(key, at);
        continue;
      }
      const severity = first.slice(0, path.length).join() === path.join() ? "error" : "warning";
      const message = `a second test of the namespace is named "${item.name}"`;
      const related = { path: first, message: "it is used here first" };
      problems.push(problemAt(parsed, at, severity, message, { hint: "give it a name of its own", related }));
    }
  }
  return problems;
}

/** A block's roles are a list; only in a member of a group has a server put the one that is meant. */
const roles = ({ blocks, parsed }: Checks): Problem[] =>
  blocks.flatMap(({ path, parameters: { role } }) =>
    typeof role === "string"
      ? [
          problemAt(
            parsed,
            [...path, "role"],
            "error",
            `${pathText(path)}.role must be a list, but is the text "${role}"`,
            {
              hint: `for example: role: [${role}]`,
            },
          ),
        ]
      : [],
  );

/** A group takes its device types, contexts and the like from its roles; the server makes a job of its own of each member. */
function multinode({ job, blocks, parsed, severity }: Checks): Problem[] {
  const group = isMap(job.protocols) ? job.protocols["lava-multinode"] : undefined;
  const member = isMap(group) && group.target_group !== undefined;
  if (group === undefined || member) {
    // A member may be a connection to another one's device.
    if (job.device_type !== undefined || (member && job.connection !== undefined)) return [];
    const hint = "add it, for example: device_type: qemu";
    return [problemAt(parsed, [], severity, '"device_type" is missing in a job', { hint })];
  }
  const problems = ["device_type", "environment", "context", "tags"]
    .filter((key) => job[key] !== undefined)
    .map((key) =>
      problemAt(parsed, [key], severity, `a multinode job cannot have "${key}" at its top level`, {
        part: "key",
        hint: "give it to the roles in protocols.lava-multinode.roles",
      }),
    );
  for (const { path, parameters } of blocks) {
    if (parameters.role !== undefined) continue;
    const message = `"role" is missing in ${pathText(path)}, as in every block of a multinode job`;
    problems.push(problemAt(parsed, path, severity, message, { part: "key" }));
  }
  return problems;
}
