import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { schemaProblems } from "../../src/definition/schema-problems.js";
import { parseYaml } from "../../src/definition/yaml-text.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "schemas-"));
let validateJob: typeof import("../../src/definition/generated/validate-job.js").validateJob;
let schema: () => object;

const problems = (block: string) => {
  const parsed = parseYaml(
    `job_name: x\ntimeouts: {job: {minutes: 5}}\nvisibility: public\nactions:\n- ${block}\n`,
    "job.yaml",
  );
  validateJob(parsed.value);
  return schemaProblems(validateJob.errors ?? [], schema, parsed, { strict: true }).map(({ message }) => message);
};

describe("adding a method is adding one schema file", () => {
  beforeAll(async () => {
    const schemas = join(folder, "schemas");
    cpSync(join(root, "src/definition/schemas"), schemas, { recursive: true });
    writeFileSync(
      join(schemas, "deploy/carrier-pigeon.yaml"),
      "required: [letter]\nproperties:\n  letter: { $ref: ../shared.yaml#/definitions/url }\n  grains: { type: integer }\n",
    );
    writeFileSync(
      join(schemas, "test/docker.yaml"),
      "$include: [definitions.yaml]\nrequired: [definitions, docker]\nproperties:\n  docker: { $ref: ../shared.yaml#/definitions/docker }\n",
    );
    writeFileSync(join(schemas, "test/oracle.yaml"), "required: [oracle]\nproperties:\n  oracle: { type: string }\n");
    execFileSync(process.execPath, [join(root, "scripts/build-schemas.mjs"), schemas, join(folder, "out")]);
    ({ validateJob, schema } = await import(pathToFileURL(join(folder, "out/validate-job.js")).href));
  }, 30_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it("the new method is known, with the keys of every block", () => {
    expect(
      problems("deploy: {to: carrier-pigeon, letter: {url: a}, os: oe, namespace: n, timeout: {minutes: 1}}"),
    ).toEqual([]);
    expect(problems("deploy: {to: carrier-pigeon, grain: 1, repeat: 0}")).toEqual([
      "actions[0].deploy.repeat must be at least 1",
      '"letter" is missing in actions[0].deploy',
      '"grain" is not a key of deploy to carrier-pigeon',
    ]);
  });

  it("a kind of test with more keys comes before one with fewer", () => {
    const definitions = "definitions: [{from: git, repository: a, path: b, name: c}]";
    expect(problems(`test: {${definitions}}`)).toEqual([]);
    expect(problems(`test: {${definitions}, docker: {image: 'debian:stable'}}`)).toEqual([]);
    expect(problems(`test: {${definitions}, docker: {image: 1}}`)).toHaveLength(1);
    expect(problems("test: {oracle: x}")).toEqual([]);
    expect(problems("test: {orcale: x}")).toEqual([
      'actions[0].test must have one of "definitions", "definitions" with "docker", "interactive", "monitors", "oracle", "services"',
    ]);
  });

  it("needs nothing but its pieces at run time, and is published as one schema", () => {
    const code = readFileSync(join(folder, "out/validate-job.js"), "utf8");
    expect(code).not.toMatch(/\b(?:require|import)\s*\((?!"\.\/job\/)|^import (?!\{ createRequire \})/m);
    const published = JSON.parse(readFileSync(join(folder, "out/job.schema.json"), "utf8"));
    const refs = JSON.stringify(published).match(/"\$ref":"[^"]+"/g) ?? [];
    const names = Object.keys(published.definitions).map((name) => `"$ref":"#/definitions/${name}"`);
    expect(refs.length).toBeGreaterThan(20);
    expect(refs.filter((ref) => !names.includes(ref))).toEqual([]);
  });
});
