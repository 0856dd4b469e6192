import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import { expect } from "vitest";
import { type LoadedJob, loadJob as load } from "../../src/definition/load-job.js";

const FOLDER = new URL("../../src/definition/generated/", import.meta.url);

/** A published schema, as it lies in dist/. */
export const published = (name: string, strict: boolean): { [key: string]: unknown } =>
  JSON.parse(readFileSync(new URL(`${name}.${strict ? "strict." : ""}schema.json`, FOLDER), "utf8"));

/** ajv as it comes: a keyword that is not draft 7's would be refused. It warns of types that are left open. */
export const compile = (schema: object): ValidateFunction => new Ajv({ logger: false }).compile(schema);

/** What the program says of a job and a schema cannot: how regular expressions are written, sums, names that come twice. */
const BEYOND_SCHEMAS = [
  /^the regular expression /,
  /is longer than the whole job may take/,
  /^a second test of the namespace is named/,
  /^the name "lava" is reserved/,
];

let schemas: { [strict: string]: ValidateFunction } | undefined;

/** As src's loadJob; the published schema must agree with it. */
export function loadJob(text: string, file: string, options: { strict: boolean }): LoadedJob {
  const loaded = load(text, file, options);
  if (loaded.parsed.problems.some(({ severity }) => severity === "error")) return loaded;
  schemas ??= { true: compile(published("job", true)), false: compile(published("job", false)) };
  const validate = schemas[`${options.strict}`]!;
  const errors = loaded.problems.filter(
    (problem) =>
      problem.severity === "error" &&
      !loaded.parsed.problems.includes(problem) &&
      !BEYOND_SCHEMAS.some((pattern) => pattern.test(problem.message)),
  );
  const agrees = validate(loaded.parsed.value) === (errors.length === 0);
  if (!agrees) expect({ text, published: validate.errors, program: errors }).toBe("the same verdict");
  return loaded;
}
