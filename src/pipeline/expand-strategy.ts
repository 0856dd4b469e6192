import type { ErrorClassName } from "../base/errors.js";
import { isMap, type Json, type JsonMap, own } from "../base/json.js";
import type { Location } from "../base/problem.js";
import type { ParsedYaml, YamlPath } from "../definition/yaml-text.js";
import { type CelScope, evaluateCel, evaluateCondition, evaluateTree } from "../strategies/cel.js";
import type {
  ActionDefinition,
  CheckDefinition,
  Machines,
  PipelineItem,
  StepDefinition,
  StrategyDefinition,
} from "../strategies/machines-types.js";
import { renderText } from "../strategies/text.js";
import type { ActionNode, Pipeline, Step } from "./action-tree.js";
import { locateNear, type ProblemList } from "./problem-list.js";
import { type RetryRule, retryRule } from "./retries.js";
import { nodeScope } from "./runtime-scope.js";
import type { TimeoutRules } from "./timeouts.js";

/** The service that asks the diagnoses. */
const DIAGNOSE = "diagnose-console";
/** Fragments in fragments; a fragment that uses itself without end stops here. */
const DEEPEST = 40;
/** Actions and uses of fragments in one pipeline; only what was made to exhaust the dispatcher has more. */
const MOST_ITEMS = 20_000;

export interface ExpansionInput {
  job: ParsedYaml;
  device: ParsedYaml;
  machines: Machines;
  scope: Pipeline["scope"];
  timeouts: TimeoutRules;
  problems: ProblemList;
  validation: ProblemList;
}

export interface ExpandedBlock {
  section: string;
  namespace: string;
  parameters: JsonMap;
  /** Place in the job; none for finalize. */
  path: YamlPath | undefined;
}

/** Where an item stands while it is expanded. */
interface Position {
  block: ExpandedBlock;
  vars: JsonMap;
  parent?: ActionNode;
  siblings: ActionNode[];
  /** Level of the first sibling, for top-level actions. */
  first: number;
  depth: number;
  /** Whether the block's own `timeout` and `timeouts` count above the job's (trait `block_timeouts`). */
  blockTimeouts: boolean;
}

/** Expands strategies and fragments into action nodes, parents before children (spec pipeline.md §1). */
export class Expansion {
  readonly actions: ActionNode[] = [];
  readonly #input: ExpansionInput;
  #count = 0;
  /** Items with `once` that a namespace has already. */
  readonly #taken = new Set<string>();

  constructor(input: ExpansionInput) {
    this.#input = input;
  }

  /** Adds a block's top-level actions; the first gets the level `position`. */
  addTop(strategy: StrategyDefinition, block: ExpandedBlock, position: number): void {
    const siblings: ActionNode[] = [];
    const place: Position = {
      block,
      vars: {},
      siblings,
      first: position,
      depth: 0,
      blockTimeouts: strategy.traits.block_timeouts !== false,
    };
    this.#guarded(place, strategy.location, () => this.#check(strategy.check, place));
    for (const item of strategy.pipeline) this.#item(item, place);
    for (const node of siblings) node.strategy = strategy.strategy;
    this.actions.push(...siblings);
  }

  /** An expression without a value (junk in the job, a missing key) refuses the job; the rest is built. */
  #guarded(place: Position, machine: Location, expand: () => void): void {
    try {
      expand();
    } catch (error) {
      const { message, name } = error as Error;
      this.#input.problems.add({
        message,
        ...(place.block.path && { document: this.#input.job, path: place.block.path }),
        errorClass: name,
        related: [{ location: machine, message: "in the machines" }],
      });
    }
  }

  #scopeOf({ block, vars, parent }: Position): CelScope {
    const { section, namespace, parameters } = block;
    const level = parent?.level ?? "";
    return nodeScope({ name: parent?.name ?? "", level, section, namespace, parameters, vars }, this.#input.scope);
  }

  #check(checks: CheckDefinition[] | undefined, place: Position): void {
    const { problems, validation, job } = this.#input;
    if (!checks?.length) return;
    const scope = this.#scopeOf(place);
    for (const { cel, otherwise, error, at, severity, key, location } of checks) {
      let holds = false;
      this.#guarded(place, location, () => {
        holds = true;
        holds = evaluateCondition(cel, scope, location);
      });
      if (holds) continue;
      const keys = key === undefined ? [] : renderText(key, scope).split(".");
      const block = place.block.path;
      // A check of what another block gives (a test's definition, while the overlay is deployed) names only the key.
      const elsewhere = keys[0] !== undefined && !Object.hasOwn(place.block.parameters, keys[0]);
      (at === "build" ? problems : validation).addAt(block && locateNear(job, [...block, ...keys]), {
        message: renderText(otherwise, scope),
        errorClass: error ?? "JobError",
        ...(severity && { severity }),
        ...(block && { document: job, path: elsewhere ? keys : [...block, ...keys] }),
      });
    }
  }

  #item(item: PipelineItem, place: Position): void {
    this.#guarded(place, item.location, () => {
      for (const vars of this.#rounds(item, place)) {
        const round: Position = { ...place, vars };
        this.#guarded(round, item.location, () => this.#round(item, round));
      }
    });
  }

  /** Variables of each round of `each`; one round without it. */
  #rounds({ each, as = "item", location }: PipelineItem, place: Position): JsonMap[] {
    if (each === undefined) return [place.vars];
    const over = evaluateCel(each, this.#scopeOf(place), location);
    const entries: [Json, Json][] = Array.isArray(over)
      ? over.map((value, index) => [index, value])
      : isMap(over)
        ? Object.entries(over)
        : [];
    return entries.map(([key, value], index) => ({
      ...place.vars,
      index,
      ...(!Array.isArray(over) && { key }),
      [as]: value,
    }));
  }

  #round(item: PipelineItem, place: Position): void {
    const { machines, problems, job } = this.#input;
    if (++this.#count > MOST_ITEMS) {
      problems.add({
        message: `The pipeline has more than ${MOST_ITEMS} actions and fragments; the rest is left out.`,
      });
      return;
    }
    if (item.when !== undefined && !evaluateCondition(item.when, this.#scopeOf(place), item.location)) return;
    if (item.once) {
      const taken = JSON.stringify([place.block.namespace, item.action?.action ?? item.use]);
      if (this.#taken.has(taken)) return;
      this.#taken.add(taken);
    }
    let { block } = place;
    if (item.parameters !== undefined) {
      const replaced = evaluateCel(item.parameters, this.#scopeOf(place), item.location);
      if (isMap(replaced)) block = { ...block, parameters: replaced };
    }
    const inside: Position = { ...place, block };
    this.#check(item.check, inside);
    if (item.action) {
      this.#action(item.action, inside);
      return;
    }
    if (item.use === undefined) return;
    if (place.depth >= DEEPEST) {
      const message = `The fragment ${item.use} nests more than ${DEEPEST} deep.`;
      problems.add({ message, ...(block.path && { document: job, path: block.path }) });
      return;
    }
    const fragment = own(machines.fragments, item.use);
    if (!fragment) return; // told by the loader
    const given = evaluateTree(item.with ?? {}, this.#scopeOf(inside), item.location) as JsonMap;
    const deeper: Position = { ...inside, vars: { ...place.vars, ...given }, depth: place.depth + 1 };
    for (const each of fragment.pipeline) this.#item(each, deeper);
  }

  #action(definition: ActionDefinition, place: Position): void {
    const { timeouts } = this.#input;
    const { block, parent, siblings, vars } = place;
    const name = definition.action;
    const position = siblings.length + place.first;
    const level = parent ? `${parent.level}.${position}` : String(position);
    const retry: RetryRule = definition.retry
      ? this.#retryRule(block)
      : { maxRetries: 1, repeat: false, interval: this.#input.machines.defaults.retry_interval };
    const own =
      definition.timeout !== undefined
        ? { seconds: definition.timeout, rule: `default of ${name}`, location: definition.location }
        : place.blockTimeouts
          ? undefined
          : timeouts.ofBlock(block.parameters, { path: block.path });
    const budget = parent && {
      name: parent.name,
      seconds: parent.timeout.seconds,
      maxRetries: parent.maxRetries,
      ...(parent.timeout.location && { location: parent.timeout.location }),
    };
    const timed = place.blockTimeouts ? block.parameters : {};
    const jobPlace = block.path && locateNear(this.#input.job, block.path);
    const node: ActionNode = {
      name,
      level,
      ...(definition.class && { className: definition.class }),
      summary: name,
      description: "",
      section: block.section,
      namespace: block.namespace,
      parameters: block.parameters,
      vars,
      retry: definition.retry === true,
      maxRetries: retry.maxRetries,
      repeat: retry.repeat,
      retryInterval: retry.interval,
      timeout: timeouts.action(name, own, timed, { path: block.path }, budget),
      connectionTimeout: timeouts.connection(name, timed, { path: block.path }),
      timeoutError: definition.timeout_error ?? ("JobError" satisfies ErrorClassName),
      commandError: definition.command_error ?? "JobError",
      skipOnTimeout: isMap(block.parameters.timeout) && block.parameters.timeout.skip === true,
      resets: definition.resets === true,
      continueOnFailure: definition.continue !== undefined && definition.continue !== false,
      ...(definition.continue === "quietly" && { quietFailure: true }),
      ...(definition.console !== undefined && { console: definition.console }),
      ...(definition.borrows === true && { borrows: true }),
      diagnose: [],
      children: [],
      ...(jobPlace && { location: jobPlace }),
      machine: definition.location,
    };
    siblings.push(node);
    this.#guarded(place, definition.location, () => this.#fill(node, definition, place));
    const inside: Position = { ...place, parent: node, siblings: node.children, first: 1 };
    for (const item of definition.pipeline ?? []) this.#item(item, inside);
  }

  #retryRule(block: ExpandedBlock): RetryRule {
    const { job, device, scope, problems, machines } = this.#input;
    const sources = {
      job,
      device,
      path: block.path,
      section: block.section,
      constants: own(scope.namespaces, block.namespace)?.constants ?? {},
      defaultInterval: machines.defaults.retry_interval,
    };
    return retryRule(block.parameters, sources, problems);
  }

  /** Texts and steps: they see the node's own level. */
  #fill(node: ActionNode, definition: ActionDefinition, place: Position): void {
    const scope = nodeScope(node, this.#input.scope);
    const { summary, description, url, location } = definition;
    node.summary = renderText(summary ?? description ?? node.name, scope);
    node.description = renderText(description ?? summary ?? node.name, scope);
    if (url !== undefined) {
      const value = evaluateCel(url, scope, location);
      if (typeof value === "string") {
        node.url = value;
        const found = node.location && this.#placeOf(value, place.block);
        if (found) node.location = found;
      }
    }
    for (const key of ["run", "conclude", "cleanup"] as const) {
      const step = this.#step(definition[key], scope, location);
      if (step) node[key] = step;
    }
    const { diagnose = [] } = definition;
    const asked = this.#diagnosis(diagnose.flatMap(({ diagnosis }) => diagnosis ?? []));
    const steps = diagnose.filter(({ diagnosis }) => diagnosis === undefined);
    node.diagnose = [...asked, ...steps.flatMap((step) => this.#step(step, scope, location) ?? [])];
  }

  /** Where a block says a text. */
  #placeOf(wanted: string, { path, parameters }: ExpandedBlock): Location | undefined {
    const below = path && pathOfText(parameters, wanted);
    return below && this.#input.job.locate([...path, ...below]);
  }

  /** All named diagnoses of an action are one step: they are asked in order, and the first that holds is told. */
  #diagnosis(names: string[]): Step[] {
    const diagnoses = names.flatMap((name) => {
      const { location: _, ...found } = own(this.#input.machines.diagnoses, name) ?? { location: undefined };
      if (!("diagnosis" in found)) return []; // told by the loader
      const { diagnosis, state, advice, heard, ...conditions } = found;
      // Names and texts are no expressions.
      const [literal, ...texts] = [diagnosis, state, advice].map((text) => JSON.stringify(text));
      return [{ diagnosis: literal!, state: texts[0]!, advice: texts[1]!, heard, ...conditions }];
    });
    return diagnoses.length ? [{ kind: "service", service: DIAGNOSE, with: { diagnoses } }] : [];
  }

  #step(step: StepDefinition | undefined, scope: CelScope, location: Location): Step | undefined {
    if (!step || (step.when !== undefined && !evaluateCondition(step.when, scope, location))) return undefined;
    const given = step.with ?? {};
    if (step.service !== undefined)
      return { kind: "service", service: step.service, with: given, ...(step.skips && { skips: true }) };
    const dialogue = step.dialogue === undefined ? undefined : own(this.#input.machines.dialogues, step.dialogue);
    return dialogue && { kind: "dialogue", dialogue, with: given };
  }
}

/** The path to the first text of a value that is the wanted one. */
function pathOfText(value: Json, wanted: string): YamlPath | undefined {
  if (value === wanted) return [];
  const entries: [string | number, Json][] = Array.isArray(value)
    ? [...value.entries()]
    : isMap(value)
      ? Object.entries(value)
      : [];
  for (const [key, item] of entries) {
    const below = pathOfText(item, wanted);
    if (below) return [key, ...below];
  }
  return undefined;
}
