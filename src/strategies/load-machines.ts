import { createRequire } from "node:module";
import type { ErrorObject, ValidateFunction } from "ajv";
import schema from "../../machines/schema.json" with { type: "json" };
import { type JsonMap, own } from "../base/json.js";
import { type Location, type Problem, someOf } from "../base/problem.js";
import { variablesOf } from "./check-cel.js";
import { MachineFile, type Path } from "./machine-file.js";
import type {
  ActionDefinition,
  FragmentDefinition,
  MachineDefaults,
  Machines,
  PipelineItem,
  StepDefinition,
  StrategyDefinition,
} from "./machines-types.js";
import { didYouMean } from "./nearest-name.js";
import { readDiagnosis, readDialogue, readWatchers } from "./read-dialogues.js";
import { MachineReader } from "./read-pipeline.js";

export interface MachineText {
  file: string;
  text: string;
}

export interface LoadOptions {
  /** The services that exist, with the names of their inputs; without it they are not checked. */
  services?: { [name: string]: readonly string[] };
  /** What the files are merged over (the built-in machines); the same names are replaced. */
  base?: Machines;
}

export interface LoadedMachines {
  machines: Machines;
  problems: Problem[];
}

/** The key that says what a file is. */
const KINDS = ["strategy", "fragment", "action", "dialogue", "watchers", "diagnosis", "os"];

/** What expressions see by itself; loops and fragments have more. */
const SCOPE = [
  ...[
    "job",
    "device",
    "dispatcher",
    "job_id",
    "ns",
    "level",
    "action",
    "section",
    "methods",
    "parameters",
    "constants",
  ],
  ...["deployment_data", "tests", "traits", "data", "all_data", "timeout", "connection_timeout", "test", "message"],
  ...[
    "attempt",
    "connected",
    "context",
    "match",
    "now",
    "error",
    "awaited",
    "remaining",
    "line",
    "index",
    "item",
    "key",
  ],
  // the types of CEL
  ...["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "uint", "optional_type"],
];

const NO_DEFAULTS: MachineDefaults = {
  timeouts: { action: 30, connection: 30, cleanup: 300 },
  retry_interval: 1,
  families: {},
  os: {},
  constants: {},
};

function compileSchema(): ValidateFunction {
  const { Ajv } = createRequire(import.meta.url)("ajv") as typeof import("ajv");
  return new Ajv({ allErrors: true, strict: false, verbose: true }).compile(schema);
}

const decode = (pointer: string): Path =>
  pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));

/** One sentence for one finding of ajv; undefined for those that only lead to others. */
function sentence(error: ErrorObject): { path: Path; message: string; hint?: string } | undefined {
  const path = decode(error.instancePath);
  const where = path.length ? `\`${path.at(-1)}\`` : "The file";
  switch (error.keyword) {
    case "if":
    case "anyOf":
    case "not":
      return error.keyword === "if" ? undefined : { path, message: `${where}: these keys do not go together.` };
    case "additionalProperties": {
      const key = String(error.params.additionalProperty);
      const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {});
      const hint = didYouMean(key, known);
      return { path: [...path, key], message: `Unknown key "${key}".`, ...(hint && { hint }) };
    }
    case "required":
      return { path, message: `The key "${error.params.missingProperty}" is missing.` };
    case "enum":
      return { path, message: `${where} must be one of ${(error.params.allowedValues as string[]).join(", ")}.` };
    default:
      return { path, message: `${where} ${error.message}.` };
  }
}

/** Every step, item and fragment name below a pipeline, for the checks of references. */
function* walk(
  items: PipelineItem[],
): Generator<{ item: PipelineItem; steps: StepDefinition[]; action?: ActionDefinition }> {
  for (const item of items) {
    const { action } = item;
    const steps = action ? [action.run, action.conclude, action.cleanup, ...(action.diagnose ?? [])] : [];
    yield { item, steps: steps.filter((step) => step !== undefined), ...(action && { action }) };
    if (action?.pipeline) yield* walk(action.pipeline);
  }
}

class Loader {
  readonly machines: Machines;
  readonly problems: Problem[] = [];
  readonly #validate = compileSchema();
  readonly #files = new Map<string, MachineFile>();
  readonly #names = new Map<string, MachineFile>();
  readonly #readers: MachineReader[] = [];

  constructor(readonly options: LoadOptions) {
    const { base } = options;
    this.machines = {
      strategies: [...(base?.strategies ?? [])],
      fragments: { ...base?.fragments },
      dialogues: { ...base?.dialogues },
      watchers: [...(base?.watchers ?? [])],
      diagnoses: { ...base?.diagnoses },
      defaults: base?.defaults ?? NO_DEFAULTS,
    };
  }

  add({ file, text }: MachineText): void {
    const source = new MachineFile(file, text);
    this.#files.set(file, source);
    if (source.problems.length > 0) return;
    if (!KINDS.some((key) => key in source.map)) {
      source.refuse([], `This is no file of machines/: it has none of the keys ${KINDS.join(", ")}.`);
      return;
    }
    if (!this.#validate(source.value)) {
      const seen = new Set<string>();
      for (const error of this.#validate.errors ?? []) {
        const found = sentence(error);
        if (!found || seen.has(`${found.path}${found.message}`)) continue;
        seen.add(`${found.path}${found.message}`);
        source.refuse(found.path, found.message, found.hint);
      }
      return;
    }
    const reader = new MachineReader(source);
    this.#readers.push(reader);
    const { map } = source;
    if (map.strategy !== undefined) this.#strategy(source, reader.strategy());
    else if (map.action !== undefined || map.fragment !== undefined) this.#fragment(source, reader, map);
    else if (map.dialogue !== undefined) {
      const dialogue = readDialogue(reader);
      if (this.#claim(source, "dialogue", dialogue.dialogue)) this.machines.dialogues[dialogue.dialogue] = dialogue;
    } else if (map.watchers !== undefined) {
      for (const watcher of readWatchers(reader)) {
        const old = this.machines.watchers.findIndex((each) => each.watcher === watcher.watcher);
        if (old >= 0) this.machines.watchers[old] = watcher;
        else this.machines.watchers.push(watcher);
      }
    } else if (map.diagnosis !== undefined) {
      const diagnosis = readDiagnosis(reader);
      if (this.#claim(source, "diagnosis", diagnosis.diagnosis))
        this.machines.diagnoses[diagnosis.diagnosis] = diagnosis;
    } else this.machines.defaults = reader.defaults();
  }

  #claim(source: MachineFile, kind: string, name: string): boolean {
    const key = `${kind} ${name}`;
    const first = this.#names.get(key);
    if (first) source.refuse([kind], `The ${kind} "${name}" stands already in ${first.file}.`);
    else this.#names.set(key, source);
    return !first;
  }

  #strategy(source: MachineFile, strategy: StrategyDefinition): void {
    if (!this.#claim(source, "strategy", strategy.strategy)) return;
    const { strategies } = this.machines;
    const old = strategies.findIndex((each) => each.strategy === strategy.strategy);
    if (old >= 0) strategies[old] = strategy;
    else strategies.push(strategy);
  }

  #fragment(source: MachineFile, reader: MachineReader, map: JsonMap): void {
    const plain = map.action !== undefined;
    const name = String(plain ? map.action : map.fragment);
    const fragment: FragmentDefinition = {
      fragment: name,
      pipeline: plain ? [reader.item(map, [])] : reader.pipeline(map.pipeline, ["pipeline"]),
      location: source.locate([plain ? "action" : "fragment"]),
    };
    if (this.#claim(source, plain ? "action" : "fragment", name)) this.machines.fragments[name] = fragment;
  }

  /** References between files; only those in files of this load can be wrong. */
  checkReferences(): void {
    const { machines, options } = this;
    const { services } = options;
    const pipelines = [...machines.strategies, ...Object.values(machines.fragments)];
    for (const { pipeline } of pipelines)
      for (const { item, steps, action } of walk(pipeline)) {
        const place = action?.location ?? item.location;
        if (item.use !== undefined && !Object.hasOwn(machines.fragments, item.use))
          this.#unknown(place, "fragment", item.use, Object.keys(machines.fragments));
        for (const step of steps) {
          const dialogue = step.dialogue === undefined ? undefined : own(machines.dialogues, step.dialogue);
          if (step.dialogue !== undefined && !dialogue)
            this.#unknown(place, "dialogue", step.dialogue, Object.keys(machines.dialogues));
          if (dialogue) this.#checkInputs(place, step, `dialogue ${step.dialogue}`, Object.keys(dialogue.context));
          if (step.diagnosis !== undefined && !Object.hasOwn(machines.diagnoses, step.diagnosis))
            this.#unknown(place, "diagnosis", step.diagnosis, Object.keys(machines.diagnoses));
          if (step.service === undefined || !services) continue;
          const inputs = own(services, step.service);
          if (inputs) this.#checkInputs(place, step, `service ${step.service}`, inputs);
          else this.#unknown(place, "service", step.service, Object.keys(services));
        }
      }
    this.#checkVariables();
    machines.strategies.sort((a, b) => a.order - b.order || (a.strategy < b.strategy ? -1 : 1));
    for (const source of this.#files.values()) this.problems.push(...source.problems);
  }

  /** What a step hands to a dialogue or a service is among what that knows. */
  #checkInputs(place: Location, step: StepDefinition, whose: string, known: readonly string[]): void {
    const source = this.#files.get(place.file);
    if (!source) return;
    for (const name of Object.keys(step.with ?? {}))
      if (!known.includes(name))
        source.refuseNear(place, ["with", name], `The ${whose} has no input "${name}".`, didYouMean(name, known));
  }

  /** What an expression reads is there: a name of docs/machines.md, a loop's variable, or a fragment's argument. */
  #checkVariables(): void {
    const known = new Set(SCOPE);
    for (const { pipeline } of [...this.machines.strategies, ...Object.values(this.machines.fragments)])
      for (const { item } of walk(pipeline)) {
        if (item.as !== undefined) known.add(item.as);
        if (item.use !== undefined) for (const name of Object.keys(item.with ?? {})) known.add(name);
      }
    for (const { source, expressions } of this.#readers)
      for (const { expression, path } of expressions)
        for (const name of variablesOf(expression))
          if (!known.has(name))
            source.refuse(
              path,
              `The expression \`${expression}\` reads "${name}", which is not there.`,
              didYouMean(name, known),
            );
  }

  /** Told only of files of this load: those of `base` were checked when they were compiled. */
  #unknown({ file, line, column }: Location, kind: string, name: string, known: Iterable<string>): void {
    const source = this.#files.get(file);
    const hint = didYouMean(name, known);
    source?.problems.push({
      severity: "error",
      message: `There is no ${kind} "${name}".`,
      location: { file, line, column },
      ...(hint && { hint }),
    });
  }
}

/**
 * Reads the files of machines/ (docs/machines.md): checks each against machines/schema.json, then what they refer to
 * (fragments, dialogues, services, states) and that every expression and text parses. Pure; every problem of every file
 * is reported with file:line:column, and what is sound is loaded all the same.
 */
export function loadMachines(files: MachineText[], options: LoadOptions = {}): LoadedMachines {
  const loader = new Loader(options);
  for (const file of files) loader.add(file);
  loader.checkReferences();
  return { machines: loader.machines, problems: someOf(loader.problems) };
}
