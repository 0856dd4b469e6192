/** Each method's smallest block, made of its schema's own examples, and what is told when it is broken in each of three ways. */
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { Json, JsonMap } from "../../src/base/json.js";
import { expectGolden, shown } from "./golden-problems.js";
import { loadJob, published } from "./published-schemas.js";

interface Schema {
  $ref?: string;
  allOf?: Schema[];
  anyOf?: Schema[];
  else?: Schema;
  examples?: Json[];
  enum?: Json[];
  const?: Json;
  type?: string | string[];
  required?: string[];
  properties?: { [key: string]: Schema | true };
}
const { definitions } = published("job", true) as { definitions: { [name: string]: Schema } };
const target = ({ $ref }: Schema): Schema => ($ref ? definitions[$ref.slice("#/definitions/".length)]! : {});

/** The schema with what it refers to; own words win. */
const whole = (schema: Schema): Schema => ({ ...target(schema), ...target(schema.allOf?.[0] ?? {}), ...schema });

/** A value that the schema accepts: its example, one of its words, any text. */
function example(property: Schema): Json {
  const schema = whole(property);
  const value = schema.examples?.[0] ?? schema.const ?? schema.enum?.[0];
  if (value !== undefined) return value;
  return [schema.type].flat()[0] === "array" ? ["x"] : "x";
}

interface Method {
  name: string;
  schema: Schema;
  /** Keys that not every block has. */
  ownKeys: string[];
  /** Keys that must be there, the choice of the method left out. */
  required: string[];
  block: JsonMap;
}
const FAMILIES = { deploy: "to", boot: "method" } as const;
const methods = (family: keyof typeof FAMILIES): Method[] =>
  readdirSync(new URL(`../../src/definition/schemas/${family}/`, import.meta.url)).map((file) => {
    const name = file.replace(".yaml", "");
    const written = definitions[`${family}.${name}`]!;
    const form = { ...written, ...(written.else && target(written.else)) };
    // `usb` and `sata` are written as `sd`
    const parts = [form, ...(form.allOf ?? []).map(target)];
    const schema: Schema = {
      required: parts.flatMap(({ required = [] }) => required),
      properties: Object.assign({}, ...parts.toReversed().map(({ properties = {} }) => properties), {}),
    };
    for (const part of parts)
      for (const [key, value] of Object.entries(part.properties ?? {}))
        if (value !== true) schema.properties![key] = value;
    const either = parts.flatMap(({ anyOf = [] }) => anyOf[0]?.required ?? []);
    const selector = FAMILIES[family];
    const common = ["block", `${family}-block`].flatMap((each) =>
      Object.keys(definitions[`${each}..open`]!.properties!),
    );
    const ownKeys = Object.keys(schema.properties!).filter((key) => key !== selector && !common.includes(key));
    const required = [...new Set([...schema.required!, ...either])].filter((key) => key !== selector);
    const block: JsonMap = { [selector]: name };
    for (const key of required) block[key] = example(schema.properties![key] as Schema);
    return { name, schema, ownKeys, required, block };
  });

const problems = (family: string, block: JsonMap) => {
  const job = { job_name: "x", device_type: "board", visibility: "public", timeouts: { job: { minutes: 5 } } };
  return loadJob(stringify({ ...job, actions: [{ [family]: block }] }), "job.yaml", { strict: true }).problems;
};

describe.each(Object.keys(FAMILIES) as (keyof typeof FAMILIES)[])("%s", (family) => {
  describe.each(methods(family).map((method) => [method.name, method] as const))("%s", (name, method) => {
    const { schema, ownKeys, required, block } = method;

    it("its examples are accepted, strictly", () => {
      expect(shown(problems(family, block))).toBe("");
    });

    it("a missing key, a wrong type and a wrong combination are refused, with these words", () => {
      const broken: { [what: string]: JsonMap } = {};
      for (const key of required.length > 0 ? required : [FAMILIES[family]]) {
        const { [key]: _gone, ...rest } = block;
        broken[`without ${key}`] = rest;
      }
      const own = required[0] ?? ownKeys[0] ?? (family === "deploy" ? "os" : "soft_reboot");
      const types = [whole(schema.properties![own] === true ? {} : (schema.properties![own] as Schema)).type].flat();
      broken[`${own} of a wrong type`] = { ...block, [own]: types.includes("boolean") ? "maybe" : 7 };
      broken["tried again and repeated"] = { ...block, repeat: 2, failure_retry: 3 };
      const told = Object.entries(broken).map(([what, each]) => {
        const found = problems(family, each).filter(({ severity }) => severity === "error");
        expect({ what, errors: found.length > 0 }).toEqual({ what, errors: true });
        return `# ${what}\n${shown(found)}`;
      });
      expectGolden(`definition/methods/${family}-${name}.txt`, told.join("\n"));
    });
  });
});

it("every golden file belongs to a method", () => {
  const files = (Object.keys(FAMILIES) as (keyof typeof FAMILIES)[]).flatMap((family) =>
    methods(family).map(({ name }) => `${family}-${name}.txt`),
  );
  expect(readdirSync(new URL("../golden/definition/methods/", import.meta.url)).sort()).toEqual(files.sort());
});
