import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { services } from "../../src/services/index.js";
import outputs from "../../src/services/outputs.json" with { type: "json" };
import { certainReads } from "../../src/strategies/check-cel.js";
import { build, jobText } from "./pipelines.js";

const device = {
  commands: { connect: "x" },
  actions: { boot: { methods: { minimal: null } }, deploy: { methods: { overlay: null } } },
};
const boot = {
  boot: {
    method: "minimal",
    prompts: ["# "],
    transfer_overlay: { download_command: "wget", unpack_command: "tar -C / -xzf" },
  },
};
const deploy = { deploy: { to: "overlay", os: "oe" } };
const inline = {
  metadata: { format: "Lava-Test Test Definition 1.0", name: "t", description: "t" },
  run: { steps: ["true"] },
};
const tests = { test: { definitions: [{ from: "inline", name: "t", path: "t.yaml", repository: inline }] } };
const problemsOf = (...actions: object[]) =>
  build({ timeouts: { job: { minutes: 5 } }, actions }, device, { outputs }).validation;
const within = (namespace: string, block: { [family: string]: object }) =>
  Object.fromEntries(Object.entries(block).map(([family, value]) => [family, { ...value, namespace }]));

test.each([
  ["http", {}],
  ["nfs", { transfer_method: "nfs" }],
  ["zmodem", { transfer_method: "zmodem" }],
])("an overlay over %s that nobody makes is found before power-on, as the job's error with its place", (_, more) => {
  const fetching = { boot: { ...boot.boot, transfer_overlay: { ...boot.boot.transfer_overlay, ...more } } };
  expect(problemsOf(fetching, tests)).toMatchObject([
    {
      severity: "error",
      errorClass: "JobError",
      message: expect.stringMatching(
        /^overlay-unpack needs overlay\.\w+, which no action before it makes in the namespace "common"\.$/,
      ),
      hint: expect.stringContaining("a deploy block of this namespace"),
      location: { file: "job.yaml", line: 5 },
    },
  ]);
  expect(problemsOf(deploy, fetching, tests)).toEqual([]);
});

test("the overlay has to come before the boot, and in its namespace", () => {
  expect(problemsOf(boot, deploy, tests)).toHaveLength(1);
  const [a, b] = ["a", "b"].map((name) => [deploy, boot, tests].map((block) => within(name, block)));
  expect(problemsOf(...a!, ...b!)).toEqual([]);
  expect(problemsOf(...a!, ...b!.slice(1))).toHaveLength(1);
});

test("without a test there is no overlay, and none is fetched", () => {
  expect(problemsOf(boot)).toEqual([]);
  expect(problemsOf(deploy, boot)).toEqual([]);
});

test("jobs that a pipeline is built for read nothing that is not made", () => {
  for (const [job, board] of [["uboot-all", "uboot-device"]] as const)
    expect(build(jobText(job), jobText(board), { outputs }).validation).toEqual([]);
});

test.each([
  ["basename(data.a.b)", ["a.b"]],
  ['{"k": [data.a, "x" + data.b.c.substring(1)]}', ["a", "b.c"]],
  ["data.a.startsWith('x') ? data.b : data.c", ["a"]],
  ["data.a && data.b || data.c", ["a"]],
  ["has(data.a.b)", []],
  ["data.?a.b.orValue(data.c)", []],
  ['data[?"a"].b', []],
  ["data.a.?b.orValue(1)", ["a"]],
  ["items.map(each, data.a)", []],
  ["data.a.map(each, data.b)", ["a"]],
  ["all_data.a + parameters.data.x", []],
  ["data", []],
])("what %s surely reads: %j", (expression, reads) => {
  expect(certainReads(expression, "data")).toEqual(reads);
});

test("outputs.json names services that are there, and each that gives such data", () => {
  expect(Object.keys(outputs).filter((name) => !Object.hasOwn(services, name))).toEqual([]);
  const keys = new Set(Object.values(outputs).flatMap((paths) => paths.map((path) => path.split(".")[0]!)));
  const folder = fileURLToPath(new URL("../../src/services/", import.meta.url));
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".ts")) continue;
    const text = readFileSync(folder + file, "utf8");
    const name = /^ {2}name: "([\w-]+)"/m.exec(text)?.[1];
    const given = [...text.matchAll(/\bdata: \{ (\w+)(?!: \{ (?:applied|private)\b)\b/g)]
      .map(([, key]) => key!)
      .filter((key) => keys.has(key));
    if (name && given.length > 0) expect(Object.keys(outputs), file).toContain(name);
  }
});
