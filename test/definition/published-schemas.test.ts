import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import type { Json } from "../../src/base/json.js";
import { compile, loadJob, published } from "./published-schemas.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const JOBS = ["jobs", "test", "examples"]
  .flatMap((folder) =>
    readdirSync(root + folder, { recursive: true, encoding: "utf8" }).map((file) => `${folder}/${file}`),
  )
  .filter((file) => file.endsWith(".yaml"))
  .filter((file) => /^actions:/m.test(readFileSync(root + file, "utf8")))
  .filter((file) => /^job_name:/m.test(readFileSync(root + file, "utf8")))
  .sort();

const isMap = (value: unknown): value is { [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Each place of a value, as the keys that lead to it. */
function* places(value: unknown, path: (string | number)[] = []): Generator<(string | number)[]> {
  if (path.length > 0) yield path;
  const entries = Array.isArray(value) ? [...value.entries()] : isMap(value) ? Object.entries(value) : [];
  for (const [key, inner] of entries) yield* places(inner, [...path, key]);
}

/** A copy with another value at that place; undefined takes it away. */
function changed(job: unknown, path: (string | number)[], value: Json | undefined): unknown {
  const copy = structuredClone(job);
  const holder = path.slice(0, -1).reduce((at, key) => (at as never)[key], copy as { [key: string | number]: unknown });
  const last = path.at(-1)!;
  if (value !== undefined) holder[last] = value;
  else if (Array.isArray(holder)) holder.splice(last as number, 1);
  else delete holder[last];
  return copy;
}

describe.each(["job", "device", "test-definition"])("the published schema %s", (name) => {
  it.each([true, false])("is plain draft 7 and needs no other file (strict: %s)", (strict) => {
    const schema = published(name, strict);
    expect(schema.$schema).toBe("http://json-schema.org/draft-07/schema#");
    expect(() => compile(schema)).not.toThrow();
    const refs = JSON.stringify(schema).match(/"\$ref":"[^"]+"/g) ?? [];
    expect(refs.filter((ref) => !ref.startsWith('"$ref":"#/definitions/'))).toEqual([]);
  });

  it("says of each key what it means", () => {
    const silent: string[] = [];
    const look = (node: unknown, at: string) => {
      if (Array.isArray(node)) node.forEach((item) => void look(item, at));
      if (!isMap(node)) return;
      for (const [key, value] of Object.entries(isMap(node.properties) ? node.properties : {})) {
        const onlyNamed = !isMap(value) || (Object.keys(value).length === 1 && "const" in value);
        if (!onlyNamed && typeof (value as { description?: unknown }).description !== "string")
          silent.push(`${at} ${key}`);
      }
      for (const [key, value] of Object.entries(node)) if (!["if", "definitions"].includes(key)) look(value, at);
    };
    const { allOf: _crossChecks, ...schema } = published(name, true);
    look(schema, name);
    for (const [definition, value] of Object.entries(schema.definitions as object))
      if (!definition.startsWith("blocks.")) look(value, definition);
    expect(silent).toEqual([]);
  });
});

it("the glossary has no meaning for a key that is not", () => {
  const folder = `${root}src/definition/schemas/glossary`;
  const sections: { [section: string]: { [key: string]: string } } = Object.assign(
    {},
    ...readdirSync(folder).map((file) => parse(readFileSync(`${folder}/${file}`, "utf8"))),
  );
  const all = ["job", "device", "test-definition"].map((name) => JSON.stringify(published(name, true))).join();
  const unused = Object.entries(sections).flatMap(([section, keys]) =>
    Object.entries(keys)
      .filter(([, text]) => !all.includes(`"description":${JSON.stringify(text).slice(0, -1)}`))
      .map(([key]) => `${section}: ${key}`),
  );
  expect(unused).toEqual([]);
});

describe("the published schema and the program give the same verdict", () => {
  const fails = (text: string) =>
    [true, false].map((strict) =>
      loadJob(text, "job.yaml", { strict }).problems.some(({ severity }) => severity === "error"),
    );

  it("on every job of this repository", () => {
    expect(JOBS.length).toBeGreaterThan(20);
    const verdicts = JOBS.map((file) => fails(readFileSync(root + file, "utf8")).join());
    expect(verdicts).toEqual(expect.arrayContaining(["false,false", "true,true"]));
  });

  it.each(JOBS.filter((file) => /^jobs\/[^/]+$/.test(file)))("on %s with each of its places broken", (file) => {
    const job: unknown = parse(readFileSync(root + file, "utf8"));
    const verdicts = new Set<string>();
    for (const path of places(job))
      for (const value of [undefined, 5, "x", null, [], { x: 1 }])
        verdicts.add(fails(stringify(changed(job, path, value))).join());
    expect([...verdicts]).toEqual(expect.arrayContaining(["false,false", "true,true"]));
  });
});
