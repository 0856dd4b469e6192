// Joins src/definition/schemas/*.yaml into one JSON Schema each for jobs, devices and test definitions, and compiles
// them with ajv into plain functions, so that neither schemas nor ajv are loaded at run time. Publishes them for editors,
// too: <name>.schema.json, and <name>.strict.schema.json that refuses unknown keys.
//   $include: [ref, ...]   takes over the keys of other schemas
//   $folder: name          one schema file per method; `by` names the key that chooses (`example`: one of its values), without it required keys do
// Usage: build-schemas.mjs [FOLDER OF SCHEMAS [OUTPUT FOLDER]]. Objects with properties refuse unknown keys unless they say otherwise.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { _, Ajv } from "ajv";
import standalone from "ajv/dist/standalone/index.js";
import { parse } from "yaml";
import { publishSchema, withoutDescriptions } from "./lib/publish-schema.mjs";
import { markOf, PIECE, splitValidator } from "./lib/split-validator.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const [sources = join(root, "src/definition/schemas"), target = join(root, "src/definition/generated")] =
  process.argv.slice(2);

const isMap = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const mapValues = (map, change) =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value, key)]));

const files = new Map();
/** A source file; its references are rewritten to `<file>#<definition>`, so that they hold anywhere. */
function load(file) {
  const reference = (ref) => {
    const [path, pointer = ""] = ref.split("#");
    const other = path === "" ? file : normalize(join(dirname(file), path));
    return `${other}#${pointer.replace("/definitions/", "")}`;
  };
  const rewrite = (node) => {
    if (Array.isArray(node)) return node.map(rewrite);
    if (!isMap(node)) return node;
    return mapValues(node, (value, key) => {
      if (key === "$ref" && typeof value === "string") return reference(value);
      return key === "$include" ? value.map(reference) : rewrite(value);
    });
  };
  if (!files.has(file)) files.set(file, rewrite(parse(readFileSync(join(sources, file), "utf8"))));
  return files.get(file);
}

/** The source schema that a rewritten reference names. */
function source(ref) {
  const [file, name] = ref.split("#");
  const { definitions = {}, ...whole } = load(file);
  const schema = name ? definitions[name] : whole;
  if (!schema) throw new Error(`no schema is named ${ref}`);
  return schema;
}

/** The keys that a schema knows, with those it includes. */
const keysOf = (ref) => {
  const { $include = [], properties } = source(ref);
  return { ...Object.assign({}, ...$include.map(keysOf)), ...properties };
};

/** One published schema: the entry file, and what it needs as definitions. */
function bundle(entry) {
  const definitions = {};
  const made = new WeakSet();
  const define = (ref, make) => {
    const [file, name] = ref.split("#");
    const key = `${file.replace(".yaml", "").replaceAll("/", ".")}${name ? `.${name}` : ""}`;
    if (!(key in definitions)) {
      definitions[key] = {};
      definitions[key] = make();
    }
    const reference = { $ref: `#/definitions/${key}` };
    made.add(reference);
    return reference;
  };
  const expand = (node) => {
    if (Array.isArray(node)) return node.map(expand);
    if (!isMap(node) || made.has(node)) return node;
    if (node.$folder) return folder(node);
    const { $ref, $include = [], ...own } = node;
    const schema = $include.length > 0 ? including($include, own) : own;
    if (typeof $ref === "string") {
      const ref = define($ref, () => expand(source($ref)));
      // draft 7 ignores what stands beside a reference
      return Object.keys(schema).length > 0 ? { ...schema, allOf: [ref] } : ref;
    }
    const expanded = mapValues(schema, expand);
    const isObject = [expanded.type].flat().includes("object");
    return isObject && expanded.properties && !expanded.discriminator
      ? { additionalProperties: false, ...expanded }
      : expanded;
  };
  /** The included schemas check what they know, in one function for all that include them; here their keys are known. */
  const including = (refs, own) => ({
    ...own,
    type: "object",
    // own keys first: hints list them in this order
    properties: {
      ...own.properties,
      ...Object.assign({}, ...refs.map((ref) => mapValues(keysOf(ref), () => true))),
      ...own.properties,
    },
    allOf: [...refs.map((ref) => define(`${ref}.open`, () => open(ref))), ...(own.allOf ?? [])],
  });
  const open = (ref) => {
    const {
      additionalProperties: _closed,
      type: _type,
      title: _title,
      description: _text,
      ...schema
    } = expand(source(ref));
    return schema;
  };
  const folder = ({ $folder, by, title, example, $include = [] }) => {
    const names = readdirSync(join(sources, $folder)).filter((name) => name.endsWith(".yaml"));
    const methods = names.sort().map((name) => {
      const own = source(`${$folder}/${name}#`);
      const method = basename(name, ".yaml");
      const schema = {
        title: title ? `${title} ${method}` : method,
        type: "object",
        ...(title && { [PIECE]: `${$folder}.${method}` }),
        ...own,
        ...(by && {
          required: [by, ...(own.required ?? [])],
          properties: { [by]: { const: method }, ...own.properties },
        }),
        $include: [...$include, ...(own.$include ?? [])],
      };
      const ref = define(`${$folder}/${name}#`, () => expand(schema));
      return { method, required: own.required ?? [], ref };
    });
    if (!title) return Object.fromEntries(methods.map(({ method, ref }) => [method, ref]));
    if (by) {
      return {
        title,
        type: "object",
        required: [by],
        properties: { [by]: { type: "string", examples: [example ?? methods[0].method] } },
        discriminator: { propertyName: by },
        oneOf: methods.map(({ ref }) => ref),
      };
    }
    // the kind with the most keys first: `definitions` with `docker` is not a plain `definitions`
    const kinds = methods.toSorted((a, b) => b.required.length - a.required.length);
    const keys = methods.map(({ required }) => required.map((key) => `"${key}"`).join(" with ")).join(", ");
    return kinds.reduceRight((otherwise, { required, ref }) => ({ if: { required }, then: ref, else: otherwise }), {
      not: {},
      keys: [...new Set(methods.flatMap(({ required }) => required))],
      errorMessage: `must have ${methods.length > 1 ? "one of " : ""}${keys}`,
    });
  };
  const schema = expand(source(`${entry}#`));
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    $id: basename(entry, ".yaml"),
    ...schema,
    definitions,
  };
}

const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  messages: false,
  discriminator: true,
  inlineRefs: false,
  // lengths in UTF-16 units need no helper at run time; said to be deprecated, hence no logger
  unicode: false,
  logger: false,
  strictTypes: false,
  strictRequired: false,
  code: { source: true, esm: true, regExp: Object.assign((source) => new RegExp(source), { code: "schemaPattern" }) },
});
ajv.addVocabulary(["errorMessage", "unknownKeys", "keys", "lenient", "lenientKeys", "serverKeys"]);
// Reports every text: src/definition/schema-problems.ts compiles it and forgets what is a regular expression.
ajv.addKeyword({
  keyword: "pythonRegExp",
  type: "string",
  schemaType: "boolean",
  code: (context) => context.fail(_`true`),
});

ajv.addKeyword({
  keyword: PIECE,
  schemaType: "string",
  code: ({ gen, schema }) => gen.code(_`${markOf(schema)}`),
});

mkdirSync(target, { recursive: true });
const validators = {
  "job.yaml": "validateJob",
  "device.yaml": "validateDevice",
  "test-definition.yaml": "validateTestDefinition",
};
const read = (file) => (existsSync(join(sources, file)) ? parse(readFileSync(join(sources, file), "utf8")) : undefined);
const glossary = Object.assign(
  {},
  ...readdirSync(join(sources, "glossary")).map((file) => read(join("glossary", file))),
);
/** Validators of the project check `pattern` in bounded time; those made elsewhere stand alone. */
const isOwn = process.argv[3] === undefined;
const PATTERN = isOwn
  ? 'import { schemaPattern } from "../schema-pattern.js";\n'
  : "const schemaPattern = (source) => new RegExp(source);\n";
const MADE = "// Made by scripts/build-schemas.mjs: do not edit.\n";
for (const [entry, name] of Object.entries(validators)) {
  const described = bundle(entry);
  const id = described.$id;
  for (const strict of [false, true]) {
    const { always = [], allOf = [], ...more } = read(`published-${entry}`) ?? {};
    const rules = { ...more, allOf: [...always, ...(strict ? allOf : [])] };
    const published = publishSchema(described, { strict, glossary, rules: rules.allOf.length > 0 ? rules : undefined });
    const file = `${id}.${strict ? "strict." : ""}schema.json`;
    writeFileSync(join(target, file), `${JSON.stringify(published, null, 1)}\n`);
  }
  const schema = withoutDescriptions(described);
  ajv.addSchema(schema);
  let code = standalone(ajv, { [name]: id });
  if (/\brequire\(/.test(code)) throw new Error(`${id}: the generated code needs ajv at run time`);
  const { code: rest, pieces } = splitValidator(code, `./${id}`);
  mkdirSync(join(target, id), { recursive: true });
  for (const [piece, text] of pieces) writeFileSync(join(target, id, `${piece}.cjs`), `${MADE}${text}`);
  writeFileSync(join(target, id, "schema.json"), JSON.stringify(schema));
  code = `import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
${PATTERN}${rest}`;
  writeFileSync(join(target, `validate-${id}.js`), `${MADE}${code}\n`);
  writeFileSync(
    join(target, `validate-${id}.d.ts`),
    `import type { ErrorObject } from "ajv";\n
export declare const ${name}: { (data: unknown): boolean; errors?: ErrorObject[] | null };\nexport declare const schema: () => object;\n`,
  );
}
// The names that a job's context may hold: those alone reach the template of a device.
const { properties: contextNames = {} } = read("context.yaml") ?? {};
writeFileSync(join(target, "context-names.json"), `${JSON.stringify(Object.keys(contextNames))}\n`);
