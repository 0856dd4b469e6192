import type { ErrorClassName } from "../base/errors.js";
import { isMap, type Json, type JsonMap } from "../base/json.js";
import { checkCel } from "./check-cel.js";
import type { MachineFile, Path } from "./machine-file.js";
import type {
  ActionDefinition,
  CelTree,
  CheckDefinition,
  ConditionDefinition,
  Family,
  MachineDefaults,
  PipelineItem,
  StepDefinition,
  StrategyDefinition,
} from "./machines-types.js";
import { didYouMean } from "./nearest-name.js";
import { checkText } from "./text.js";

/** Copies the keys that the map has; the file's schema has already said what they may hold. */
function pick<Key extends string>(map: JsonMap, ...keys: Key[]): { [key in Key]?: never } {
  return Object.fromEntries(keys.filter((key) => map[key] !== undefined).map((key) => [key, map[key]])) as never;
}

/** Reads the parts that all kinds of files share, checking each expression and text as it goes. */
export class MachineReader {
  /** All that were read, each with its place. */
  readonly expressions: { expression: string; path: Path }[] = [];

  constructor(readonly source: MachineFile) {}

  cel(value: Json | undefined, path: Path): void {
    if (typeof value !== "string") return;
    const why = checkCel(value);
    if (why !== undefined) this.source.refuse(path, `The expression \`${value}\` ${why}.`);
    else this.expressions.push({ expression: value, path });
  }

  tree(value: Json | undefined, path: Path): void {
    if (typeof value === "string") this.cel(value, path);
    else if (Array.isArray(value))
      value.forEach((each, i) => {
        this.tree(each, [...path, i]);
      });
    else if (isMap(value)) for (const [key, each] of Object.entries(value)) this.tree(each, [...path, key]);
  }

  text(value: Json | undefined, path: Path): void {
    const why = typeof value === "string" ? checkText(value) : undefined;
    if (why !== undefined) this.source.refuse(path, `The text does not parse: ${why}`);
  }

  unknown(path: Path, kind: string, name: string, known: Iterable<string>): void {
    this.source.refuse(path, `There is no ${kind} "${name}".`, didYouMean(name, known));
  }

  list<T>(value: Json | undefined, path: Path, read: (value: Json, path: Path) => T): T[] {
    return Array.isArray(value) ? value.map((each, i) => read(each, [...path, i])) : [];
  }

  step(value: JsonMap, path: Path): StepDefinition {
    this.cel(value.when, [...path, "when"]);
    this.tree(value.with, [...path, "with"]);
    return pick(value, "service", "dialogue", "with", "when", "skips");
  }

  condition(value: Json, path: Path): ConditionDefinition {
    const map: JsonMap = isMap(value) ? value : { cel: value };
    this.cel(map.cel, isMap(value) ? [...path, "cel"] : path);
    this.text(map.otherwise, [...path, "otherwise"]);
    return { cel: String(map.cel), ...pick(map, "otherwise", "refuse"), location: this.source.locate(path) };
  }

  check(value: Json, path: Path): CheckDefinition {
    const map = isMap(value) ? value : {};
    this.cel(map.cel, [...path, "cel"]);
    this.text(map.otherwise, [...path, "otherwise"]);
    this.text(map.key, [...path, "key"]);
    return {
      cel: String(map.cel),
      otherwise: String(map.otherwise),
      ...pick(map, "error", "at", "severity", "key"),
      location: this.source.locate(path),
    };
  }

  action(map: JsonMap, path: Path): ActionDefinition {
    const { source } = this;
    for (const key of ["summary", "description"]) this.text(map[key], [...path, key]);
    this.cel(map.url, [...path, "url"]);
    const step = (key: string) =>
      isMap(map[key]) ? { [key]: this.step(map[key] as JsonMap, [...path, key]) } : undefined;
    // `service:` and `dialogue:` beside the action's name are the short form of `run:`.
    const short = map.service !== undefined || map.dialogue !== undefined;
    return {
      action: String(map.action),
      ...pick(
        map,
        "class",
        "summary",
        "description",
        "retry",
        "timeout",
        "resets",
        "continue",
        "console",
        "borrows",
        "url",
      ),
      ...(pick(map, "timeout_error", "command_error") as { timeout_error?: ErrorClassName }),
      ...(short ? { run: this.step(pick(map, "service", "dialogue", "with"), path) } : step("run")),
      ...step("conclude"),
      ...step("cleanup"),
      ...(Array.isArray(map.diagnose) && {
        diagnose: this.list(map.diagnose, [...path, "diagnose"], (each, at) =>
          typeof each === "string" ? { diagnosis: each } : this.step(isMap(each) ? each : {}, at),
        ),
      }),
      ...(map.pipeline !== undefined && { pipeline: this.pipeline(map.pipeline, [...path, "pipeline"]) }),
      location: source.locate([...path, "action"]),
    };
  }

  item(value: Json, path: Path): PipelineItem {
    const map = isMap(value) ? value : {};
    for (const key of ["when", "each", "parameters"]) this.cel(map[key], [...path, key]);
    const inline = map.action !== undefined;
    if (!inline) this.tree(map.with, [...path, "with"]);
    return {
      ...(inline ? { action: this.action(map, path) } : pick(map, "use", "with")),
      ...pick(map, "when", "each", "as", "once", "parameters"),
      ...(map.check !== undefined && { check: this.list(map.check, [...path, "check"], (v, at) => this.check(v, at)) }),
      location: this.source.locate(path),
    };
  }

  pipeline(value: Json | undefined, path: Path): PipelineItem[] {
    return this.list(value, path, (each, at) => this.item(each, at));
  }

  /** machines/defaults.yaml */
  defaults(): MachineDefaults {
    const { map } = this.source;
    const families: MachineDefaults["families"] = {};
    for (const [family, value] of Object.entries(isMap(map.families) ? map.families : {})) {
      const entry = isMap(value) ? value : {};
      families[family] = {
        ...pick(entry, "selector"),
        requires: this.list(entry.requires, ["families", family, "requires"], (each, at) => this.check(each, at)),
      };
    }
    return { ...map, families } as unknown as MachineDefaults;
  }

  strategy(): StrategyDefinition {
    const { map } = this.source;
    const strategy = String(map.strategy);
    const traits = isMap(map.traits) ? (map.traits as { [name: string]: boolean | string }) : {};
    this.tree(traits as CelTree, ["traits"]);
    return {
      strategy,
      family: strategy.split("/")[0] as Family,
      order: typeof map.order === "number" ? map.order : Number.MAX_SAFE_INTEGER,
      priority: typeof map.priority === "number" ? map.priority : -1,
      accepts: this.list(map.accepts, ["accepts"], (each, at) => this.condition(each, at)),
      traits,
      ...(map.check !== undefined && { check: this.list(map.check, ["check"], (each, at) => this.check(each, at)) }),
      pipeline: this.pipeline(map.pipeline, ["pipeline"]),
      location: this.source.locate(["strategy"]),
    };
  }
}
