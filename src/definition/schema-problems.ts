import type { ErrorObject } from "ajv";
import { isMap, type Json, type JsonMap } from "../base/json.js";
import { nearest } from "../base/nearest.js";
import { MOST_TOLD, type Problem, untold } from "../base/problem.js";
import { pythonRegExp } from "../base/python-regexp.js";
import { whyTimed } from "../base/regexp/bounded-regexp.js";
import { expected, flow, found, pathText, quoted } from "./value-text.js";
import type { ParsedYaml, YamlPath } from "./yaml-text.js";

/** What the messages need of a schema; `errorMessage` and `examples` are the schema's own words for its users. */
interface Schema {
  $ref?: string;
  title?: string;
  type?: string | string[];
  properties?: { [key: string]: Schema | boolean };
  enum?: Json[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  errorMessage?: string;
  examples?: Json[];
  unknownKeys?: "error";
  lenient?: boolean;
  lenientKeys?: string[];
  serverKeys?: string[];
  keys?: string[];
  definitions?: { [name: string]: Schema };
}

/** Keywords whose meaning the schema's `errorMessage` tells better. */
const TOLD_BY_SCHEMA = new Set(["pattern", "not", "oneOf", "anyOf", "const", "enum", "minimum", "maximum"]);
/** What LAVA's dispatcher passes over: the pipeline says where it needs more. */
const LENIENT = new Set(["minLength", "minItems", "minProperties", "maxLength", "maximum", "dependencies"]);
const MOST_KEYS = 12;

/**
 * ajv's errors as problems at their places. Unless `strict`, what no pipeline needs is a warning: unknown keys, empty
 * texts and lists, keys without their companions, and what a schema calls `lenient`; all else is an error.
 * @param schema gives the root schema, for what its references stand for: asked for only when something is to be said
 */
export function schemaProblems(
  errors: readonly ErrorObject[],
  schema: () => object,
  parsed: ParsedYaml,
  { strict }: { strict: boolean },
): Problem[] {
  const seen = new Set<string>();
  const problems: Problem[] = [];
  const count = { error: 0, warning: 0 };
  const { told, raised } = withoutMissing(withoutEchoes(errors));
  for (const error of told) {
    const read = new SchemaError(error, schema as () => Schema, parsed, strict);
    const cause = raised.get(error);
    if (cause) read.raise(new SchemaError(cause, schema as () => Schema, parsed, strict));
    // To find the place and a hint takes time.
    if (count[read.severity] > MOST_TOLD && error.keyword !== "pythonRegExp") {
      count[read.severity] += 1;
      continue;
    }
    const problem = read.problem();
    if (!problem) continue;
    const key = `${problem.path} ${problem.message}`;
    if (seen.has(key)) continue;
    seen.add(key);
    count[problem.severity] += 1;
    if (count[problem.severity] <= MOST_TOLD) problems.push(problem);
  }
  return [...problems, ...untold(Math.max(0, count.error - MOST_TOLD), Math.max(0, count.warning - MOST_TOLD))];
}

/** Leaves out what follows from another error: the branches of a failed choice, and all else of a wrong type. */
function withoutEchoes(errors: readonly ErrorObject[]): ErrorObject[] {
  const choices = new Map<string, ErrorObject[]>();
  // of several schemas for one value, the first that minds its type
  const wrongType = new Map<string, ErrorObject>();
  for (const error of errors) {
    if (error.keyword === "type" && !wrongType.has(error.instancePath)) wrongType.set(error.instancePath, error);
    if (error.keyword !== "oneOf" && error.keyword !== "anyOf") continue;
    const known = choices.get(error.instancePath);
    if (known) known.push(error);
    else choices.set(error.instancePath, [error]);
  }
  const isOfChoice = (error: ErrorObject): boolean => {
    for (let path = error.instancePath; ; path = path.slice(0, path.lastIndexOf("/"))) {
      const above = choices.get(path) ?? [];
      if (above.some((choice) => choice !== error && error.schemaPath.startsWith(`${choice.schemaPath}/`))) return true;
      if (path === "") return false;
    }
  };
  return errors.filter(
    (error) =>
      error.keyword !== "if" &&
      (wrongType.get(error.instancePath) ?? error) === error &&
      (choices.size === 0 || !isOfChoice(error)),
  );
}

/** The keys of which one must be there, as an error says. */
function wantedKeys({ keyword, params, parentSchema }: ErrorObject): string[] {
  if (keyword === "required") return [String(params.missingProperty)];
  if (keyword !== "oneOf" && keyword !== "anyOf") return [];
  const branches = ((parentSchema as Schema | undefined)?.[keyword] ?? []) as { required?: string[] }[];
  return branches.flatMap(({ required }) => required ?? []);
}

/**
 * Leaves out a missing key where an unknown one beside it is that key misspelt: the unknown key is the one mistake, and
 * as bad as what it leads to.
 * @returns the errors that stay, and for a misspelt key the error that was left out for it
 */
function withoutMissing(errors: ErrorObject[]): { told: ErrorObject[]; raised: Map<ErrorObject, ErrorObject> } {
  const unknown = new Map<string, ErrorObject[]>();
  for (const error of errors) {
    if (error.keyword !== "additionalProperties") continue;
    const beside = unknown.get(error.instancePath) ?? [];
    if (beside.length < MOST_TOLD) beside.push(error);
    unknown.set(error.instancePath, beside);
  }
  const raised = new Map<ErrorObject, ErrorObject>();
  const told = errors.filter((error) => {
    const beside = unknown.get(error.instancePath) ?? [];
    const wanted = beside.length > 0 ? wantedKeys(error) : [];
    const cause = beside.find(({ params }) => nearest(String(params.additionalProperty), wanted).length > 0);
    if (cause) raised.set(cause, error);
    return !cause;
  });
  return { told, raised };
}

/** A problem at a place of the file. */
export function problemAt(
  parsed: ParsedYaml,
  path: YamlPath,
  severity: Problem["severity"],
  message: string,
  more: { hint?: string | undefined; part?: "key" | "value"; related?: { path: YamlPath; message: string } } = {},
): Problem {
  const place = (at: YamlPath, part?: "key" | "value") => {
    const location = parsed.locate(at, part);
    return location && { location, source: parsed.sourceAt(location) };
  };
  const related = more.related && place(more.related.path, "key");
  return {
    severity,
    message,
    ...place(path, more.part),
    ...(more.hint && { hint: more.hint }),
    path: pathText(path),
    ...(related && more.related && { related: [{ ...related, message: more.related.message }] }),
  };
}

class SchemaError {
  readonly #path: (string | number)[];
  readonly #schema: Schema;
  #raised = false;
  /** The missing key that an unknown one is meant to be. */
  #meant: string | undefined;
  constructor(
    private readonly error: ErrorObject,
    private readonly root: () => Schema,
    private readonly parsed: ParsedYaml,
    private readonly strict: boolean,
  ) {
    this.#path = pathOf(error.instancePath, parsed.value);
    this.#schema = (error.parentSchema ?? {}) as Schema;
  }

  /** Makes an unknown key as bad as what it leads to. */
  raise(consequence: SchemaError): void {
    this.#raised = consequence.#severity() === "error";
    [this.#meant] = nearest(String(this.error.params.additionalProperty), wantedKeys(consequence.error));
  }

  get severity(): Problem["severity"] {
    if (this.#raised) return "error";
    const isKey = this.error.keyword === "additionalProperties";
    return isKey && !this.strict && this.#schema.unknownKeys !== "error" ? "warning" : "error";
  }

  problem(): Problem | undefined {
    const { keyword, data } = this.error;
    const params = this.error.params as { [name: string]: string };
    const name = pathText(this.#path) || (this.root().title ?? "the file");
    const told = this.#schema.errorMessage;
    if (keyword === "pythonRegExp") return this.#regExp(data as string, name);
    if (told && TOLD_BY_SCHEMA.has(keyword))
      return this.#error(`${name} ${told}`, this.#missingKind(data) ?? this.#example());
    switch (keyword) {
      case "type":
        return this.#error(
          `${name} must be ${expected(this.#schema.type)}, but ${found(data as Json)}`,
          this.#typeHint(),
        );
      case "required":
        return this.#missing(params.missingProperty!, name);
      case "dependencies":
        return this.#error(`${name} has "${params.property}" without "${params.missingProperty}"`);
      case "additionalProperties":
        return this.#unknownKey(params.additionalProperty!);
      case "discriminator":
        return this.#unknownMethod(params.tag!, this.error.params.tagValue as Json | undefined);
      case "enum":
        return this.#error(`${name} cannot be ${data === null ? "empty" : quoted(data as Json)}`, this.#allowed());
      case "const":
        return this.#error(`${name} must be ${quoted(this.error.params.allowedValue as Json)}`);
      case "minimum":
        return this.#error(`${name} must be at least ${params.limit}`);
      case "maximum":
        return this.#error(`${name} must be at most ${params.limit}`);
      case "minLength":
      case "minItems":
      case "minProperties":
        return this.#error(`${name} must not be empty`, this.#example());
      case "maxLength":
        return this.#error(`${name} is longer than ${params.limit} characters`);
      case "maxProperties":
        return this.#error(`${name} has more than one key`, "begin each action with a dash of its own");
      default:
        return this.#error(`${name} does not fit its schema (${keyword})`, this.#example());
    }
  }

  #error(message: string, hint?: string, part: "key" | "value" = "value"): Problem {
    return problemAt(this.parsed, this.#path, this.#severity(), message, { hint, part });
  }

  #severity(): Problem["severity"] {
    if (this.strict) return "error";
    const { keyword, params } = this.error;
    const schema = this.#schema;
    const missing = keyword === "required" ? String(params.missingProperty) : undefined;
    if (LENIENT.has(keyword) || schema.lenient) return "warning";
    if (missing !== undefined && schema.lenientKeys?.includes(missing)) return "warning";
    return this.#inLenientKey() ? "warning" : "error";
  }

  /** Whether a schema on the way to the value calls its key lenient. */
  #inLenientKey(): boolean {
    let schema: Schema | undefined = this.root();
    for (const step of this.#path) {
      if (schema?.lenientKeys?.includes(String(step))) return true;
      schema = this.#deref(schema?.properties?.[step]);
    }
    return false;
  }

  #missing(key: string, name: string): Problem {
    const property = this.#deref(this.#schema.properties?.[key]) ?? this.#deref(this.#fullProperty(key));
    const example = property?.examples?.[0] ?? property?.enum?.[0];
    const misspelt = this.#misspelt(key);
    if (misspelt !== undefined)
      return problemAt(this.parsed, [...this.#path, misspelt], this.#severity(), `"${key}" is missing in ${name}`, {
        hint: `did you mean "${key}" in place of "${misspelt}"?`,
        part: "key",
      });
    const hint = example === undefined ? undefined : `add it, for example: ${key}: ${flow(example)}`;
    return this.#error(`"${key}" is missing in ${name}`, hint, "key");
  }

  /** The keys that a block has whatever its method is. */
  #keysOfEveryBlock(): Set<string> {
    const shared = (this.#schema.allOf ?? []).flatMap(({ $ref }) => ($ref?.endsWith("block..open") ? [$ref] : []));
    return new Set(shared.flatMap(($ref) => Object.keys(this.#deref({ $ref })?.properties ?? {})));
  }

  /** A key that stands there and is none of the schema's, but nearly the one that is missing. */
  #misspelt(missing: string): string | undefined {
    const { data } = this.error;
    if (!isMap(data)) return undefined;
    const known = this.#schema.properties ?? {};
    const unknown = Object.keys(data)
      .filter((key) => !Object.hasOwn(known, key))
      .slice(0, MOST_TOLD);
    return unknown.find((key) => nearest(key, [missing]).length > 0);
  }

  #unknownKey(key: string): Problem | undefined {
    if (!this.strict && this.#schema.serverKeys?.includes(key)) return undefined;
    const known = Object.keys(this.#schema.properties ?? {});
    const near = this.#meant ?? nearest(key, known)[0];
    const common = this.#keysOfEveryBlock();
    const own = known.filter((name) => !common.has(name));
    const unused = (own.length > 0 ? own : known).filter(
      (name) => !isMap(this.error.data) || !Object.hasOwn(this.error.data, name),
    );
    const listed = unused.slice(0, MOST_KEYS).join(", ") + (unused.length > MOST_KEYS ? ", ..." : "");
    const path = [...this.#path, key];
    const where = this.#schema.title ?? (pathText(this.#path) || "the file");
    const hint = near ? `did you mean "${near}"?` : listed && `known here: ${listed}`;
    const message = `"${key}" is not a key of ${where}`;
    const problem = problemAt(this.parsed, path, this.severity, message, { hint, part: "key" });
    return this.#meant === undefined ? problem : { ...problem, path: pathText([...this.#path, this.#meant]) };
  }

  #unknownMethod(tag: string, value: Json | undefined): Problem | undefined {
    // that it is missing is told as such
    if (value === undefined) return undefined;
    const path = [...this.#path, tag];
    const what = this.#schema.title ?? tag;
    if (typeof value !== "string") {
      const message = `${pathText(path)} must be text, but ${found(value)}`;
      return problemAt(this.parsed, path, "error", message, { part: "value" });
    }
    const known = (this.#schema.oneOf ?? []).flatMap((method) => {
      const property = this.#deref(method)?.properties?.[tag];
      return isMap(property) && typeof property.const === "string" ? [property.const] : [];
    });
    const near = nearest(value, known);
    const hint = near.length > 0 ? `did you mean ${near.map(quoted).join(" or ")}?` : `known: ${known.join(", ")}`;
    return problemAt(this.parsed, path, "error", `${what} ${quoted(value)} is not known`, { hint });
  }

  #regExp(text: string, name: string): Problem | undefined {
    try {
      const why = whyTimed(pythonRegExp(text));
      if (why === undefined) return undefined;
      const message = `the regular expression ${quoted(text)} of ${name} can take long: ${why}`;
      const hint = "once searches for it have taken some seconds, it is looked for no more";
      return problemAt(this.parsed, this.#path, "warning", message, { hint });
    } catch (error) {
      const message = `the regular expression ${quoted(text)} of ${name} is wrong: ${(error as Error).message}`;
      return this.#error(message, "a special character that stands for itself needs a backslash before it");
    }
  }

  /** A block whose kind is chosen by its keys has none of them. */
  #missingKind(data: unknown): string | undefined {
    if (!this.#schema.keys || !isMap(data)) return undefined;
    for (const key of Object.keys(data)) {
      const [near] = nearest(key, this.#schema.keys);
      if (near) return `did you mean "${near}" in place of "${key}"?`;
    }
    return undefined;
  }

  #typeHint(): string | undefined {
    const { data } = this.error;
    const types = [this.#schema.type].flat();
    const written = this.#written();
    if (types.includes("string") && (typeof data === "number" || typeof data === "boolean")) {
      return `put it in quotes if it is text: "${written}"`;
    }
    if (types.includes("string") && isMap(data) && written.startsWith("{")) {
      return 'text that begins with { must be in quotes: "{...}"';
    }
    if (["integer", "number", "boolean"].some((type) => types.includes(type)) && /^["']/.test(written))
      return "remove the quotes";
    return this.#example();
  }

  /** What stands in the file at this place. */
  #written(): string {
    const location = this.parsed.locate(this.#path);
    const text = location ? this.parsed.sourceAt(location).slice(location.column - 1) : "";
    return /^[[{"']/.test(text) ? text : text.replace(/\s+#.*$|[,\]}].*$/, "").trim();
  }

  #allowed(): string {
    return `allowed: ${(this.#schema.enum ?? []).map(flow).join(", ")}`;
  }

  #example(): string | undefined {
    const example = this.#schema.examples?.[0];
    return example === undefined ? undefined : `for example: ${flow(example)}`;
  }

  /** The property where the schema only says that it is known: the included schema has it. */
  #fullProperty(key: string): Schema | boolean | undefined {
    for (const part of this.#schema.allOf ?? []) {
      const property = this.#deref(part)?.properties?.[key];
      if (property !== undefined) return property;
    }
    return undefined;
  }

  /** The schema itself, or the one that it refers to; keys beside a reference win. */
  #deref(schema: Schema | boolean | undefined): Schema | undefined {
    if (typeof schema !== "object") return undefined;
    const ref = schema.$ref ?? schema.allOf?.[0]?.$ref;
    const target = ref?.startsWith("#/definitions/") ? this.root().definitions?.[ref.slice(14)] : undefined;
    return target ? { ...target, ...schema } : schema;
  }
}

/** A JSON pointer as a path; digits are list positions where the value is a list. */
function pathOf(pointer: string, value: Json): (string | number)[] {
  let at: Json | undefined = value;
  return pointer
    .split("/")
    .slice(1)
    .map((part) => {
      const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
      if (Array.isArray(at)) {
        at = at[Number(key)];
        return Number(key);
      }
      at = isMap(at) ? (at as JsonMap)[key] : undefined;
      return key;
    });
}
