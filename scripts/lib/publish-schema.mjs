// Makes of a schema that the validators are compiled from the one that is published for editors: plain draft 7, each key
// with what it means.

import { PIECE } from "./split-validator.mjs";

const isMap = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** Keywords that only the program's own validators and messages need. */
const OWN_WORDS = [
  "errorMessage",
  "keys",
  "unknownKeys",
  "lenient",
  "lenientKeys",
  "serverKeys",
  "pythonRegExp",
  "discriminator",
  PIECE,
];

/** What is only a warning unless strict (src/definition/schema-problems.ts). */
const LENIENT = ["minLength", "minItems", "minProperties", "maxLength", "maximum", "dependencies"];
const OF_LENIENT_SCHEMAS = ["type", "enum", "const", "pattern", "not", "oneOf", "anyOf", "minimum", "required"];

/** A schema without what is only a warning. */
function loosened(node) {
  const loose = { ...node };
  for (const word of LENIENT) delete loose[word];
  if (node.lenient) for (const word of OF_LENIENT_SCHEMAS) delete loose[word];
  for (const key of node.lenientKeys ?? []) {
    loose.required = loose.required?.filter((name) => name !== key);
    if (loose.properties?.[key] !== undefined)
      loose.properties = { ...loose.properties, [key]: { ...described(loose.properties[key]) } };
  }
  return loose;
}

const described = ({ description }) => (description === undefined ? {} : { description });

/**
 * @param {object} schema a bundled schema
 * @param {{ strict: boolean, glossary: Record<string, Record<string, string>>, rules?: object }} options `strict`: unknown keys
 *   are refused; `glossary`: meanings of keys, by section; `rules`: a schema that joins, with definitions of its own
 * @returns {object} the schema to publish
 */
export function publishSchema(schema, { strict, glossary, rules = {} }) {
  const { $id, $schema, definitions = {}, ...whole } = schema;
  const { definitions: more = {}, ...further } = rules;

  const publish = (node, section) => {
    if (Array.isArray(node)) return node.map((item) => publish(item, section));
    if (!isMap(node)) return node;
    const { [OWN_WORDS[0]]: told, ...rest } = strict ? node : loosened(node);
    for (const word of OWN_WORDS) delete rest[word];
    if (rest.additionalProperties === false && !strict && node.unknownKeys !== "error")
      delete rest.additionalProperties;
    const made = {};
    for (const [key, value] of Object.entries(rest)) {
      made[key] = ["examples", "enum", "const"].includes(key)
        ? value
        : key === "properties"
          ? properties(value, section)
          : publish(value, section);
    }
    if (told && made.pattern && made.description) made.description += ` It ${told}.`;
    return node.discriminator ? byTag(made, node.discriminator.propertyName) : made;
  };

  const properties = (map, section) => {
    const described = {};
    for (const [key, value] of Object.entries(map)) {
      // known here, told where it is included from
      if (value === true) described[key] = true;
      else described[key] = publish(withMeaning(value, section, key), section);
    }
    return described;
  };

  const withMeaning = (value, section, key) => {
    if (value.description) return value;
    const description = glossary[section]?.[key] ?? glossary.any[key];
    if (!description) return value;
    if (!value.$ref) return { description, ...value };
    // draft 7 ignores what stands beside a reference
    return { description, allOf: [value] };
  };

  /** A choice by one key: only the chosen branch is looked at, so that an editor tells what is wrong in it. */
  const byTag = ({ oneOf, ...node }, tag) => {
    const branches = oneOf.map((branch) => {
      const name = branch.$ref.slice("#/definitions/".length);
      const source = definitions[name];
      const described = source.description ?? source.title;
      return { value: source.properties[tag].const, description: described, branch };
    });
    return {
      ...node,
      properties: {
        ...node.properties,
        [tag]: {
          description: node.properties[tag].description,
          type: "string",
          enum: branches.map(({ value }) => value),
        },
      },
      allOf: branches.map(({ value, branch }) => ({
        if: { required: [tag], properties: { [tag]: { const: value } } },
        then: branch,
      })),
    };
  };

  return {
    $schema,
    ...publish(whole, $id),
    ...further,
    definitions: {
      ...Object.fromEntries(
        Object.entries(definitions).map(([name, value]) => [name, publish(value, name.replace(/\.+open$/, ""))]),
      ),
      ...more,
    },
  };
}

/** The schema without descriptions, for the validators: nobody reads them there. */
export function withoutDescriptions(node) {
  if (Array.isArray(node)) return node.map(withoutDescriptions);
  if (!isMap(node)) return node;
  return Object.fromEntries(
    Object.entries(node).flatMap(([key, value]) => {
      if (key === "description" && typeof value === "string") return [];
      if (key === "examples") return [[key, value]];
      return [[key, withoutDescriptions(value)]];
    }),
  );
}
