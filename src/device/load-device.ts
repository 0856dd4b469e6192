import { basename } from "node:path";
import { deepMerge, isMap, type Json, type JsonMap, setKey } from "../base/json.js";
import { nearest } from "../base/nearest.js";
import { MOST_TOLD, type Problem, someOf } from "../base/problem.js";
import { schema, validateDevice } from "../definition/generated/validate-device.js";
import { inOrder } from "../definition/load-job.js";
import { problemAt, schemaProblems } from "../definition/schema-problems.js";
import { flow } from "../definition/value-text.js";
import { type ParsedYaml, parseYaml } from "../definition/yaml-text.js";
import { isJinja, pseudoDictionary } from "./dictionary.js";
import { handlebarsRenderer } from "./handlebars-renderer.js";
import type { JinjaSource } from "./jinja-device.js";
import { parseRendered } from "./rendered-yaml.js";
import { type DeviceTemplate, type TemplateSource, templateChain } from "./template-chain.js";
import { TemplateError } from "./template-language.js";

export interface LoadDeviceOptions extends TemplateSource {
  /** Templates in Jinja2, where there are any. */
  jinja?: JinjaSource;
  /** What a dictionary sets and no template reads is told. */
  tellUnread?: boolean;
  /** The job's context: it sets the variables that the device type lets a job set. */
  context?: JsonMap;
  jobId?: string;
  /** Set over the dictionary's own, e.g. from a command line. */
  variables?: JsonMap;
}

export interface LoadedDevice {
  /** Device configuration (spec device.md); `{}` when there is none. */
  device: JsonMap;
  /** What a template in Jinja2 has written, as it is. */
  rendered?: string;
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
  if (isJinja(text, file)) return loadJinja(text, file, options);
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
  if (isOfJinja(parsed.value, options)) return loadYamlOfJinja(parsed, problems, options);
  const config = await renderDictionary(parsed, { ...parsed.value, ...options.variables }, options, problems);
  return config ? checked(config.device, config.parsed, problems) : { device: {}, parsed, problems };
}

const SUFFIX = ".jinja2";
const typeOf = (extended: string): string => (extended.endsWith(SUFFIX) ? extended.slice(0, -SUFFIX.length) : extended);

/** A dictionary in Jinja2: with the template that it extends or, where only we have that device type, with ours. */
async function loadJinja(text: string, file: string, options: LoadDeviceOptions): Promise<LoadedDevice> {
  const { readJinja, renderJinja } = await import("./jinja-device.js");
  const { jinja = NO_TEMPLATES } = options;
  const { dictionary, problem } = readJinja(text, file, jinja);
  if (!dictionary) return { device: {}, parsed: parseYaml("{}", file), problems: problem ? [problem] : [] };
  const { extended, values } = dictionary;
  const type = extended === undefined ? undefined : typeOf(extended);
  if (type !== undefined && !jinja.find(extended!) && options.template(type)) {
    const parsed = pseudoDictionary(text, file, type, values);
    const problems: Problem[] = [];
    const config = await renderDictionary(
      parsed,
      { ...(parsed.value as JsonMap), ...options.variables },
      options,
      problems,
    );
    return config ? checked(config.device, config.parsed, problems) : { device: {}, parsed, problems };
  }
  const rendered = await renderJinja({ text, file, type, dictionary }, jinja, options);
  return rendered.parsed
    ? checkedJinja({ ...rendered, parsed: rendered.parsed }, rendered.problems)
    : { ...rendered, device: {}, parsed: parseYaml("{}", file) };
}

const NO_TEMPLATES: JinjaSource = { find: () => undefined, folders: [] };

/** Whether a dictionary in YAML is of a device type in Jinja2. */
function isOfJinja({ [EXTENDS]: type }: JsonMap, { template, jinja }: LoadDeviceOptions): boolean {
  return typeof type === "string" && jinja !== undefined && !template(type) && jinja.find(type + SUFFIX) !== undefined;
}

async function loadYamlOfJinja(
  dictionary: ParsedYaml,
  problems: Problem[],
  options: LoadDeviceOptions,
): Promise<LoadedDevice> {
  const { renderJinja, yamlAsJinja } = await import("./jinja-device.js");
  const { [EXTENDS]: type, [DEVICE]: overrides, ...values } = dictionary.value as JsonMap;
  const source = yamlAsJinja(dictionary, String(type) + SUFFIX, values);
  const rendered = await renderJinja({ ...source, type: String(type) }, options.jinja!, options);
  problems.push(...rendered.problems);
  if (!rendered.parsed) return { device: {}, parsed: dictionary, problems };
  const { value } = rendered.parsed;
  if (!isMap(value) || !isMap(overrides)) {
    return checkedJinja({ ...rendered, parsed: rendered.parsed }, problems);
  }
  const device = deepMerge(deepMerge({}, value), overrides);
  return checked(device, joined(device, dictionary, [rendered.parsed]), problems);
}

interface RenderedJinja {
  parsed: ParsedYaml;
  text?: string;
  withUnset: (problem: Problem) => Problem;
}

function checkedJinja({ parsed, text, withUnset }: RenderedJinja, problems: Problem[]): LoadedDevice {
  problems.push(...parsed.problems);
  const { value } = parsed;
  if (!isMap(value)) {
    if (!problems.some(({ severity }) => severity === "error")) {
      problems.push(problemAt(parsed, [], "error", "the templates of this device must give a map"));
    }
    return { device: {}, parsed, problems };
  }
  const loaded = checked(value, parsed, problems);
  return { ...loaded, ...(text !== undefined && { rendered: text }), problems: loaded.problems.map(withUnset) };
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
      const rendered = await handlebarsRenderer.render(template, variables);
      layers.push(parseRendered(rendered, template.file, () => template.text));
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

/** Defaults of the templates, overlaid by the dictionary, overlaid by what a job may set. */
function variablesOf(
  chain: DeviceTemplate[],
  dictionary: ParsedYaml,
  entries: JsonMap,
  context: JsonMap,
  problems: Problem[],
): JsonMap {
  const forJobs: JsonMap = Object.fromEntries(chain.flatMap((template) => Object.entries(template.context)));
  const defaults: JsonMap = Object.fromEntries(
    chain.flatMap(({ variables, context: own }) => [...Object.entries(variables), ...Object.entries(own)]),
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
    } else setKey(values, name, fits);
  }
  for (const [name, value] of Object.entries(context)) {
    if (!Object.hasOwn(forJobs, name)) {
      if (!Object.hasOwn(defaults, name)) continue;
      const message = `context.${name} of the job has no effect: only the device dictionary may set it`;
      problems.push({ severity: "warning", message });
      continue;
    }
    const fits = fitted(value, defaults[name]);
    if (fits !== undefined) setKey(values, name, fits);
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
