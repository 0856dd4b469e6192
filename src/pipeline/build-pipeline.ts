import { isMap, type JsonMap } from "../base/json.js";
import { someOf } from "../base/problem.js";
import type { ParsedYaml } from "../definition/yaml-text.js";
import { evaluateCel } from "../strategies/cel.js";
import type { Family, Machines, StrategyDefinition } from "../strategies/machines-types.js";
import { didYouMean } from "../strategies/nearest-name.js";
import { selectStrategy } from "../strategies/select-strategy.js";
import type { Pipeline, Selection } from "./action-tree.js";
import { buildScope, constantsOf, emptyNamespace } from "./build-scope.js";
import { missingData, type ServiceOutputs } from "./check-reads.js";
import { Expansion } from "./expand-strategy.js";
import { type Block, checkNamespaces, DEFAULT_NAMESPACE, readBlocks } from "./job-blocks.js";
import { locateNear, ProblemList } from "./problem-list.js";
import { nodeScope } from "./runtime-scope.js";
import { TimeoutRules } from "./timeouts.js";

export interface PipelineInput {
  job: ParsedYaml;
  device: ParsedYaml;
  machines: Machines;
  /** The dispatcher's settings (spec output.md §4). */
  dispatcher: JsonMap;
  /** Text of the `--env-dut` file. */
  envDut?: string;
  jobId: string;
  /** What the services give; with it, actions are found that read what nobody gives. */
  outputs?: ServiceOutputs;
}

/** Namespaces that a block's test counts for. */
const namespacesOf = (block: Block): string[] =>
  block.sharedNamespace === undefined ? [block.namespace] : [block.namespace, block.sharedNamespace];

class PipelineBuilder {
  readonly problems = new ProblemList();
  readonly validation = new ProblemList();
  readonly selections: Selection[] = [];
  readonly #input: PipelineInput;
  readonly #blocks: (Block | undefined)[];
  readonly #scope: Pipeline["scope"];
  readonly #chosen = new Map<Block, StrategyDefinition>();

  constructor(input: PipelineInput) {
    const { job, device, machines, dispatcher, jobId, envDut } = input;
    this.#input = input;
    this.#scope = buildScope(job.value, device.value, dispatcher, jobId, envDut);
    if (!isMap(device.value))
      this.problems.add({
        message: "A device is one map of keys.",
        document: device,
        errorClass: "ConfigurationError",
      });
    this.#blocks = readBlocks(job, machines, this.problems);
  }

  build(): Pipeline {
    const { job, device, machines } = this.#input;
    const blocks = this.#blocks.filter((block) => block !== undefined);
    for (const block of blocks) for (const name of namespacesOf(block)) this.#namespace(name);
    this.#namespace(DEFAULT_NAMESPACE);
    this.#collectTests(blocks);
    this.#collectDeployments(blocks);
    checkNamespaces(job, blocks, this.validation);

    const timeouts = new TimeoutRules(job, device, machines.defaults, this.problems);
    const jobTimeout = timeouts.job();
    const expansion = new Expansion({
      job,
      device,
      machines,
      scope: this.#scope,
      timeouts,
      problems: this.problems,
      validation: this.validation,
    });
    let position = 1;
    for (const block of this.#blocks) {
      // A block that cannot be built keeps its place, so that the levels of those behind it do not move.
      const before = expansion.actions.length;
      const strategy = block && this.#strategyOf(block);
      if (block && strategy) {
        const selection = this.selections.find(({ index }) => index === block.index);
        if (selection) selection.level = String(position);
        expansion.addTop(strategy, { ...block, section: block.family }, position);
      }
      position += Math.max(1, expansion.actions.length - before);
    }
    this.#finalize(expansion, position);
    if (this.problems.problems.every(({ severity }) => severity !== "error")) this.#missingData(expansion.actions);
    // without a job's timeout there is nothing to be longer than
    if (timeouts.jobGivesOne()) this.#warnOfLongTimeouts(expansion.actions, jobTimeout, new Set());
    this.selections.sort((a, b) => a.index - b.index);
    return {
      actions: expansion.actions,
      scope: this.#scope,
      watchers: machines.watchers,
      jobTimeout,
      problems: someOf(this.problems.problems),
      validation: someOf(this.validation.problems),
      selections: this.selections,
    };
  }

  #namespace(name: string): Pipeline["scope"]["namespaces"][string] {
    const { namespaces, job } = this.#scope;
    if (!Object.hasOwn(namespaces, name)) {
      const context = isMap(job.context) ? job.context : {};
      namespaces[name] = emptyNamespace(constantsOf(this.#scope.device, this.#input.machines.defaults, {}, context));
    }
    return namespaces[name]!;
  }

  #candidates(family: Family): StrategyDefinition[] {
    return this.#input.machines.strategies.filter((strategy) => strategy.family === family);
  }

  /** Test blocks come first: what they need decides what deploys and boots do (spec device.md §5). */
  #collectTests(blocks: Block[]): void {
    const stages = new Map<string, number>();
    for (const block of blocks) {
      if (block.family !== "test") continue;
      const strategy = this.#strategyOf(block);
      if (!strategy) continue;
      const traits = this.#traitsOf(strategy, block);
      const stage = stages.get(block.namespace) ?? 0;
      if (traits.needs_overlay) stages.set(block.namespace, stage + 1);
      block.parameters = { ...block.parameters, stage };
      for (const name of namespacesOf(block)) {
        const namespace = this.#namespace(name);
        namespace.needs_overlay ||= traits.needs_overlay === true;
        namespace.needs_deployment_data ||= traits.needs_deployment_data === true;
        namespace.has_shell ||= traits.has_shell === true;
        const { definitions } = block.parameters;
        if (!traits.needs_overlay || !Array.isArray(definitions)) continue;
        const { round } = block;
        const delayed = traits.testshell_delay === true;
        for (const definition of definitions)
          if (isMap(definition))
            namespace.tests.push({ ...definition, index: namespace.tests.length, stage, round, delayed });
      }
    }
  }

  #traitsOf(strategy: StrategyDefinition, block: Block): { [name: string]: boolean } {
    const scope = this.#blockScope(block);
    return Object.fromEntries(
      Object.entries(strategy.traits).map(([name, value]) => {
        if (typeof value === "boolean") return [name, value];
        try {
          return [name, evaluateCel(value, scope, strategy.location) === true];
        } catch {
          return [name, false];
        }
      }),
    );
  }

  /** Data of the operating system, which also overlays the constants of its namespace (spec job.md §1, §3). */
  #collectDeployments(blocks: Block[]): void {
    const { defaults } = this.#input.machines;
    const context = isMap(this.#scope.job.context) ? this.#scope.job.context : {};
    for (const block of blocks) {
      const namespace = this.#namespace(block.namespace);
      const { parameters } = block;
      if (parameters.ignore_kernel_messages === true) namespace.ignore_kernel_messages = true;
      if (block.family !== "deploy") continue;
      const strategy = this.#strategyOf(block);
      const uses = strategy !== undefined && this.#traitsOf(strategy, block).uses_deployment_data === true;
      if (!(uses && namespace.needs_deployment_data) && parameters.preseed === undefined) continue;
      const os = typeof parameters.os === "string" ? parameters.os : "";
      const row = Object.hasOwn(defaults.os, os) ? defaults.os[os]! : {};
      if (Object.keys(row).length === 0) continue;
      namespace.deployment_data = row;
      namespace.constants = constantsOf(this.#scope.device, defaults, row, context);
    }
  }

  #blockScope({ family, namespace, parameters }: Pick<Block, "family" | "namespace" | "parameters">): object {
    return nodeScope({ name: "", level: "", section: family, namespace, parameters, vars: {} }, this.#scope);
  }

  /** The block's strategy; chosen once, told once. */
  #strategyOf(block: Block): StrategyDefinition | undefined {
    const known = this.#chosen.get(block);
    if (known || this.selections.some(({ index }) => index === block.index)) return known;
    const { job } = this.#input;
    const location = locateNear(job, block.path);
    const selection: Selection = {
      index: block.index,
      path: block.path,
      family: block.family,
      ...(location && { location }),
      refused: [],
    };
    this.selections.push(selection);
    const scope = this.#blockScope(block);
    if (!this.#meets(block, scope)) return undefined;
    const result = selectStrategy(this.#candidates(block.family), scope);
    selection.refused = result.refused;
    if (!result.chosen) {
      this.#noStrategy(block, result);
      return undefined;
    }
    selection.chosen = result.chosen.strategy;
    this.#chosen.set(block, result.chosen);
    return result.chosen;
  }

  /** What a family asks of block and device before any strategy is asked. */
  #meets(block: Block, scope: object): boolean {
    const { job, device, machines } = this.#input;
    const { requires = [] } = machines.defaults.families[block.family] ?? {};
    for (const check of requires) {
      let holds = false;
      try {
        holds = evaluateCel(check.cel, scope, check.location) === true;
      } catch {
        // what cannot be evaluated does not hold
      }
      if (holds) continue;
      const where = locateNear(device, ["actions", block.family]);
      this.problems.add({
        message: check.otherwise,
        document: job,
        path: check.key ? [...block.path, check.key] : block.path,
        errorClass: check.error ?? "JobError",
        ...(where && { related: [{ location: where, message: "the device" }] }),
      });
      return false;
    }
    return true;
  }

  #noStrategy(block: Block, { nearest, refused, errorClass }: ReturnType<typeof selectStrategy>): void {
    const { job, device, machines } = this.#input;
    const selector = machines.defaults.families[block.family]?.selector;
    const value = selector === undefined ? undefined : block.parameters[selector];
    const names = this.#candidates(block.family).map(({ strategy }) => strategy.split("/")[1]!);
    const hint = nearest || typeof value !== "string" ? undefined : didYouMean(value, names);
    const asked = selector === undefined ? "" : ` with \`${selector}: ${JSON.stringify(value)}\``;
    const where = locateNear(device, ["actions", block.family, "methods"]);
    const why = nearest
      ? ` ${nearest.strategy} came nearest (${nearest.held} of ${nearest.of} conditions hold); it refuses because ${nearest.reason}.`
      : selector === undefined
        ? ` ${refused.map(({ strategy, reason }) => `${strategy}: ${reason}.`).join(" ")}`
        : ` No strategy has this method; there are ${names.join(", ")}.`;
    this.problems.add({
      message: `None of the ${refused.length} ${block.family} strategies accepts this block${asked}.${why}`,
      document: job,
      path: selector === undefined ? block.path : [...block.path, selector],
      ...(errorClass && { errorClass }),
      ...(hint && { hint }),
      related: [
        ...(where ? [{ location: where, message: "the device's methods", source: device.sourceLine(where.line) }] : []),
        ...(nearest ? [{ location: nearest.location, message: `the condition: ${nearest.condition}` }] : []),
      ],
    });
  }

  #finalize(expansion: Expansion, position: number): void {
    const scope = this.#blockScope({ family: "finalize", namespace: DEFAULT_NAMESPACE, parameters: {} });
    const { chosen } = selectStrategy(this.#candidates("finalize"), scope);
    if (!chosen) {
      this.problems.add({ message: "The machines have no strategy of the family finalize.", errorClass: "LAVABug" });
      return;
    }
    const block = { section: "finalize", namespace: DEFAULT_NAMESPACE, parameters: {}, path: undefined };
    expansion.addTop(chosen, block, position);
  }

  /** Of a job that is built as asked: what its actions read and none before them gives. */
  #missingData(actions: Pipeline["actions"]): void {
    for (const { action, read } of missingData(actions, this.#input.outputs ?? {}))
      this.validation.addAt(action.location, {
        message: `${action.name} needs ${read}, which no action before it makes in the namespace "${action.namespace}".`,
        errorClass: "JobError",
        document: this.#input.job,
        hint: "a deploy block of this namespace, before this one, makes it: the test overlay is made for a test in the namespace",
      });
  }

  /** One warning for each timeout of the job, however many actions it is of; those of a device know no job. */
  #warnOfLongTimeouts(actions: Pipeline["actions"], job: Pipeline["jobTimeout"], told: Set<string>): void {
    for (const { name, timeout, children } of actions) {
      const { file, line, column } = timeout.location ?? {};
      const key = timeout.location ? `${file}:${line}:${column}` : timeout.rule;
      const ofJob = file === undefined || file === this.#input.job.file;
      if (ofJob && timeout.seconds > job.seconds && !told.has(key)) {
        told.add(key);
        const message = `The timeout of ${name}, ${timeout.seconds} s (${timeout.rule}), is longer than the job's, ${job.seconds} s.`;
        this.problems.addAt(timeout.location, { severity: "warning", message, document: this.#input.job });
      }
      this.#warnOfLongTimeouts(children, job, told);
    }
  }
}

/**
 * Job and device → action tree (spec job.md §2-§6, pipeline.md §1). Never throws on bad input and needs no schema:
 * what LAVA would refuse while building is an error in `problems`, what it would refuse in its validation is in
 * `validation`, and the rest is built as if the refused part were not there.
 */
export const buildPipeline = (input: PipelineInput): Pipeline => new PipelineBuilder(input).build();
