/** Devices whose templates are LAVA's. */
import type { Json, JsonMap } from "../base/json.js";
import { nearest } from "../base/nearest.js";
import { MOST_TOLD, type Problem } from "../base/problem.js";
import type { ParsedYaml } from "../definition/yaml-text.js";
import { jinjaDictionary, jinjaLiteral } from "./jinja-literal.js";
import { type FindTemplate, JinjaRenderer } from "./jinja-renderer.js";
import { type AskPython, pythonRenderer } from "./python-renderer.js";
import { parseRendered, withUnset } from "./rendered-yaml.js";
import { TemplateError } from "./template-language.js";

/** Where templates in Jinja2 are found, and what renders them. */
export interface JinjaSource {
  find: FindTemplate;
  /** The folders that `find` looks into, for Python. */
  folders: string[];
  /** Names of all device types, for hints. */
  names?(): string[];
  /** Render with Python's Jinja2. */
  python?: AskPython;
  /** The device's own name, when it is not that of its file. */
  deviceName?: string;
}

export interface JinjaDictionary {
  extended?: string;
  values: Map<string, { value: Json | undefined; line: number }>;
}

interface DeviceText {
  text: string;
  file: string;
  type: string | undefined;
  dictionary: JinjaDictionary;
  /** Where a line of the text was written; without it, in the file itself. */
  placeOf?: (line: number) => { file: string; line: number };
  sourceOf?: (line: number) => string;
}

/** What a dictionary says, without the templates above it. */
export function readJinja(
  text: string,
  file: string,
  jinja: JinjaSource,
): { dictionary?: JinjaDictionary; problem?: Problem } {
  // what only Python can read tells nothing
  if (jinja.python) {
    const extended = /\{%[-+]?\s*extends\s+(['"])(.*?)\1/.exec(text)?.[2];
    return { dictionary: { ...(extended !== undefined && { extended }), values: new Map() } };
  }
  try {
    return { dictionary: new JinjaRenderer(jinja.find).read({ file, text }) };
  } catch (error) {
    return { problem: templateProblem(error, text, file, () => undefined, jinja) };
  }
}

/** A dictionary in YAML, as LAVA's templates take it. */
export function yamlAsJinja(parsed: ParsedYaml, extended: string, values: JsonMap): Omit<DeviceText, "type"> {
  const entries = Object.entries(values).filter(([name]) => /^[A-Za-z_]\w*$/.test(name));
  const { file } = parsed;
  const locations = [undefined, ...entries.map(([name]) => parsed.locate([name], "key"))];
  const placeOf = (line: number) => ({ file, line: (locations[line - 1] ?? parsed.locate(["extends"]))?.line ?? 1 });
  const known = entries.map(([name, value], index) => [name, { value, line: index + 2 }] as const);
  return {
    text: jinjaDictionary(extended, entries),
    file,
    dictionary: { extended, values: new Map(known) },
    placeOf,
    sourceOf: (line) => parsed.sourceLine(line),
  };
}

export interface RenderOptions {
  context?: JsonMap;
  variables?: JsonMap;
  tellUnread?: boolean;
}

/** Renders a device. What a job may say in its context reaches the templates; what the dictionary sets stands above it. */
export async function renderJinja(
  device: DeviceText,
  jinja: JinjaSource,
  { context = {}, variables = {}, tellUnread = false }: RenderOptions,
): Promise<{ parsed?: ParsedYaml; text?: string; problems: Problem[]; withUnset: (problem: Problem) => Problem }> {
  const { file, type, placeOf } = device;
  const given = Object.entries(variables).map(([name, value]) => `{% set ${name} = ${jinjaLiteral(asGiven(value))} %}`);
  // behind the text, on its last line: all others stay where they are
  const text = given.length > 0 ? device.text.replace(/\n$/, "") + given.join("") : device.text;
  const problems: Problem[] = [];
  const own = new JinjaRenderer(jinja.find);
  const renderer = jinja.python ? pythonRenderer(jinja.python, jinja.folders, jinja.find) : own;
  const sourceOf = (path: string): string | undefined =>
    path === file && !device.sourceOf ? device.text : own.sourceOf(path);
  try {
    const { allowed, warnings } = await allowedContext(context);
    problems.push(...warnings);
    const names = { scheduled_device_name: jinja.deviceName ?? nameOf(file), scheduled_device_type: type ?? "" };
    const rendered = await renderer.render({ file, text }, { ...allowed, ...names });
    const move = <Place extends { file: string; line: number }>(place: Place): Place =>
      placeOf && place.file === file ? { ...place, ...placeOf(place.line) } : place;
    const places = rendered.places.map((place) => place && move(place));
    const unset = (rendered.unset ?? []).map((each) => ({ ...each, place: move(each.place) }));
    const parsed = parseRendered({ text: rendered.text, places, unset }, file, sourceOf, true);
    if (tellUnread && !jinja.python) problems.push(...unread(device, own));
    return { parsed, text: rendered.text, problems, withUnset: (problem) => withUnset(problem, unset) };
  } catch (error) {
    const problem = templateProblem(error, device.text, file, (path) => own.sourceOf(path), jinja);
    const { location } = problem;
    const isMoved = placeOf !== undefined && location?.file === file;
    problems.push(isMoved ? { ...problem, location: { ...location, ...placeOf(location.line) } } : problem);
    return { problems, withUnset: (each) => each };
  }
}

const nameOf = (file: string): string => (file.split("/").at(-1) ?? file).replace(/\.(?:jinja2|j2|ya?ml)$/, "");

/** Of a command line: `True` and `[a]` mean what they do in a dictionary, all else is text. */
function asGiven(value: Json): Json {
  if (typeof value !== "string") return value;
  if (/^(?:true|false)$/i.test(value)) return value.toLowerCase() === "true";
  return value === "None" ? null : value;
}

/** LAVA's server refuses a job whose context holds other names: by them it could set a command of the worker. */
async function allowedContext(context: JsonMap): Promise<{ allowed: JsonMap; warnings: Problem[] }> {
  const { default: names } = await import("../definition/generated/context-names.json", { with: { type: "json" } });
  const known = new Set<string>(names);
  const entries = Object.entries(context);
  const others = entries.map(([name]) => name).filter((name) => !known.has(name));
  const warnings = others.slice(0, MOST_TOLD).map((name): Problem => {
    const message = `context.${name} of the job has no effect: a job cannot set it for this device`;
    return { severity: "warning", message };
  });
  return { allowed: Object.fromEntries(entries.filter(([name]) => known.has(name))), warnings };
}

function unread({ dictionary, text, file, placeOf, sourceOf }: DeviceText, renderer: JinjaRenderer): Problem[] {
  const read = renderer.namesRead();
  const own = renderer.ownNames({ file, text });
  return [...dictionary.values]
    .filter(([name]) => !read.has(name) && !own.has(name) && !name.startsWith("_"))
    .slice(0, MOST_TOLD)
    .map(([name, { line }]): Problem => {
      const [near] = nearest(name, read);
      const place = placeOf?.(line) ?? { file, line };
      return {
        severity: "warning",
        message: `no template reads the variable "${name}"`,
        location: { ...place, column: 1 },
        source: sourceOf?.(place.line) ?? text.split("\n")[line - 1] ?? "",
        ...(near !== undefined && { hint: `did you mean "${near}"?` }),
      };
    });
}

function templateProblem(
  error: unknown,
  text: string,
  file: string,
  sourceOf: (file: string) => string | undefined,
  jinja: JinjaSource,
): Problem {
  if (!(error instanceof TemplateError)) throw error;
  const { message, line, column, hint } = error;
  const at = error.file ?? file;
  const source = (at === file ? text : sourceOf(at))?.split("\n")[line - 1];
  const missing = /^there is no template "(.*)"$/.exec(message)?.[1];
  const near = missing === undefined ? [] : nearest(missing, jinja.names?.() ?? []);
  const advice =
    near.length > 0
      ? `did you mean ${near.map((name) => `"${name}"`).join(" or ")}?`
      : missing !== undefined
        ? NO_TYPES
        : hint;
  return {
    severity: "error",
    message,
    location: { file: at, line, column },
    ...(source !== undefined && { source }),
    ...(advice && { hint: advice }),
  };
}

const NO_TYPES = "name the folder of LAVA's device types: --device-types DIR";
