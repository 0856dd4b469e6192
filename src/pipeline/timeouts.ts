import { isMap, type Json, type JsonMap } from "../base/json.js";
import type { Location } from "../base/problem.js";
import type { ParsedYaml, YamlPath } from "../definition/yaml-text.js";
import type { MachineDefaults } from "../strategies/machines-types.js";
import type { TimeoutValue } from "./action-tree.js";
import { locateNear, type ProblemList } from "./problem-list.js";

const SECONDS = { days: 86_400, hours: 3600, minutes: 60, seconds: 1 } as const;

/** Where a block's parameters stand in the job; none for those that no job gives (finalize). */
export interface BlockPlace {
  path: YamlPath | undefined;
}

export interface ParentBudget {
  name: string;
  seconds: number;
  maxRetries: number;
  location?: Location;
}

type Rule = TimeoutValue["chain"][number];

const at = (value: Json | undefined, ...keys: string[]): Json | undefined => {
  let found = value;
  for (const key of keys) found = isMap(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  return found;
};

/** Combines the timeouts of job, device, block and parent into each action's own (spec job.md §2). */
export class TimeoutRules {
  readonly #job: ParsedYaml;
  readonly #device: ParsedYaml;
  readonly #problems: ProblemList;
  readonly #defaults: MachineDefaults;

  constructor(job: ParsedYaml, device: ParsedYaml, defaults: MachineDefaults, problems: ProblemList) {
    this.#job = job;
    this.#device = device;
    this.#problems = problems;
    this.#defaults = defaults;
  }

  /** Seconds of a timeout map: the sum of its units, whole seconds; a sum of nothing is the default. Junk is a problem. */
  #seconds(value: Json | undefined, document: ParsedYaml, path: YamlPath): number | undefined {
    if (value === undefined) return undefined;
    if (!isMap(value)) {
      const message = "A timeout is a map of `days`, `hours`, `minutes` or `seconds`.";
      this.#problems.add({ message, document, path, errorClass: "ConfigurationError", hint: "e.g. `minutes: 5`" });
      return undefined;
    }
    let sum = 0;
    for (const [unit, factor] of Object.entries(SECONDS)) {
      const amount = value[unit];
      if (amount === undefined) continue;
      if (typeof amount === "number" && Number.isFinite(amount) && amount >= 0) sum += amount * factor;
      else {
        const message = `The ${unit} of a timeout are a number from 0 on, not ${JSON.stringify(amount)}.`;
        this.#problems.add({ message, document, path: [...path, unit], errorClass: "ConfigurationError" });
      }
    }
    return sum === 0 ? this.#defaults.timeouts.action : Math.floor(sum);
  }

  #rule(rule: string, value: Json | undefined, document: ParsedYaml, path: YamlPath): Rule[] {
    const seconds = this.#seconds(value, document, path);
    if (seconds === undefined) return [];
    const location = locateNear(document, path);
    return [{ seconds, rule, ...(location && { location }) }];
  }

  #combined(chain: Rule[]): TimeoutValue {
    const last = chain.at(-1)!;
    return { ...last, chain };
  }

  /** The whole job's timeout. */
  job(): TimeoutValue {
    const path = ["timeouts", "job"];
    const own = this.#rule("job timeouts.job", at(this.#job.value, ...path), this.#job, path);
    if (own.length === 0)
      this.#problems.add({
        message: "The job has no timeout: the key `timeouts.job` is missing.",
        document: this.#job,
        path,
        hint: "timeouts: {job: {minutes: 10}}",
      });
    return this.#combined([{ seconds: this.#defaults.timeouts.action, rule: "default" }, ...own]);
  }

  /** Whether the job says how long it may take: a map without a unit, or with a misspelt one, does not. */
  jobGivesOne(): boolean {
    const own = at(this.#job.value, "timeouts", "job");
    return isMap(own) && Object.keys(SECONDS).some((unit) => Object.hasOwn(own, unit));
  }

  /** An action's timeout: six steps, each overwriting the one before. */
  action(
    name: string,
    own: Rule | undefined,
    parameters: JsonMap,
    block: BlockPlace,
    parent: ParentBudget | undefined,
  ): TimeoutValue {
    const [job, device] = [this.#job, this.#device];
    const key = `actions[${JSON.stringify(name)}]`;
    const inBlock = block.path ?? [];
    return this.#combined([
      own ?? { seconds: this.#defaults.timeouts.action, rule: "default" },
      ...this.#rule("job timeouts.action", at(job.value, "timeouts", "action"), job, ["timeouts", "action"]),
      ...this.#rule(`device timeouts.${key}`, at(device.value, "timeouts", "actions", name), device, [
        "timeouts",
        "actions",
        name,
      ]),
      ...this.#rule("block timeout", at(parameters, "timeout"), job, [...inBlock, "timeout"]),
      ...(parent && parent.maxRetries > 1 ? [this.#share(parent)] : []),
      ...this.#rule(`job timeouts.${key}`, at(job.value, "timeouts", "actions", name), job, [
        "timeouts",
        "actions",
        name,
      ]),
      ...this.#rule(`block timeouts[${JSON.stringify(name)}]`, at(parameters, "timeouts", name), job, [
        ...inBlock,
        "timeouts",
        name,
      ]),
    ]);
  }

  /** What the block says, for an action that takes it in place of its default. */
  ofBlock(parameters: JsonMap, block: BlockPlace): Rule | undefined {
    const path = [...(block.path ?? []), "timeout"];
    return this.#rule("block timeout", at(parameters, "timeout"), this.#job, path)[0];
  }

  #share({ name, seconds, maxRetries, location }: ParentBudget): Rule {
    return {
      seconds: Math.floor(seconds / maxRetries),
      rule: `parent ${name}: ${seconds} s / ${maxRetries} retries`,
      ...(location && { location }),
    };
  }

  /** How long one wait on the connection may take. */
  connection(name: string, parameters: JsonMap, block: BlockPlace): TimeoutValue {
    const [job, device] = [this.#job, this.#device];
    const key = `connections[${JSON.stringify(name)}]`;
    return this.#combined([
      { seconds: this.#defaults.timeouts.connection, rule: "default" },
      ...this.#rule("block connection_timeout", at(parameters, "connection_timeout"), job, [
        ...(block.path ?? []),
        "connection_timeout",
      ]),
      ...this.#rule("job timeouts.connection", at(job.value, "timeouts", "connection"), job, [
        "timeouts",
        "connection",
      ]),
      ...this.#rule(`device timeouts.${key}`, at(device.value, "timeouts", "connections", name), device, [
        "timeouts",
        "connections",
        name,
      ]),
      ...this.#rule(`job timeouts.${key}`, at(job.value, "timeouts", "connections", name), job, [
        "timeouts",
        "connections",
        name,
      ]),
    ]);
  }
}
