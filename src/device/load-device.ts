import { basename } from "node:path";
import { deepMerge, isMap, type Json, type JsonMap } from "../base/json.js";
import { nearest } from "../base/nearest.js";
import { type Location, MOST_TOLD, type Problem, someOf } from "../base/problem.js";
import { schema, validateDevice } from "../definition/generated/validate-device.js";
import { inOrder } from "../definition/load-job.js";
import { problemAt, schemaProblems } from "../definition/schema-problems.js";
import { flow } from "../definition/value-text.js";
import { type ParsedYaml, parseYaml } from "../definition/yaml-text.js";
import { type DeviceTemplate, type TemplateSource, templateChain } from "./template-chain.js";
import { type Rendered, TemplateError } from "./template-language.js";

export interface LoadDeviceOptions extends TemplateSource {
  /** The job's context: it sets the variables that the device type lets a job set. */
  context?: JsonMap;
  jobId?: string;
  /** Set over the dictionary's own, e.g. from a command line. */
  variables?: JsonMap;
}

export interface LoadedDevice {
  /** Device configuration (spec device.md); `{}` when there is none. */
  device: JsonMap;
  /** The configuration as text: `locate` knows dictionary, templates and their lines. */
  parsed: ParsedYaml;
  problems: Problem[];
}

/** Keys of a dictionary that are not variables. */
const EXTENDS = "extends";
/** Keys that every device configuration has. */
const PARTS = ["actions", "constants", "parameters", "timeouts"];
const NEITHER = "write `extends: <device type>` and its variables, or a whole device configuration";
/** Merged over what the templates made. */
const DEVICE = "device";

/**
 * Reads a device: a device dictionary (`extends: <device type>` and variables), which is rendered with its templates, or
 * a rendered device configuration, which is taken as it is. Never rejects; all that is wrong is in `problems`.
 */
export async function loadDevice(text: string, file: string, options: LoadDeviceOptions): Promise<LoadedDevice> {
  const parsed = parseYaml(text, file);
  const problems = [...parsed.problems];
  if (!isMap(parsed.value)) {
    if (!problems.some(({ severity }) => severity === "error")) {
      problems.push({
        severity: "error",
        message: "a device must be a map",
        location: { file, line: 1, column: 1 },
        source: parsed.sourceLine(1),
        hint: NEITHER,
      });
    }
    return { device: {}, parsed, problems };
  }
  if (!(EXTENDS in parsed.value)) return checked(parsed.value, parsed, problems);
  const config = await renderDictionary(parsed, { ...parsed.value, ...options.variables }, options, problems);
  return config ? checked(config.device, config.parsed, problems) : { device: {}, parsed, problems };
}

function checked(device: JsonMap, parsed: ParsedYaml, problems: Problem[]): LoadedDevice {
  if (!PARTS.some((key) => key in device)) {
    problems.push(
      problemAt(parsed, [], "error", "this is neither a device dictionary nor a device configuration", {
        hint: NEITHER,
      }),
    );
    return { device, parsed, problems: someOf(inOrder(problems)) };
  }
  validateDevice(device);
  problems.push(...schemaProblems(validateDevice.errors ?? [], schema, parsed, { strict: false }));
  return { device, parsed, problems: someOf(inOrder(problems)) };
}

async function renderDictionary(
  dictionary: ParsedYaml,
  entries: JsonMap,
  options: LoadDeviceOptions,
  problems: Problem[],
): Promise<{ device: JsonMap; parsed: ParsedYaml } | undefined> {
  const type = entries[EXTENDS];
  if (typeof type !== "string") {
    problems.push(problemAt(dictionary, [EXTENDS], "error", '"extends" must name a device type'));
    return undefined;
  }
  const chain = templateChain(dictionary, type, options, problems);
  if (chain.length === 0) return undefined;
  const variables = {
    hostname: basename(dictionary.file).replace(/\.[^.]*$/, ""),
    ...variablesOf(chain, dictionary, entries, options.context ?? {}, problems),
    device_type: type,
    job_id: options.jobId ?? "",
  };
  if (problems.some(({ severity }) => severity === "error")) return undefined;
  const layers: ParsedYaml[] = [];
  for (const template of chain) {
    try {
      const { text, lines } = await rendered(template, variables);
      layers.push(relocated(parseYaml(text.trim() === "" ? "{}" : text, template.file), lines, template.text));
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      const { file } = template;
      const { line, column, message } = error;
      problems.push({
        severity: "error",
        message,
        location: { file, line, column },
        source: template.text.split("\n")[line - 1] ?? "",
      });
    }
  }
  problems.push(...layers.flatMap((layer) => layer.problems));
  if (problems.some(({ severity }) => severity === "error")) return undefined;
  for (const { value, file } of layers) {
    if (isMap(value)) continue;
    problems.push({
      severity: "error",
      message: "a device type must render to a map",
      location: { file, line: 1, column: 1 },
    });
    return undefined;
  }
  const overrides = entries[DEVICE];
  const maps = [...layers.map(({ value }) => value as JsonMap), ...(isMap(overrides) ? [overrides] : [])];
  const device = maps.reduce((merged, map) => deepMerge(merged, map), {});
  return { device, parsed: joined(device, dictionary, layers) };
}

/** Handlebars is only loaded for a dictionary, its compiler only for a template that is not this project's. */
async function rendered({ compiled, body }: DeviceTemplate, variables: JsonMap): Promise<Rendered> {
  return compiled
    ? (await import("./render-compiled.js")).renderCompiled(compiled, variables)
    : (await import("./render-template.js")).renderTemplate(body, variables);
}

/** Defaults of the templates, overlaid by the dictionary, overlaid by what a job may set. */
function variablesOf(
  chain: DeviceTemplate[],
  dictionary: ParsedYaml,
  entries: JsonMap,
  context: JsonMap,
  problems: Problem[],
): JsonMap {
  const forJobs: JsonMap = Object.assign({}, ...chain.map((template) => template.context));
  const defaults: JsonMap = Object.assign(
    {},
    ...chain.map(({ variables, context: own }) => ({ ...variables, ...own })),
  );
  const values: JsonMap = { ...defaults };
  for (const [name, value] of Object.entries(entries)) {
    if (name === EXTENDS || name === DEVICE) continue;
    if (!Object.hasOwn(defaults, name) && name !== "hostname") {
      const [near] = problems.length < MOST_TOLD ? nearest(name, Object.keys(defaults)) : [];
      const message = `the device type ${flow(entries[EXTENDS] ?? "")} has no variable "${name}"`;
      const hint = near ? `did you mean "${near}"?` : undefined;
      problems.push(problemAt(dictionary, [name], "warning", message, { hint, part: "key" }));
      continue;
    }
    const fits = fitted(value, defaults[name]);
    if (fits === undefined) {
      const message = `"${name}" must be ${typeof defaults[name] === "boolean" ? "true or false" : "a number"}`;
      problems.push(problemAt(dictionary, [name], "error", message));
    } else values[name] = fits;
  }
  for (const [name, value] of Object.entries(context)) {
    if (!Object.hasOwn(forJobs, name)) {
      if (!Object.hasOwn(defaults, name)) continue;
      const message = `context.${name} of the job has no effect: only the device dictionary may set it`;
      problems.push({ severity: "warning", message });
      continue;
    }
    const fits = fitted(value, defaults[name]);
    if (fits !== undefined) values[name] = fits;
    else {
      const what = typeof defaults[name] === "boolean" ? "true or false" : "a number";
      problems.push({ severity: "error", message: `the job's context.${name} must be ${what}, but is ${flow(value)}` });
    }
  }
  return values;
}

/** A value of the default's type: contexts often write `'True'` or `'115200'`. Undefined when it cannot be one. */
function fitted(value: Json, standard: Json | undefined): Json | undefined {
  if (typeof standard === "string" && typeof value === "number") return String(value);
  if (typeof standard !== "boolean" && typeof standard !== "number") return value;
  if (value === null || typeof value === typeof standard) return value;
  const read = typeof value === "string" ? parseYaml(value, "").value : undefined;
  return typeof read === typeof standard ? read : undefined;
}

/** Rendered YAML whose places are those of the template. */
function relocated(parsed: ParsedYaml, lines: number[], templateText: string): ParsedYaml {
  const template = templateText.split("\n");
  const move = (location: Location): Location => ({ ...location, line: lines[location.line] ?? location.line });
  return {
    ...parsed,
    problems: parsed.problems.map((problem) => ({
      ...problem,
      ...(problem.location && { location: move(problem.location) }),
      ...(problem.related && {
        related: problem.related.map((place) => ({ ...place, location: move(place.location) })),
      }),
    })),
    locate: (path, part) => {
      const location = parsed.locate(path, part);
      return location && move(location);
    },
    sourceLine: (line) => template[line - 1] ?? "",
    sourceAt: ({ line }) => template[line - 1] ?? "",
  };
}

/** All layers as one: a place is where the last layer has it. */
function joined(device: JsonMap, dictionary: ParsedYaml, layers: ParsedYaml[]): ParsedYaml {
  const last = layers.toReversed();
  return {
    value: device,
    problems: [],
    file: dictionary.file,
    locate: (path, part) => {
      const overridden = path.length > 0 ? dictionary.locate([DEVICE, ...path], part) : undefined;
      if (overridden) return overridden;
      for (const layer of last) {
        const location = path.length > 0 ? layer.locate(path, part) : undefined;
        if (location) return location;
      }
      return path.length === 0 ? dictionary.locate([EXTENDS], part) : undefined;
    },
    sourceLine: (line) => dictionary.sourceLine(line),
    sourceAt: (location) =>
      (last.find(({ file }) => file === location.file && file !== dictionary.file) ?? dictionary).sourceAt(location),
  };
}
